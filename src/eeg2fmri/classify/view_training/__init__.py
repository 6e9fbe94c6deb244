"""Train the classifier of a synthesised view."""
