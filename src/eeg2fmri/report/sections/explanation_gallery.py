"""Figures of an explanation: relevance over head, frequency, time and pairs of these; patterns; attention; curves."""

from __future__ import annotations

from contextlib import suppress

import numpy as np

from eeg2fmri.core.errors import InputError
from eeg2fmri.report.figures.brain.volumes import signed_maps
from eeg2fmri.report.figures.eeg.electrodes import attention_graph, topomaps
from eeg2fmri.report.figures.eeg.pair_map import pair_map
from eeg2fmri.report.figures.eeg.profiles import BANDS, band_profile, frequency_profile, lag_profile
from eeg2fmri.report.figures.perturbation import perturbation_curves
from eeg2fmri.report.html.numbers import number
from eeg2fmri.report.html.pictures import Picture, picture
from eeg2fmri.results.explanation import Explanation

#: What relevance is measured in on every axis.
UNIT = "share of relevance (%)"

#: Pairs of electrodes above this percentile of all pairs are drawn; higher ones are marked.
PERCENTILE, MARKS = 98.0, (99.0, 99.5, 99.9)

#: Bands that are drawn: a model may read dozens, products of bands among them.
SHOWN = 8

#: Subjects whose volumes are drawn.
SUBJECTS = 3

#: What every electrode axis is called.
NAME = "electrode (10-05 name)"
TIME = "time relative to the volume (s)"


def explanation_pictures(explanation: Explanation) -> list[Picture]:
    """Draw what there is: heads only where electrodes have names of the 10-05 system."""
    found = []
    # electrodes without a known place have no head: the table names them
    with suppress(InputError):
        found.append(_heads(explanation))
    found += [_frequencies(explanation), _times(explanation), _when(explanation), _where(explanation)]
    if explanation.pattern is not None:
        with suppress(InputError):
            found.append(_patterns(explanation, explanation.pattern))
    graphs = ((explanation.attention, _graph), (explanation.pairs, _pair_graph))
    for matrices, draw in graphs:
        if matrices is not None:
            with suppress(InputError):
                found.append(draw(explanation, matrices))
    if explanation.latent is not None and explanation.affine is not None:
        found.append(_latents(explanation, explanation.latent, explanation.affine))
    if explanation.curves is not None:
        found.append(_perturbation(explanation))
    return found


def strongest(explanation: Explanation, count: int = 3) -> list[str]:
    """Electrodes with the largest share of relevance, the first first."""
    share = explanation.magnitude.sum((2, 3)).mean(0)
    return [explanation.electrodes[k] for k in np.argsort(-share, kind="stable")[:count]]


def _over(explanation: Explanation) -> str:
    return f"mean over {len(explanation.subjects)} subjects" if len(explanation.subjects) > 1 else "of one subject"


def _drawn(explanation: Explanation) -> list[int]:
    """Give the bands that carry most of the relevance, in their order."""
    share = explanation.magnitude.mean(0).sum((0, 2))
    return sorted(np.argsort(-share, kind="stable")[:SHOWN].tolist())


def _cut(explanation: Explanation) -> str:
    """Say that not all bands are drawn, where that is so."""
    count = len(explanation.bands)
    return f" Drawn are the {SHOWN} of {count} bands with most of it." if count > SHOWN else ""


def _members(explanation: Explanation) -> dict[str, np.ndarray]:
    """Name and limits of each band that is drawn, and its places on the frequency axis, bool (freq,)."""
    if explanation.bands:
        bands = [(k, *explanation.bands[k]) for k in _drawn(explanation)]
        named = {
            f"{name}, {low:.3g}\N{EN DASH}{high:.3g}\N{NO-BREAK SPACE}Hz": np.arange(len(explanation.bands)) == k
            for k, name, low, high in bands
        }
    else:
        named = {
            f"{name}, {low:g}\N{EN DASH}{high:g}\N{NO-BREAK SPACE}Hz": (explanation.frequencies >= low)
            & (explanation.frequencies < high)
            for name, (low, high) in BANDS.items()
        }
    return {name: inside for name, inside in named.items() if inside.any()}


def _heads(explanation: Explanation) -> Picture:
    share = explanation.magnitude.mean(0)
    parts = {"all": share} | {name: share[:, inside] for name, inside in _members(explanation).items()}
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
        f"{_over(explanation)}. Largest: {names}.{_cut(explanation)}{_whitened(explanation)}",
    )


def _whitened(explanation: Explanation) -> str:
    """Say what an electrode is to a model of recentred amplitudes."""
    if not explanation.bands:
        return ""
    return (
        " The model reads electrodes whitened by the recording's own covariance: each stands for what it shows beyond "
        "the others."
    )


def _patterns(explanation: Explanation, pattern: np.ndarray) -> Picture:
    mean = pattern.mean(0)
    peak = int(np.argmax(np.sqrt((mean**2).mean((0, 1)))))
    maps = {name: mean[:, inside, peak].mean(1) for name, inside in _members(explanation).items()}
    when = number(float(explanation.times[peak]))
    largest = {name: explanation.electrodes[int(np.nanargmax(np.abs(one)))] for name, one in maps.items() if one.any()}
    named = "; ".join(f"{name}: {electrode}" for name, electrode in largest.items())
    return picture(
        topomaps,
        maps,
        explanation.electrodes,
        unit="correlation (r)",
        signed=True,
        width=4.6,
        kind="png",
        alt=f"Heads seen from above: correlation of each electrode with the synthesised target, by band, {when} s "
        f"before the volume. Largest: {named}.",
        caption=f"Pattern: what the synthesised target goes up and down with, {when} s before the volume, where it is "
        f"largest, {_over(explanation)}. Relevance also goes to what a model subtracts to cancel noise; the pattern "
        "does not.",
    )


def _frequencies(explanation: Explanation) -> Picture:
    share = 100 * explanation.magnitude.sum((1, 3))
    largest = int(np.argmax(share.mean(0)))
    if explanation.bands:
        peak = explanation.bands[largest][0]
        return picture(
            band_profile,
            explanation.bands,
            {"relevance": share},
            unit=UNIT,
            alt=f"Bars of the share of relevance of each band; largest: {peak}.",
            caption=f"Relevance of each band, {_over(explanation)}{_shade(explanation)}. Largest: {peak}.",
        )
    peak = number(float(explanation.frequencies[largest]))
    return picture(
        frequency_profile,
        explanation.frequencies,
        {"relevance": share},
        unit=UNIT,
        alt=f"Share of relevance over frequency with the bands marked; largest at {peak} Hz.",
        caption=f"Relevance over frequency, {_over(explanation)}{_shade(explanation)}. Largest at {peak} Hz.",
    )


def _when(explanation: Explanation) -> Picture:
    share = 100 * explanation.magnitude.mean(0).sum(0)
    row, column = np.unravel_index(int(np.argmax(share)), share.shape)
    rows = _drawn(explanation) if explanation.bands else range(len(share))
    names = tuple(explanation.bands[k][0] for k in rows) if explanation.bands else ()
    place = explanation.bands[row][0] if names else f"{number(float(explanation.frequencies[row]))} Hz"
    time = number(float(explanation.times[column]))
    return picture(
        pair_map,
        share[rows],
        names or explanation.frequencies,
        -explanation.times,
        row_label="band (name)" if names else "frequency (Hz)",
        column_label=TIME,
        unit=UNIT,
        alt=f"Share of relevance over frequency and time before the volume; largest: {place}, {time} s before it.",
        caption=f"Relevance over frequency and time before the volume, {_over(explanation)}. Largest: {place}, "
        f"{time} s before it.{_cut(explanation)}",
    )


def _where(explanation: Explanation) -> Picture:
    members = _members(explanation)
    share = 100 * explanation.magnitude.mean(0).sum(2)
    by_band = np.stack([share[:, inside].sum(1) for inside in members.values()])
    row, column = np.unravel_index(int(np.argmax(by_band)), by_band.shape)
    names = [name.split(",")[0] for name in members]
    place = f"{explanation.electrodes[column]}, {names[row]}"
    return picture(
        pair_map,
        by_band,
        names,
        explanation.electrodes,
        row_label="band (name)",
        column_label=NAME,
        unit=UNIT,
        alt=f"Share of relevance of each electrode in each band; largest: {place}.",
        caption=f"Relevance of each electrode in each band, {_over(explanation)}. Largest: {place}.{_cut(explanation)}",
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
        marks=MARKS,
        alt=f"Head seen from above with lines between the pairs of electrodes whose attention lies above the "
        f"{PERCENTILE:g}th percentile.",
        caption=f"Pairs of electrodes that attend to each other most, {_over(explanation)}. Attention says what the "
        "model mixes, not what it needs: read it beside the relevance.",
    )


def _pair_graph(explanation: Explanation, pairs: np.ndarray) -> Picture:
    return picture(
        attention_graph,
        100 * pairs.mean(0),
        explanation.electrodes,
        percentile=PERCENTILE,
        marks=MARKS,
        unit=UNIT,
        alt="Head seen from above with lines between the pairs of electrodes whose attention carries more relevance "
        f"than that of {PERCENTILE:g} % of the pairs.",
        caption=f"Pairs of electrodes through whose attention most of the absolute relevance passes, "
        f"{_over(explanation)}.",
    )


def _latents(explanation: Explanation, latent: np.ndarray, affine: np.ndarray) -> Picture:
    """Draw the first subjects: without a common space their voxels do not correspond, and no mean is a brain."""
    shares = {
        subject: 100 * one / (np.abs(one).sum() or 1.0)
        for subject, one in zip(explanation.subjects[:SUBJECTS], latent, strict=False)
    }
    names = ", ".join(shares)
    return picture(
        signed_maps,
        shares,
        affine,
        unit="relevance (% of all)",
        kind="png",
        alt=f"Slices of the brain: relevance of each voxel of the recorded BOLD for its latent; {names}.",
        caption="Relevance of the recorded BOLD for its latent, which the model compares with that of the EEG: voxels "
        f"that make the two agree (red) and differ (blue), as a share of the absolute sum; {names}.",
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
