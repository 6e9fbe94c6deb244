"""Models of our own, beside the published ones."""
