from __future__ import annotations

import json
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from eeg2fmri.core.errors import InputError
from eeg2fmri.simulate import Truth, simulate_dataset, small_config


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    config = small_config(seed=9, subjects=2, tasks=("rest", "oddball"), volumes=30, electrodes=9, bold={"motion": 0.2})
    return simulate_dataset(tmp_path_factory.mktemp("truth") / "bids", config)


def test_truth_has_everything_about_a_recording(root: Path) -> None:
    truth = Truth.open(root)
    assert truth.recordings[1] == "sub-01_task-oddball"
    assert [band[0] for band in truth.bands] == ["alpha", "beta"]
    assert truth.coupled.sum() == 6
    one = truth.recording("sub-02_task-rest")
    n_times = len(one.times)
    assert one.times[0] < -30
    assert one.power.shape == (10, 2, n_times)
    assert one.regional_bold.shape == one.regional_bold_from_eeg.shape == (10, n_times)
    assert one.lead_field.shape == (9, 10)
    assert one.moment.shape == one.weights.shape == truth.weights.shape == (10, 2)
    assert one.background.shape == (9, 9)
    assert one.hrf.shape[0] == len(one.delay) == len(one.gain) == 10
    assert one.atlas.shape == one.grey.shape == one.explainable.shape == (16, 18, 14)
    assert set(np.unique(one.atlas)) == set(range(11))
    assert one.motion is not None
    assert one.motion.shape == (30, 6)
    assert one.peak.shape == (2,)


def test_noiseless_bold_explains_the_recorded_as_far_as_it_says(root: Path) -> None:
    one = Truth.open(root).recording(0)
    image = nib.load(root / "sub-01/func/sub-01_task-rest_bold.nii.gz")
    np.testing.assert_allclose(one.affine, image.affine)
    recorded = np.moveaxis(image.get_fdata(), -1, 0)
    noiseless = one.noiseless_bold()
    assert noiseless.shape == recorded.shape
    grey = one.grey > 0.6
    fraction = noiseless.var(axis=0, dtype=float)[grey] / recorded.var(axis=0)[grey]
    np.testing.assert_allclose(fraction, one.explainable[grey], rtol=0.01)
    a = recorded[:, grey] - recorded[:, grey].mean(axis=0)
    b = noiseless[:, grey] - noiseless[:, grey].mean(axis=0)
    r = (a * b).sum(axis=0) / np.sqrt((a**2).sum(axis=0) * (b**2).sum(axis=0))
    assert abs(np.median(r) - np.median(np.sqrt(one.explainable[grey]))) < 0.1


def test_part_of_the_eeg_is_all_of_the_signal_where_regions_are_coupled(root: Path) -> None:
    truth = Truth.open(root)
    one = truth.recording(0)
    everything, from_eeg = one.noiseless_bold(), one.noiseless_bold("eeg")
    weights = one.voxel_weights.toarray().reshape(*one.atlas.shape, -1)
    only_coupled = weights[..., ~truth.coupled].sum(axis=-1) == 0
    only_free = weights[..., truth.coupled].sum(axis=-1) == 0
    np.testing.assert_allclose(from_eeg[:, only_coupled], everything[:, only_coupled], rtol=1e-5)
    np.testing.assert_allclose(from_eeg[:, only_free].std(axis=0), 0, atol=1e-3)
    with pytest.raises(InputError, match="no such part"):
        one.noiseless_bold("none")


def test_atlas_names_the_region_that_a_voxel_holds_most_of(root: Path) -> None:
    one = Truth.open(root).recording(0)
    weights = one.voxel_weights.toarray().reshape(*one.atlas.shape, -1)
    inside = one.atlas > 0
    np.testing.assert_array_equal(one.atlas[inside] - 1, weights[inside].argmax(axis=-1))


def test_what_is_not_there_is_told(root: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no truth"):
        Truth.open(tmp_path)
    with pytest.raises(InputError, match="no such recording"):
        Truth.open(root).recording("sub-07_task-rest")


def test_another_format_is_refused(root: Path, tmp_path: Path) -> None:
    folder = tmp_path / "derivatives" / "truth"
    folder.mkdir(parents=True)
    about = json.loads((root / "derivatives/truth/truth.json").read_text()) | {"format": 99}
    (folder / "truth.json").write_text(json.dumps(about))
    with pytest.raises(InputError, match="another version"):
        Truth.open(tmp_path)
