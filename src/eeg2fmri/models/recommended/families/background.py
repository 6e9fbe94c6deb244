"""Slope and height of the 1/f background seen through the haemodynamic response."""

from eeg2fmri.models.recommended.families.family import Family

FAMILY = Family("1/f background through the response", kind="background", time="responses")
