"""The alternatives in plausible worlds: what a choice rests on without knowing it."""
