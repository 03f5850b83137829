"""What people want to know of a format that is read."""

from dataclasses import dataclass


@dataclass(frozen=True)
class About:
    """What people want to know of a format.

    Attributes:
        name: Name of the format.
        provider: Who publishes it.
        reads: What is read, in a few words.
        day: Which 24 hours a daily value stands for, or `instants`.
        units: Units of the values in the file.
        quality: Which values are dropped for their quality codes.
        positions: Where the positions of the stations come from.
    """

    name: str
    provider: str
    reads: str
    day: str
    units: str = "degC"
    quality: str = "no codes in the format"
    positions: str = "in the file"
