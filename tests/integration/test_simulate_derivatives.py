"""Simulated derivatives of fMRIPrep and physiology, as the rest of the package and the BIDS validator meet them."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pandas as pd
import pytest

from eeg2fmri.core.errors import InputError
from eeg2fmri.data.bids.physio import read_physio
from eeg2fmri.data.features.physiology import heart_rate, pulse_beats
from eeg2fmri.data.prepare.run import prepare
from eeg2fmri.data.settings.prepare import PrepareConfig
from eeg2fmri.data.store.store import Store
from eeg2fmri.evaluate.metrics.moments import temporal_r
from eeg2fmri.evaluate.truth.known_truth import KnownTruth
from eeg2fmri.simulate import SimulationConfig, Truth, simulate_dataset, small_config
from eeg2fmri.simulate.head.common_space import SPACE

NAME = "sub-02_task-rest"
COMMON = {"bold": {"derivatives": "derivatives/fmriprep", "space": SPACE}, "mask": "derivatives"}


def config(**changes: object) -> SimulationConfig:
    values = {"subjects": 2, "volumes": 60, "electrodes": 9, "seed": 8, "bold": {"motion": 0.3, "unsteady": 2}}
    return small_config(**{**values, "derivatives": "fmriprep", "physio": "bids", **changes})


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return simulate_dataset(tmp_path_factory.mktemp("derived") / "bids", config())


@pytest.fixture(scope="module")
def store(root: Path) -> Store:
    return prepare(root, root.parent / "store", PrepareConfig.make(COMMON))


def test_prepare_reads_the_common_space_with_its_masks_and_confounds(root: Path, store: Store) -> None:
    assert store.space == SPACE
    image = nib.load(root / f"derivatives/fmriprep/sub-02/func/{NAME}_space-{SPACE}_desc-preproc_bold.nii.gz")
    assert int(image.header["sform_code"]) == 4
    np.testing.assert_allclose(store.affine, image.affine)
    # but for the rim of what was recorded of each head
    assert (store.mask(0) == store.mask(1)).mean() > 0.98
    # the same places, where native volumes lie anyhow
    native = prepare(root, root.parent / "native")
    both = store.brain_mask() & native.brain_mask()
    alike, apart = (np.corrcoef(*(one.voxel_mean(i)[both] for i in (0, 1)))[0, 1] for one in (store, native))
    assert alike > apart + 0.2
    cleaned = prepare(
        root,
        root.parent / "cleaned",
        PrepareConfig.make({**COMMON, "bold": {**COMMON["bold"], "confounds": ["trans_*", "rot_*", "non_steady*"]}}),
    )
    # the columns of 60 volumes that do not depend on each other
    assert 24 <= cleaned.recordings[0].quality["regressors"] <= 26


def test_motion_of_the_confounds_is_that_of_the_truth(root: Path) -> None:
    table = pd.read_csv(root / f"derivatives/fmriprep/sub-02/func/{NAME}_desc-confounds_timeseries.tsv", sep="\t")
    motion = Truth.open(root).recording(NAME).motion
    assert motion is not None
    np.testing.assert_allclose(table[["trans_x", "trans_y", "trans_z"]], motion[:, :3], atol=0.06)
    assert table["framewise_displacement"].isna().tolist() == [True] + [False] * 59
    assert [name for name in table if name.startswith("non_steady")] == [
        "non_steady_state_outlier00",
        "non_steady_state_outlier01",
    ]


def test_the_truth_comes_to_the_common_space(root: Path, store: Store) -> None:
    known = KnownTruth.open(root, store, [NAME])
    noiseless = known.noiseless(NAME)
    atlas = known.atlas(NAME)
    mask = store.mask(NAME) & (atlas > 0)
    right = np.nanmedian(temporal_r(store.bold(NAME)[3:], noiseless[3:], mask))
    other = np.nanmedian(temporal_r(store.bold(NAME)[3:], known.noiseless("sub-01_task-rest")[3:], mask))
    assert right > 0.3 > 0.1 > abs(other)
    assert set(np.unique(atlas)) == set(range(11))
    own = prepare(root, root.parent / "own")
    theirs = temporal_r(own.bold(NAME)[3:], KnownTruth.open(root, own, [NAME]).noiseless(NAME)[3:], own.mask(NAME))
    assert right == pytest.approx(np.nanmedian(theirs), abs=0.15)


def test_the_truth_is_refused_where_it_cannot_come_to_the_volumes(root: Path) -> None:
    moved = prepare(
        root, root.parent / "world", PrepareConfig.make({**COMMON, "bold": COMMON["bold"] | {"resample": "world"}})
    )
    with pytest.raises(InputError, match="cannot be brought to the volumes"):
        KnownTruth.open(root, moved, [NAME])


def test_physiology_has_the_beats_of_the_truth(root: Path) -> None:
    file = root / f"sub-02/func/{NAME}_physio.tsv.gz"
    signals = {signal.kind: signal for signal in read_physio(file)}
    assert set(signals) == {"pulse", "respiration"}
    pulse = signals["pulse"]
    assert pulse.start == -10
    beats = pulse.start + pulse_beats(pulse.values, pulse.sfreq) / pulse.sfreq
    rate = heart_rate(beats, np.arange(60) * 2.0)
    assert rate is not None
    assert 45 < rate.mean() < 100
    assert rate.std() > 0.5


def test_the_same_bytes_come_again_and_without_the_options_no_file_more(root: Path, tmp_path: Path) -> None:
    def digests(of: Path) -> dict[str, str]:
        files = sorted(path for path in of.rglob("*") if path.is_file())
        return {str(path.relative_to(of)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}

    again = digests(simulate_dataset(tmp_path / "again", config()))
    assert again == digests(root)
    plain = digests(simulate_dataset(tmp_path / "plain", config(derivatives="none", physio="none")))
    more = set(again) - set(plain)
    assert all("fmriprep" in name or "_physio" in name or "space-" in name for name in more)
    changed = {name for name in plain if plain[name] != again[name]}
    assert changed == {"derivatives/truth/truth.json"}


def test_passes_the_bids_validator(root: Path, bids_errors: Any) -> None:
    for of in (root, root / "derivatives/fmriprep"):
        errors = bids_errors(of)
        # names of fMRIPrep's that the standard does not have
        own = ("_desc-confounds_timeseries.tsv", "_desc-confounds_timeseries.json", "_boldref.nii.gz")
        assert [issue for issue in errors if not (of != root and issue["location"].endswith(own))] == []
