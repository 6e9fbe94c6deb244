"""Relevance along one axis: frequency in Hz with the bands marked, time before the volume in seconds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from eeg2fmri.core.errors import InputError, Problem
from eeg2fmri.report.figures import style
from eeg2fmri.report.figures.style import styled

#: Limits of the classical bands, Hz (delta, theta, alpha, beta, gamma).
BANDS = {
    "\N{GREEK SMALL LETTER DELTA}": (0.5, 4.0),
    "\N{GREEK SMALL LETTER THETA}": (4.0, 8.0),
    "\N{GREEK SMALL LETTER ALPHA}": (8.0, 13.0),
    "\N{GREEK SMALL LETTER BETA}": (13.0, 30.0),
    "\N{GREEK SMALL LETTER GAMMA}": (30.0, 80.0),
}


#: Bands that fit beside each other, and those that are drawn where there are more.
BESIDE, STRONGEST = 6, 12


@styled
def frequency_profile(
    frequencies: np.ndarray,
    profiles: Mapping[str, np.ndarray],
    *,
    unit: str,
    width: float = style.COLUMN,
) -> Figure:
    """Draw relevance over frequency: the mean over subjects, and its standard error.

    Parameters
    ----------
    frequencies : array, shape (freq,)
        Hz.
    profiles : mapping of name to array, shape (subject, freq)
        One curve each; the shade is the standard error over subjects.
    unit : str
        Quantity and unit.
    width : float
        Width of the figure, inches.

    Raises
    ------
    InputError
        If a profile does not have one column a frequency.
    """
    figure = style.empty_figure(width, 2.2)
    axes = figure.add_subplot()
    _curves(axes, np.asarray(frequencies, dtype=float), profiles)
    low, high = float(frequencies[0]), float(frequencies[-1])
    for name, (start, stop) in BANDS.items():
        if start < high and stop > low:
            axes.axvline(min(stop, high), color=style.faint(), linewidth=0.6, zorder=0)
            middle = (max(start, low) + min(stop, high)) / 2
            axes.text(middle, 1.0, name, transform=axes.get_xaxis_transform(), ha="center", va="bottom")
    axes.set_xlim(low, high)
    axes.set_xlabel("frequency (Hz)")
    axes.set_ylabel(unit)
    return figure


@styled
def band_profile(
    bands: Sequence[tuple[str, float, float]],
    profiles: Mapping[str, np.ndarray],
    *,
    unit: str,
    width: float = style.COLUMN,
) -> Figure:
    """Draw relevance of whole bands: bars of the mean over subjects, lines of its standard error.

    Of many bands the strongest are drawn, beneath each other: their names are long.

    Parameters
    ----------
    bands : sequence of (name, low, high), length band
        Limits in Hz.
    profiles : mapping of name to array, shape (subject, band)
        One group of bars each.
    unit : str
        Quantity and unit.
    width : float
        Width of the figure, inches.

    Raises
    ------
    InputError
        If a profile does not have one column a band.
    """
    _check(profiles, len(bands))
    if len(bands) > BESIDE:
        return _bands_beneath(bands, profiles, unit, width)
    figure = style.empty_figure(width, 2.2)
    axes = figure.add_subplot()
    places, thick = np.arange(len(bands)), 0.7 / len(profiles)
    for k, ((name, profile), colour) in enumerate(zip(profiles.items(), style.CYCLE, strict=False)):
        at = places + (k - (len(profiles) - 1) / 2) * thick
        axes.bar(at, profile.mean(axis=0), 0.9 * thick, color=colour, label=name)
        if len(profile) > 1:
            error = profile.std(axis=0, ddof=1) / np.sqrt(len(profile))
            axes.errorbar(at, profile.mean(axis=0), error, fmt="none", ecolor=style.ink(), elinewidth=0.9)
    axes.axhline(0, color=style.faint(), linewidth=0.6, zorder=0)
    axes.set_xticks(places, [f"{name}\n{low:g}\N{EN DASH}{high:g}" for name, low, high in bands])
    axes.set_xlabel("band (Hz)")
    axes.set_ylabel(unit)
    if len(profiles) > 1:
        figure.legend(*axes.get_legend_handles_labels(), loc="outside upper left", ncols=2)
    return figure


def _bands_beneath(
    bands: Sequence[tuple[str, float, float]], profiles: Mapping[str, np.ndarray], unit: str, width: float
) -> Figure:
    means = np.stack([np.abs(profile.mean(axis=0)) for profile in profiles.values()]).max(axis=0)
    kept = np.sort(np.argsort(-means, kind="stable")[:STRONGEST])
    figure = style.empty_figure(width, 0.8 + 0.2 * len(kept))
    axes = figure.add_subplot()
    thick = 0.7 / len(profiles)
    for k, ((name, profile), colour) in enumerate(zip(profiles.items(), style.CYCLE, strict=False)):
        at = np.arange(len(kept)) + (k - (len(profiles) - 1) / 2) * thick
        one = profile[:, kept]
        axes.barh(at, one.mean(axis=0), 0.9 * thick, color=colour, label=name)
        if len(one) > 1:
            error = one.std(axis=0, ddof=1) / np.sqrt(len(one))
            axes.errorbar(one.mean(axis=0), at, xerr=error, fmt="none", ecolor=style.ink(), elinewidth=0.9)
    axes.axvline(0, color=style.faint(), linewidth=0.6, zorder=0)
    axes.set_yticks(np.arange(len(kept)), [bands[k][0] for k in kept], fontsize=7)
    axes.invert_yaxis()
    axes.set_ylabel(f"band, the strongest {len(kept)} of {len(bands)}")
    axes.set_xlabel(unit)
    if len(profiles) > 1:
        figure.legend(*axes.get_legend_handles_labels(), loc="outside upper left", ncols=2)
    return figure


@styled
def lag_profile(
    lags: np.ndarray,
    profiles: Mapping[str, np.ndarray],
    *,
    unit: str,
    width: float = style.COLUMN,
) -> Figure:
    """Draw relevance over the time between the EEG and the volume it predicts.

    Parameters
    ----------
    lags : array, shape (time,)
        Seconds before the volume, positive; any order.
    profiles : mapping of name to array, shape (subject, time)
        As in `frequency_profile`.
    unit : str
        Quantity and unit.
    width : float
        Width of the figure, inches.

    Raises
    ------
    InputError
        If a profile does not have one column a lag.
    """
    figure = style.empty_figure(width, 2.2)
    axes = figure.add_subplot()
    _curves(axes, -np.abs(np.asarray(lags, dtype=float)), profiles, marker="o")
    axes.set_xlabel("time relative to the volume (s)")
    axes.set_ylabel(unit)
    return figure


def _check(profiles: Mapping[str, np.ndarray], length: int) -> None:
    wrong = [
        Problem("a profile does not fit its axis", name, f"shape {np.shape(p)}", f"(subject, {length})")
        for name, p in profiles.items()
        if np.ndim(p) != 2 or np.shape(p)[1] != length
    ]
    if wrong or not profiles:
        raise InputError.of(wrong or [Problem("there is no profile to draw")])


def _curves(axes: Axes, x: np.ndarray, profiles: Mapping[str, np.ndarray], marker: str | None = None) -> None:
    _check(profiles, len(x))
    for (name, profile), colour, line in zip(profiles.items(), style.CYCLE, ("-", "--", "-.", ":"), strict=False):
        mean = profile.mean(axis=0)
        axes.plot(x, mean, line, color=colour, marker=marker, markersize=3, label=name)
        if len(profile) > 1:
            error = profile.std(axis=0, ddof=1) / np.sqrt(len(profile))
            axes.fill_between(x, mean - error, mean + error, color=colour, alpha=0.22, linewidth=0)
    axes.axhline(0, color=style.faint(), linewidth=0.6, zorder=0)
    if len(profiles) > 1:
        axes.legend(loc="best")
