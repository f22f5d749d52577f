"""What differs between two scenarios, and what the difference of their outcomes consists of."""
