"""Squares and products of whitened amplitudes seen through the haemodynamic response."""

from eeg2fmri.models.recommended.families.family import Family

FAMILY = Family("products of whitened amplitudes through the response", kind="whitened_products", time="response")
