"""Scores of predictors at held-out stations, beside what a geostatistician would use."""
