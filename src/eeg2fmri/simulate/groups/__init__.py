"""Simulate EEG-only recordings of groups with a known difference."""
