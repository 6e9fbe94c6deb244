"""Log band power seen through the haemodynamic response."""

from eeg2fmri.models.recommended.families.family import Family

FAMILY = Family("log band power through the response", kind="log_power", time="responses", trust=2)
