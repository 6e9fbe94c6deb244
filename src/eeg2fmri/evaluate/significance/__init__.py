"""Test whether a score could be chance."""
