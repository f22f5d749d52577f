"""The store of a sweep: content-addressed cells in a folder that survives what happens to disks and processes."""

from simkit.experiment.storage.errors import StoreError
from simkit.experiment.storage.merging import merge
from simkit.experiment.storage.reading import Results, read_daily, read_results
from simkit.experiment.storage.store import Store

__all__ = ["Results", "Store", "StoreError", "merge", "read_daily", "read_results"]
