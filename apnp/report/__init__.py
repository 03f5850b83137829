"""A report: one self-contained HTML page with an interactive map and the scores."""

from apnp.report.evaluation_folder import find_evaluation
from apnp.report.write import write_report

__all__ = ["find_evaluation", "write_report"]
