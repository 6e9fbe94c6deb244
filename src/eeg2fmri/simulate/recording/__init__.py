"""Simulate one simultaneous recording in memory."""
