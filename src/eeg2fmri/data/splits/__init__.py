"""Divide recordings into training, validation and test parts, and look for leaks."""
