"""What is wrong with a results folder, said to whoever named it."""

from __future__ import annotations


class StoreError(OSError):
    """A results folder that cannot be used, or a disk that does not take more; commands end with exit code 7."""
