"""Stores of EEG-only recordings with a label for each subject."""
