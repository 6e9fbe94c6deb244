"""Read what the readers of MNE leave open: pauses, parts, rates, units, MATLAB files."""
