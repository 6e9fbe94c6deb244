"""Squares and products of band powers seen through the haemodynamic response."""

from eeg2fmri.models.recommended.families.family import Family

FAMILY = Family("products of band powers through the response", kind="power_products", time="response")
