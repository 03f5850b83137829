"""What the keeper of a station network does: check values, fill gaps, place stations.

Everything here stands on one thing: what a model predicts at a station from the other
stations (`leave_one_out`).
"""
