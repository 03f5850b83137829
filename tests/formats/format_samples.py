"""A small file of each text format, the values in it, and how a line is spoiled."""

import format_samples_american
import format_samples_european
import format_samples_other
from format_sample import Sample

__all__ = ["SAMPLES", "Sample"]

SAMPLES = {
    **format_samples_american.SAMPLES,
    **format_samples_european.SAMPLES,
    **format_samples_other.SAMPLES,
}
