"""Log band power with a weight for every lag: responses of any shape, as real data ask for."""

from eeg2fmri.models.recommended.families.family import Family

FAMILY = Family("log band power at every lag", kind="log_power", time="lags", trust=1)
