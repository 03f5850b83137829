"""Regions as arguments: west, south, east and north in degrees."""

import argparse
from collections.abc import Sequence


def joined(argv: Sequence[str], *flags: str) -> list[str]:
    """The arguments with `--region -10,35,45,70` as one word, or `-10` is an option."""
    out: list[str] = []
    for word in argv:
        if out and out[-1] in (flags or ("--region",)):
            out[-1] = f"{out[-1]}={word}"
        else:
            out.append(word)
    return out


def numbers(text: str) -> tuple[float, ...]:
    """Numbers with commas between them."""
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a list of numbers with commas between them"
        ) from None


def region(text: str) -> tuple[float, float, float, float]:
    """West, south, east and north in degrees; W > E crosses the date line."""
    found = numbers(text)
    if len(found) != 4 or not -90 <= found[1] < found[3] <= 90 or (
        not -360 <= found[0] <= 360 or not -360 <= found[2] <= 360
    ):  # fmt: skip
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a region W,S,E,N in degrees, with S below N in [-90, 90] "
            "and W and E in [-360, 360]"
        )
    west, south, east, north = found
    return west, south, east, north
