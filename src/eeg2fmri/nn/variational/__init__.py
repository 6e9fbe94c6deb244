"""Layers whose weights are distributions, and their random draws."""
