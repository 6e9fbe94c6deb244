"""Measurements of speed and memory: ratios within one run, for people to read; nothing here is asserted."""
