"""The commands behind `simkit.cli`, a file for each kind of user."""
