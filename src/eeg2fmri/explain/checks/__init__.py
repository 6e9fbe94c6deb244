"""Check whether an explanation can be believed."""
