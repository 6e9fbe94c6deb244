"""Log band power of the whole head with a weight for every lag: vigilance and sleep."""

from eeg2fmri.models.recommended.families.family import Family

FAMILY = Family("mean log band power at every lag", kind="log_power", time="lags", space="mean")
