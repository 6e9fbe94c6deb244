"""What the readers of MNE leave open in the formats of EEG: pauses, parts, rates, units, MATLAB files."""
