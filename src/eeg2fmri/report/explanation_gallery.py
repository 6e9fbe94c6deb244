"""Figures of an explanation: relevance over the head, frequency and time; attention; deletion and insertion."""

from __future__ import annotations

from contextlib import suppress

import numpy as np

from eeg2fmri.core.errors import InputError
from eeg2fmri.report.explanation import Explanation
from eeg2fmri.report.figures.electrodes import attention_graph, topomaps
from eeg2fmri.report.figures.perturbation import perturbation_curves
from eeg2fmri.report.figures.profiles import BANDS, frequency_profile, lag_profile
from eeg2fmri.report.numbers import number, plural
from eeg2fmri.report.pictures import Picture, picture

#: What relevance is measured in on every axis.
UNIT = "share of relevance (%)"

#: Pairs of electrodes above this percentile of all pairs are drawn.
PERCENTILE = 98.0


def explanation_pictures(explanation: Explanation) -> list[Picture]:
    """Draw what there is: heads only where electrodes have names of the 10-05 system."""
    found = []
    with suppress(InputError):  # electrodes without a known place: the table names them
        found.append(_heads(explanation))
    found += [_frequencies(explanation), _times(explanation)]
    if explanation.attention is not None:
        with suppress(InputError):
            found.append(_graph(explanation, explanation.attention))
    if explanation.curves is not None:
        found.append(_perturbation(explanation))
    return found


def strongest(explanation: Explanation, count: int = 3) -> list[str]:
    """Electrodes with the largest share of relevance, the first first."""
    share = explanation.magnitude.sum((2, 3)).mean(0)
    return [explanation.electrodes[k] for k in np.argsort(-share, kind="stable")[:count]]


def _over(explanation: Explanation) -> str:
    return f"mean over {plural(len(explanation.subjects), 'subject')}"


def _heads(explanation: Explanation) -> Picture:
    share = explanation.magnitude.mean(0)
    parts = {"all": share}
    for name, (low, high) in BANDS.items():
        inside = (explanation.frequencies >= low) & (explanation.frequencies < high)
        if inside.any():
            parts[f"{name}, {low:g}\N{EN DASH}{high:g} Hz"] = share[:, inside]
    maps = {name: 100 * part.sum((1, 2)) / (part.sum() or 1.0) for name, part in parts.items()}
    names = ", ".join(strongest(explanation))
    return picture(
        topomaps,
        maps,
        explanation.electrodes,
        unit=UNIT,
        width=4.6,
        kind="png",
        alt=f"Heads seen from above: share of relevance of each electrode, whole and by band. Largest: {names}.",
        caption=f"How much of the absolute relevance each electrode carries, of all and of each band, "
        f"{_over(explanation)}. Largest: {names}.",
    )


def _frequencies(explanation: Explanation) -> Picture:
    share = 100 * explanation.magnitude.sum((1, 3))
    peak = explanation.frequencies[int(np.argmax(share.mean(0)))]
    return picture(
        frequency_profile,
        explanation.frequencies,
        {"relevance": share},
        unit=UNIT,
        alt=f"Share of relevance over frequency with the bands marked; largest at {number(float(peak))} Hz.",
        caption=f"Relevance over frequency, {_over(explanation)}{_shade(explanation)}. "
        f"Largest at {number(float(peak))} Hz.",
    )


def _times(explanation: Explanation) -> Picture:
    share = 100 * explanation.magnitude.sum((1, 2))
    peak = explanation.times[int(np.argmax(share.mean(0)))]
    return picture(
        lag_profile,
        explanation.times,
        {"relevance": share},
        unit=UNIT,
        alt=f"Share of relevance over the time before the volume; largest {number(float(peak))} s before it.",
        caption=f"Relevance over the time before the volume, {_over(explanation)}{_shade(explanation)}. Largest "
        f"{number(float(peak))} s before it. The haemodynamic response peaks about 5 s after its cause.",
    )


def _shade(explanation: Explanation) -> str:
    return " with its standard error" if len(explanation.subjects) > 1 else ""


def _graph(explanation: Explanation, attention: np.ndarray) -> Picture:
    return picture(
        attention_graph,
        attention.mean(0),
        explanation.electrodes,
        percentile=PERCENTILE,
        alt=f"Head seen from above with lines between the pairs of electrodes whose attention lies above the "
        f"{PERCENTILE:g}th percentile.",
        caption=f"Pairs of electrodes that attend to each other most, {_over(explanation)}. Attention says what the "
        "model mixes, not what it needs: read it beside the relevance.",
    )


def _perturbation(explanation: Explanation) -> Picture:
    curves = explanation.curves
    assert curves is not None
    gains = explanation.fidelity["curves"]
    deletion, insertion = (float(gains[f"{what}_gain"]) for what in ("deletion", "insertion"))
    return picture(
        perturbation_curves,
        curves.fractions,
        curves.deletion,
        curves.insertion,
        alt="Output while parts of the EEG are taken away and put in, by relevance and at random. Distance to random "
        f"orders: {number(deletion)} for deletion, {number(insertion)} for insertion.",
        caption="Parts of the EEG are taken away (left) and put in (right), the most relevant first. If the relevance "
        "tells the truth, the output falls and rises faster than in random orders and than in the order of a model "
        f"that was never trained. Mean distance to random: {number(deletion)} and {number(insertion)}.",
    )
