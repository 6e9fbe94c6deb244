"""Recipes of public data sets, and their download."""
