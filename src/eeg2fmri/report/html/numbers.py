"""Numbers as a reader wants them: three digits that count, and words for what is not a number."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from eeg2fmri.results.scores.method import Metric

NOT_DEFINED = "not defined"


def number(value: float, digits: int = 3) -> str:
    """Write a number with `digits` significant digits; NaN reads "not defined"."""
    value = float(value)
    if math.isnan(value):
        return NOT_DEFINED
    if math.isinf(value):
        return "infinite" if value > 0 else "minus infinite"
    if value == 0:
        return "0"
    exponent = math.floor(math.log10(abs(value)))
    if -4 <= exponent < 7:
        text = f"{value:.{max(digits - 1 - exponent, 0)}f}"
    else:
        text = f"{value:.{digits - 1}e}"
    return text.replace("-", "\N{MINUS SIGN}")


def decimals(value: float, places: int = 3) -> str:
    """Write a number with so many decimals, without a minus before zero; NaN reads "not defined"."""
    value = float(value)
    if not math.isfinite(value):
        return number(value)
    return f"{round(value, places) + 0.0:.{places}f}".replace("-", "\N{MINUS SIGN}")


def score(metric: Metric, value: float) -> str:
    """Write a score: ratios with three decimals, measures with a unit with three digits."""
    return number(value) if metric.unit else decimals(value)


def correlation(value: float) -> str:
    """Write a correlation with two decimals; NaN reads "not defined"."""
    return decimals(value, 2)


def p_value(value: float) -> str:
    """Write a p value as "p = 0.012" or "p < 0.001"."""
    if math.isnan(value):
        return "p not known"
    return "p < 0.001" if value < 0.001 else f"p = {value:.2g}"


def duration(seconds: float) -> str:
    """Write a duration in the unit that suits it."""
    if math.isnan(seconds):
        return "not known"
    if seconds < 120:
        return f"{number(seconds, 2)} s"
    if seconds < 7200:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"


def plural(count: int, noun: str) -> str:
    """Write "1 subject", "2 subjects"."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def times(count: int) -> str:
    """Write "once", "2 times"."""
    return "once" if count == 1 else f"{count} times"


def value(anything: Any) -> str:
    """Write a setting or measure of any type in one line."""
    if isinstance(anything, bool) or anything is None:
        return {True: "yes", False: "no", None: "none"}[anything]
    if isinstance(anything, int):
        return str(anything)
    if isinstance(anything, float):
        return number(anything)
    if isinstance(anything, str):
        return anything
    if isinstance(anything, dict):
        return ", ".join(f"{key} {value(item)}" for key, item in anything.items()) or "none"
    if isinstance(anything, Sequence):
        return ", ".join(value(item) for item in anything) or "none"
    return str(anything)
