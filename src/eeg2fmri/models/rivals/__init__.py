"""Offer the networks and regressions of other groups, built from what they published."""
