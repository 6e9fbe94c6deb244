"""Search over the settings of a training; validation subjects decide, test subjects are never read."""
