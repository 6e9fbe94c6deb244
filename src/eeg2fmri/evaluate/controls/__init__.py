"""Ask whether a score could be something else than the activity of the brain."""
