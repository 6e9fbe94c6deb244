from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from eeg2fmri.simulate import SimulationConfig
from eeg2fmri.simulate.head.anatomy import Grid, draw_anatomy, make_grid
from eeg2fmri.simulate.head.common_space import Registration, common_atlas, common_grid
from eeg2fmri.simulate.head.sources import parcels
from eeg2fmri.simulate.head.template import template
from eeg2fmri.simulate.recording.bold import _moved, make_space
from eeg2fmri.simulate.write.fmriprep import tissues_on


@pytest.mark.parametrize("label", ["01", "02", "03"])
def test_points_of_the_template_are_found_in_the_subject(label: str) -> None:
    anatomy, grid = draw_anatomy(7, label), make_grid((7, 9, 8), (20.0, 22.0, 18.0), (0.0, -18.0, 8.0))
    registration = Registration.of(anatomy, grid)
    np.testing.assert_allclose(anatomy.to_mni(registration.points), grid.points(), atol=0.01)
    assert np.abs(registration.points - grid.points()).max() > 3


def test_tissue_of_a_subject_comes_to_that_of_the_template() -> None:
    anatomy, sources = draw_anatomy(7, "01"), parcels(10)
    config = SimulationConfig(grid=(26, 28, 24))
    grid = common_grid(config)
    native = make_space(anatomy, grid, template(), sources, np.random.default_rng(0))
    expected = tissues_on(grid)["grey"]
    brought = Registration.of(anatomy, grid).bring(native.grey, grid, order=1)
    before, after = (np.corrcoef(image.ravel(), expected.ravel())[0, 1] for image in (native.grey, brought))
    assert before < 0.92 < 0.95 < after


def test_a_movement_of_the_simulated_bold_is_taken_back() -> None:
    motion = np.array([[2.0, -3.0, 1.5, 0.03, -0.02, 0.04]])
    grid = make_grid((20, 22, 18), (4.0, 4.0, 5.0), (3.0, -5.0, 8.0))
    points = grid.points() - [3.0, -5.0, 8.0]
    blob = np.exp(-0.5 * ((points / [14.0, 18.0, 16.0]) ** 2).sum(axis=1)).reshape(grid.shape)
    moved = _moved(SimpleNamespace(grid=grid, baseline=blob), motion)[..., 0]  # type: ignore[arg-type]
    still = Registration(grid, grid.points())
    inner = (slice(4, -4),) * 3

    def off(image: np.ndarray) -> float:
        return float(np.abs(image - blob)[inner].mean())

    assert off(still.bring(moved, grid, motion[0])) < 0.03 * off(moved)
    assert off(still.bring(moved, grid, -motion[0])) > off(moved)


def test_a_point_turns_about_the_centre_of_the_box() -> None:
    grid = Grid((3, 5, 7), np.diag([2.0, 2.0, 2.0, 1.0]))
    centre = np.array([[2.0, 4.0, 6.0]])
    quarter = np.array([0.0, 0.0, 0.0, 0.0, 0.0, np.pi / 2])
    np.testing.assert_allclose(grid.moved(quarter, centre), centre)
    np.testing.assert_allclose(
        grid.moved(quarter, centre + np.array([1, 0, 0])), centre + np.array([0, 1, 0]), atol=1e-12
    )
    np.testing.assert_allclose(grid.moved(np.array([1.0, 2, 3, 0, 0, 0]), centre), centre + np.array([1, 2, 3]))


def test_the_common_atlas_has_every_region_where_it_is() -> None:
    config, sources = SimulationConfig(grid=(26, 28, 24)), parcels(10)
    atlas, grid = common_atlas(config, sources), common_grid(config)
    points = grid.points().reshape(*grid.shape, 3)
    for region, centre in enumerate(sources.centres, start=1):
        assert np.linalg.norm(points[atlas == region].mean(axis=0) - centre) < 8
