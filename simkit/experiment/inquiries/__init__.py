"""Questions that one scenario answers: what something brings, where work waits, what happened to whom."""
