"""The cells of a map: grid, elevation, contexts, predicted fields and draws."""
