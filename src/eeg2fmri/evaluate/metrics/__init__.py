"""Compute scores from arrays."""
