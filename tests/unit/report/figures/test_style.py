"""Colours that colour-blind readers tell apart, on both papers."""

from __future__ import annotations

from itertools import combinations

import matplotlib
import numpy as np
import pytest
from matplotlib.colors import to_rgb

from eeg2fmri.report.figures import style
from eeg2fmri.report.figures.style import DARK, LIGHT

#: Linear RGB as seen without one kind of cones (Machado, Oliveira and Fernandes, IEEE TVCG 15, 2009, severity 1).
BLINDNESS = {
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
    "none": np.eye(3).tolist(),
}


def linear(colour) -> np.ndarray:
    rgb = np.asarray(colour, dtype=float)
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def lab(rgb: np.ndarray) -> np.ndarray:
    """CIE 1976 L*a*b* of linear sRGB under D65."""
    xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]) @ np.clip(rgb, 0, 1)
    ratio = xyz / [0.9505, 1.0, 1.089]
    f = np.where(ratio > (6 / 29) ** 3, np.cbrt(ratio), ratio / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def seen(colour, kind: str) -> np.ndarray:
    return lab(np.asarray(BLINDNESS[kind]) @ linear(to_rgb(colour)))


@pytest.mark.parametrize("kind", BLINDNESS)
def test_no_two_colours_of_curves_look_alike(kind):
    # 2.3 is a difference that is just seen; curves differ in their dashes besides, and bars in their hatches
    for one, other in combinations(style.CYCLE, 2):
        assert np.linalg.norm(seen(one, kind) - seen(other, kind)) > 15, (one, other)


@pytest.mark.parametrize("kind", BLINDNESS)
def test_amounts_rise_in_lightness_and_signs_differ(kind):
    amounts = [seen(matplotlib.colormaps[style.SEQUENTIAL](place), kind)[0] for place in np.linspace(0, 1, 33)]
    assert (np.diff(amounts) > 0).all()
    signed = matplotlib.colormaps[style.DIVERGING]
    for strength in (0.2, 0.35, 0.5):
        below, above = (seen(signed(0.5 + sign * strength), kind) for sign in (-1, 1))
        assert np.linalg.norm(below - above) > 20


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_every_colour_stands_out_from_the_paper(theme):
    def luminance(colour) -> float:
        return float(np.array([0.2126, 0.7152, 0.0722]) @ linear(to_rgb(colour)))

    def contrast(colour) -> float:
        pair = sorted((luminance(colour), luminance(theme.paper)))
        return (pair[1] + 0.05) / (pair[0] + 0.05)

    assert contrast(theme.ink) > 7
    assert min(contrast(colour) for colour in style.CYCLE) > 2.9
    with matplotlib.rc_context(theme.settings()):
        lines = style.line_colours()
    steps = [contrast(lines(place)) for place in np.linspace(0, 1, 9)]
    assert min(steps) > 1.5
    assert steps == sorted(steps)
