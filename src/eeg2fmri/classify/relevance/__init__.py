"""Explain what the decisions of a classification came from."""
