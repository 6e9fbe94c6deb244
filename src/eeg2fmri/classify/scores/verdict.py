"""One sentence: whether the view beat the EEG's own features, and whether the synthesis mattered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eeg2fmri.results.scores.method import SIGNIFICANT, least_p, reachable

#: Methods that see the EEG without any synthesis.
EEG_FEATURES = ("spectrogram", "band power", "covariance")
#: Refits from which on p can be `SIGNIFICANT`.
REFITS = round(1 / SIGNIFICANT) - 1


def compared_with(methods: Mapping[str, Mapping[str, Any]]) -> str | None:
    """Name the EEG baseline with the largest AUC over subjects."""
    present = [name for name in EEG_FEATURES if name in methods]
    return max(present, key=lambda name: methods[name]["subject"]["auc"]["value"]) if present else None


def verdict(methods: Mapping[str, Mapping[str, Any]], differences: Mapping[str, Mapping[str, Any]]) -> str:
    """Say in a sentence what the scores mean.

    Parameters
    ----------
    methods : mapping
        Scores by method.
    differences : mapping
        AUC over subjects of the view minus that of another method, with its interval, by method.
    """
    if "view" not in methods:
        return "The view was not among the methods, so nothing is said of it."
    auc, test = methods["view"]["subject"]["auc"], methods["view"]["permutation"]
    p = test["p_auc"]
    told = f"AUC over subjects {auc['value']:.2f}" + _interval(auc)
    # without a test the intervals of the differences have to speak for themselves
    chance = p is not None and p > SIGNIFICANT
    if p is None:
        opening = f"The synthesised view was not tested against chance ({told})"
    elif too_few_refits(test):
        opening = f"Whether the synthesised view is above chance cannot be told ({told}): {refits_note(test)}"
    elif chance:
        opening = f"The synthesised view was not above chance ({told}, p {_p(p)})"
    else:
        opening = f"The synthesised view told the classes apart ({told}, p {_p(p)})"
    parts = [opening]
    best = compared_with(methods)
    if best is not None:
        parts.append(_against(differences[best], f"the strongest classifier of the EEG itself ({best})", chance=chance))
    if "untrained view" in methods:
        parts.append(_against(differences["untrained view"], "a view from an untrained synthesiser", chance=chance))
    if len(parts) == 1:
        return parts[0] + "."
    return parts[0] + "; it " + " and it ".join(parts[1:]) + "."


def too_few_refits(test: Mapping[str, Any]) -> bool:
    """Tell whether a test against permuted classes was made with so few refits that nothing can pass it."""
    return bool(test.get("refits")) and not reachable(test["refits"] + 1)


def refits_note(test: Mapping[str, Any]) -> str:
    """Say what p cannot be below, and how many refits to give."""
    return least_p(test["refits"] + 1, f"{test['refits']} refits", f"give {REFITS} or more (--refits {REFITS})")


def _against(gap: Mapping[str, float | None], what: str, *, chance: bool) -> str:
    value, low, high = gap["value"], gap["low"], gap["high"]
    assert value is not None
    told = f"(difference {value:+.2f}{_interval(gap)})"
    if low is not None and high is not None and high < 0:
        return f"was worse than {what} {told}"
    if not chance and low is not None and low > 0:
        return f"beat {what} {told}"
    return f"did not beat {what} {told}"


def _interval(score: Mapping[str, float | None]) -> str:
    return "" if score["low"] is None else f", 95 % interval {score['low']:.2f} to {score['high']:.2f}"


def _p(p: float) -> str:
    return f"{p:.3f}" if p >= 0.001 else "below 0.001"
