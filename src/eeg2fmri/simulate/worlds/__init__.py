"""Worlds: what BOLD follows and what the EEG shows of it, by name."""
