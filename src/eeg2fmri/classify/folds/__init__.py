"""Divide subjects into folds and work through them."""
