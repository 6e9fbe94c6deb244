"""Search over the settings of a training; validation subjects decide, test subjects are never read."""

from __future__ import annotations

from eeg2fmri.core.callable_package import make_callable

make_callable(__name__, "search", "tune")
