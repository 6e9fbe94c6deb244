"""Read the folders that a report shows."""
