"""Amplitudes of whitened electrodes seen through the haemodynamic response; near electrodes may weigh more."""

from eeg2fmri.models.recommended.families.family import Family

FAMILY = Family("whitened amplitudes through the response", kind="whitened", time="responses", local=True, trust=3)
