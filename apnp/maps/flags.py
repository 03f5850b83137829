"""Flags of the cells of a predicted field: whether they may be trusted."""

INTERPOLATED, EXTRAPOLATED, MASKED, UNLIKE_TRAINING = range(4)
FLAG_MEANINGS = "interpolated extrapolated masked unlike_training"
HEIGHT_MARGIN_M = 100.0
"""How far above the highest or below the lowest station a cell is extrapolated."""
EXTRAPOLATION_RULE = (
    "extrapolated: farther from every station than 99 % of the stations are from "
    "their nearest neighbour, or more than 100 m above the highest or below the lowest "
    "station. unlike_training: not extrapolated, but the model has learned from no "
    "network of real stations like this one (attribute unlike_training)"
)
