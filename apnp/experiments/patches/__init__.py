"""The studies of patches of gridded fields: smoke plumes and reanalysis."""
