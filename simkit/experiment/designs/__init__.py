"""Designs: which cases an experiment runs, as a table of factors."""

from simkit.experiment.designs.cases import cases_from_csv
from simkit.experiment.designs.factors import DesignError, Factor
from simkit.experiment.designs.table import KINDS, design_table

__all__ = ["KINDS", "DesignError", "Factor", "cases_from_csv", "design_table"]
