"""Simulate what the brain does in a recording: courses of power, what BOLD follows of them, and its responses."""
