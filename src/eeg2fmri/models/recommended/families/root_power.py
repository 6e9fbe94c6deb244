"""Root of band power seen through the haemodynamic response."""

from eeg2fmri.models.recommended.families.family import Family

FAMILY = Family("root of band power through the response", kind="root_power", time="responses")
