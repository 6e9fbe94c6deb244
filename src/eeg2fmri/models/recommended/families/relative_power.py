"""Log band power less its mean over the head, which arousal and the reference move."""

from eeg2fmri.models.recommended.families.family import Family

FAMILY = Family(
    "log band power relative to the head through the response", kind="log_power", time="responses", space="relative"
)
