"""Score a classification by subject, and say what was found."""
