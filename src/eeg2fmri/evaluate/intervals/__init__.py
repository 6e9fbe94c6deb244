"""Calibrate and score what a model says of its own uncertainty."""
