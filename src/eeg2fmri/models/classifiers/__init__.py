"""Classifiers of latents and of synthesised views."""
