"""Maps on the surface: what lies where, and what is drawn where no mesh fits."""

from __future__ import annotations

import numpy as np
import pytest
from nibabel.cifti2 import BrainModelAxis

from eeg2fmri.core.errors import InputError
from eeg2fmri.data.bold.elements import LEFT, RIGHT, Elements
from eeg2fmri.report.figures.brain.surface import VERTICES, structure_bars, surface_map
from eeg2fmri.report.sections.element_gallery import recording_pictures
from eeg2fmri.results.examples import Examples


def colours(figure) -> np.ndarray:
    figure.canvas.draw()
    return np.asarray(figure.canvas.buffer_rgba(), float)[..., :3]


def test_only_what_is_above_the_threshold_is_coloured() -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    values = np.zeros(VERTICES)
    values[:4000] = 0.4
    found = []
    for threshold in (0.2, 0.5):
        figure = surface_map({"left": values}, limit=0.6, threshold=threshold, title="sub-03")
        FigureCanvasAgg(figure)
        pixels = colours(figure)[:, : int(0.85 * figure.bbox.width)]
        found.append(int((pixels[..., 0] - pixels[..., 2] > 60).sum()))
    assert found[0] > 500 > found[1]
    with pytest.raises(InputError, match="another mesh"):
        surface_map({"left": values[:-1]}, limit=1)


def test_structures_show_median_and_the_middle_half() -> None:
    figure = structure_bars({"thalamus": np.arange(5.0), "empty": np.empty(0)}, unit="r")
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["thalamus"]
    assert [line.get_xdata().tolist() for line in figure.axes[0].lines[1:]] == [[1.0, 3.0], [2.0]]
    with pytest.raises(InputError, match="no structure"):
        structure_bars({"empty": np.empty(0)}, unit="r")


def maps(r: np.ndarray) -> Examples:
    return Examples("sub-03", np.eye(4), r=r[:, None, None], mask=np.isfinite(r)[:, None, None])


def test_a_mesh_that_fits_is_drawn_and_one_that_does_not_is_told() -> None:
    r = np.linspace(-0.5, 0.5, 2 * VERTICES)
    r[:10] = np.nan
    (picture,) = recording_pictures(maps(r), "all", Elements.of_hemispheres(VERTICES).text)
    assert "inflated fsaverage5" in picture.caption
    other = Elements.of_hemispheres(32492)
    (picture,) = recording_pictures(maps(np.linspace(-0.5, 0.3, len(other))), "correlation", other.text)
    assert "no mesh of 32492 vertices a hemisphere of fsLR at hand" in picture.caption
    assert "cortex right 0.10" in picture.alt
    assert recording_pictures(maps(r), "none", Elements.of_hemispheres(VERTICES).text) == []


def test_voxels_below_the_cortex_are_drawn_in_their_places() -> None:
    cortex = BrainModelAxis.from_surface(np.arange(20), 32492, LEFT) + BrainModelAxis.from_surface([1], 32492, RIGHT)
    voxels = np.stack(np.meshgrid(range(3, 7), range(4, 9), range(2, 6), indexing="ij"), axis=-1).reshape(-1, 3)
    below = BrainModelAxis(
        "CIFTI_STRUCTURE_THALAMUS_LEFT", voxels, affine=np.diag([-2.0, 2, 2, 1]), volume_shape=(10, 12, 8)
    )
    of = Elements("dense", cortex + below)
    first, second = recording_pictures(maps(np.linspace(0, 0.4, len(of))), "all", of.text)
    assert "thalamus left" in first.alt
    assert "below the cortex" in second.caption
