"""Amplitudes of whitened electrodes with a weight for every lag."""

from eeg2fmri.models.recommended.families.family import Family

FAMILY = Family("whitened amplitudes at every lag", kind="whitened", time="lags")
