"""Explain the windows of one recording, and sum them by subject."""
