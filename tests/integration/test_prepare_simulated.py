"""A simulated data set, through BIDS files, to a store: what went in comes out."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
import pytest

from eeg2fmri.data.bold.regrid import regrid, regrid_affine
from eeg2fmri.data.prepare.run import PrepareConfig, prepare
from eeg2fmri.data.store.store import Store
from eeg2fmri.simulate.config import small_config
from eeg2fmri.simulate.dataset import simulate_dataset


@pytest.fixture(scope="module")
def bids(tmp_path_factory: pytest.TempPathFactory) -> Path:
    config = small_config(subjects=2, volumes=24, sfreq=250.0, tr=2.16)
    return simulate_dataset(tmp_path_factory.mktemp("simulated") / "bids", config)


@pytest.fixture(scope="module")
def store(bids: Path) -> Store:
    return prepare(bids, bids.parent / "store")


def image(bids: Path, subject: str) -> nibabel.Nifti1Image:
    (path,) = (bids / f"sub-{subject}" / "func").glob("*_bold.nii.gz")
    return nibabel.load(path)


def test_markers_spectrum_and_brain_are_found(store: Store) -> None:
    assert len(store.recordings) == 2
    assert len(store.frequencies) == 134
    assert store.frequencies[-1] == pytest.approx(134 / 2.16)
    for position, recording in enumerate(store.recordings):
        np.testing.assert_allclose(np.diff(recording.onsets), 2.16, atol=1 / 250)
        assert recording.quality["warnings"] == []
        assert recording.quality["marker"].endswith("R128")
        assert abs(recording.quality["drift_ppm"]) < 50
        assert 30 < recording.quality["tsnr_median"] < 150
        assert 5e-6 < recording.quality["eeg_std_v"] < 5e-5
        assert 0.1 < store.mask(position).mean() < 0.7
        # the brain is brighter than what is around it
        mean = store.voxel_mean(position)
        assert np.median(mean[store.mask(position)]) > 2 * np.median(mean[~store.mask(position)])


def test_volumes_are_those_of_the_image(store: Store, bids: Path) -> None:
    for position, recording in enumerate(store.recordings):
        there = image(bids, recording.subject)
        np.testing.assert_allclose(np.moveaxis(store.bold(position), 0, -1), there.get_fdata(), rtol=1e-5)
        np.testing.assert_allclose(recording.affine, there.affine)


def test_another_grid_covers_the_same_space(bids: Path, tmp_path: Path) -> None:
    there = image(bids, "01")
    grid = tuple(size - 3 for size in there.shape[:3])
    made = prepare(bids, tmp_path / "store", PrepareConfig(grid=grid))
    np.testing.assert_allclose(made.affine, regrid_affine(there.affine, there.shape[:3], grid))
    expected = regrid(np.ascontiguousarray(there.get_fdata()[..., 7]), grid)
    np.testing.assert_allclose(made.bold(0)[7], expected, atol=1e-4 * expected.max())


def test_the_store_does_not_depend_on_the_number_of_processes(store: Store, bids: Path, tmp_path: Path) -> None:
    parallel = prepare(bids, tmp_path / "store", n_jobs=2)
    assert parallel.hash == store.hash
    files = sorted(path.relative_to(store.path) for path in store.path.rglob("*") if path.is_file())
    assert len(files) == 2 * 7 + 1
    for file in files:
        assert (parallel.path / file).read_bytes() == (store.path / file).read_bytes()
