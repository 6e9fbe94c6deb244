"""Hold what a classification found."""
