"""Collect an explanation and write it to files."""
