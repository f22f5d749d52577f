"""A department's work from a log of its events."""
