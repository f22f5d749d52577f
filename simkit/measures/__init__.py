"""What is computed from one run, one definition each."""
