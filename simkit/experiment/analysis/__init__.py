"""What many runs say: pure functions on two plain tables, the runs and the design."""
