"""The EEG over time: magnitude spectrogram."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from eeg2fmri.core.errors import InputError
from eeg2fmri.report.figures import style
from eeg2fmri.report.figures.style import styled


@styled
def spectrogram(
    magnitude: np.ndarray,
    frequencies: np.ndarray,
    tr: float,
    *,
    title: str = "",
    width: float = style.COLUMN,
) -> Figure:
    """Draw the magnitude spectrum of each TR of a recording.

    Parameters
    ----------
    magnitude : array, shape (volume, freq)
        Magnitude of the discrete Fourier transform of each TR (one electrode, or a mean over electrodes), V.
    frequencies : array, shape (freq,)
        Hz.
    tr : float
        Repetition time, s.
    title : str
        Recording and electrodes.
    width : float
        Width of the figure, inches.

    Raises
    ------
    InputError
        If the shapes do not fit together.
    """
    if magnitude.ndim != 2 or magnitude.shape[1] != len(frequencies):
        raise InputError(
            "a spectrogram needs one column a frequency",
            got=f"shape {magnitude.shape}, {len(frequencies)} frequencies",
            expected="(volume, freq)",
        )
    microvolts = np.asarray(magnitude, dtype=float) * 1e6
    floor = microvolts[microvolts > 0].min() if (microvolts > 0).any() else 1.0
    decibels = 20 * np.log10(np.maximum(microvolts, floor))
    low, high = np.percentile(decibels, [2, 99.5])
    figure = style.empty_figure(width, 2.2)
    axes = figure.add_subplot()
    half = (frequencies[1] - frequencies[0]) / 2 if len(frequencies) > 1 else 0.5
    image = axes.imshow(
        decibels.T,
        origin="lower",
        aspect="auto",
        extent=(0, len(magnitude) * tr, frequencies[0] - half, frequencies[-1] + half),
        cmap=style.SEQUENTIAL,
        vmin=low,
        vmax=max(high, low + 1e-3),
    )
    axes.set_xlabel("time (s)")
    axes.set_ylabel("frequency (Hz)")
    axes.set_title(title)
    bar = figure.colorbar(image, ax=axes, pad=0.02, aspect=25)
    bar.set_label("magnitude (dB re 1 µV)")
    bar.outline.set_visible(False)
    return figure
