"""Scores of a synthesiser beside baselines and null distributions, on recordings that it has not seen."""
