"""BOLD of fMRIPrep, in world coordinates, without drift and motion, as regions of an atlas."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest

from eeg2fmri.core.errors import ConfigError, InputError
from eeg2fmri.core.random import generator
from eeg2fmri.data.bold.regressors import Nuisance
from eeg2fmri.data.bold.regrid import regrid_affine
from eeg2fmri.data.bold.target_grid import Projection, Target
from eeg2fmri.data.prepare.run import prepare
from eeg2fmri.data.settings.prepare import PrepareConfig

SPACE = "MNI152NLin2009cAsym"


def make(bids: Any, name: str = "out", **settings: object) -> Any:
    return prepare(bids.root, bids.root.parent / name, PrepareConfig.make(settings))


def refused(bids: Any, what: str, **settings: object) -> str:
    with pytest.raises(InputError, match=what) as caught:
        make(bids, "refused", **settings)
    assert not (bids.root.parent / "refused").exists()
    return str(caught.value)


def motion(n: int) -> np.ndarray:
    return generator(0, "motion").standard_normal((n, 2)).cumsum(axis=0) * 0.1


def fmriprep(bids: Any, space: str = SPACE, *, confounds: bool = True, extra: float = 0.0) -> Path:
    """Write derivatives of both subjects: motion goes into the volumes."""
    root = bids.root / "derivatives" / "fmriprep"
    root.mkdir(parents=True, exist_ok=True)
    facts = {
        "Name": "fMRIPrep",
        "BIDSVersion": "1.9.0",
        "DatasetType": "derivative",
        "GeneratedBy": [{"Name": "fMRIPrep"}],
    }
    (root / "dataset_description.json").write_text(json.dumps(facts))
    for subject in ("01", "02"):
        folder = root / f"sub-{subject}" / "func"
        folder.mkdir(parents=True, exist_ok=True)
        stem = f"sub-{subject}_task-rest"
        volumes = bids.volumes(subject) + 30 * motion(bids.n_volumes)[:, 0] + extra
        image = nibabel.Nifti1Image(volumes.astype(np.float32), bids.affine)
        image.header.set_xyzt_units("mm", "sec")
        image.header.set_zooms((*image.header.get_zooms()[:3], bids.tr))
        image.to_filename(folder / f"{stem}_space-{space}_desc-preproc_bold.nii.gz")
        (folder / f"{stem}_space-{space}_desc-preproc_bold.json").write_text(json.dumps({"RepetitionTime": bids.tr}))
        mask = np.zeros(bids.shape, np.uint8)
        mask[2:5, 1:4, 1:4] = 1
        nibabel.Nifti1Image(mask, bids.affine).to_filename(folder / f"{stem}_space-{space}_desc-brain_mask.nii.gz")
        if confounds:
            rows = motion(bids.n_volumes)
            lines = ["trans_x\trot_x\ttrans_x_derivative1"]
            steps = ["n/a", *map(str, np.diff(rows[:, 0]))]
            lines += [f"{x}\t{r}\t{d}" for (x, r), d in zip(rows, steps, strict=True)]
            (folder / f"{stem}_desc-confounds_timeseries.tsv").write_text("\n".join(lines) + "\n")
    return root


def test_derivatives_with_mask_and_space(two: Any) -> None:
    fmriprep(two)
    store = make(two, bold={"derivatives": "derivatives/fmriprep"}, mask="derivatives")
    assert store.space == SPACE
    assert store.mask(0).sum() == 27
    volumes = two.volumes("01") + 30 * motion(17)[:, 0].astype(np.float32)
    np.testing.assert_allclose(store.bold(0), np.moveaxis(volumes, -1, 0), rtol=1e-5)
    sources = store.recordings[0].sources
    assert f"derivatives/fmriprep/sub-01/func/sub-01_task-rest_space-{SPACE}_desc-brain_mask.nii.gz" in sources
    assert make(two, "raw").space == "native"


def test_derivatives_in_several_spaces_must_be_chosen(two: Any) -> None:
    fmriprep(two)
    fmriprep(two, "T1w", extra=500.0)
    found = refused(two, "in several spaces", bold={"derivatives": "derivatives/fmriprep"})
    assert "T1w" in found
    store = make(two, bold={"derivatives": "derivatives/fmriprep", "space": "T1w"})
    assert store.space == "T1w"
    refused(two, "no preprocessed BOLD", bold={"derivatives": "derivatives/fmriprep", "space": "MNI305"})
    refused(two, "folder of derivatives does not exist", bold={"derivatives": "elsewhere"})


def test_motion_and_drift_are_regressed_out(two: Any) -> None:
    fmriprep(two)
    settings = {"bold": {"derivatives": "derivatives/fmriprep", "confounds": ["trans_*", "rot_x"], "detrend": 1}}
    store = make(two, **settings)
    made = store.bold(0).reshape(17, -1)
    trend = np.stack([np.linspace(-1, 1, 17), *motion(17).T])
    centred = made - made.mean(axis=0)
    for regressor in trend - trend.mean(axis=1, keepdims=True):
        assert np.abs(regressor @ centred).max() < 1e-2 * np.linalg.norm(regressor)
    volumes = (two.volumes("01") + 30 * motion(17)[:, 0]).reshape(-1, 17)
    np.testing.assert_allclose(made.mean(axis=0), volumes.mean(axis=1), rtol=1e-4)
    steps = np.concatenate([[np.diff(motion(17)[:, 0]).mean()], np.diff(motion(17)[:, 0])])
    design = np.column_stack([np.ones(17), *trend, steps])
    expected = volumes.T - design @ np.linalg.lstsq(design, volumes.T, rcond=None)[0] + volumes.mean(axis=1)
    np.testing.assert_allclose(made, expected, atol=1e-2)
    assert store.recordings[0].quality["regressors"] == 4


def test_confounds_that_do_not_fit(two: Any) -> None:
    root = fmriprep(two)
    bold = {"derivatives": "derivatives/fmriprep", "confounds": ["csf"]}
    assert "trans_x, rot_x" in refused(two, "no such column", bold=bold)
    table = root / "sub-01" / "func" / "sub-01_task-rest_desc-confounds_timeseries.tsv"
    lines = table.read_text().splitlines()
    bold["confounds"] = ["rot_x"]
    table.write_text("\n".join(lines[:-1]))
    assert "16 rows" in refused(two, "another number of rows", bold=bold)
    table.write_text("\n".join([*lines[:-1], "x\ty\tz"]))
    refused(two, "confounds cannot be read", bold=bold)
    table.unlink()
    refused(two, "no table of confounds", bold=bold)


def test_regressors_may_depend_on_each_other() -> None:
    columns = np.column_stack([np.arange(9.0), 2 * np.arange(9.0), np.ones(9)])
    nuisance = Nuisance(1, columns, 9)
    assert nuisance.basis.shape == (9, 1)
    assert not Nuisance(0, None, 9)


def test_world_coordinates_put_the_same_place_into_the_same_voxel(two: Any) -> None:
    """A blob at the same mm in images of other grids, offsets and axis directions lands in the same voxel."""

    def blob(affine: np.ndarray, shape: tuple[int, int, int]) -> np.ndarray:
        index = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), -1)
        place = index @ affine[:3, :3].T + affine[:3, 3]
        inside = 1000 * np.exp(-np.sum((place - [30.0, -10, 20]) ** 2, -1) / 200)
        noise = generator(0, "blob").standard_normal((*shape, two.n_volumes))
        return (100 + inside[..., None] + noise).astype(np.float32)

    other = np.array([[2.5, 0, 0, 12], [0, 3.0, 0, -25], [0, 0, 3.0, 4], [0, 0, 0, 1.0]])
    two.bold("01", volumes=blob(two.affine, two.shape))
    two.bold("02", volumes=blob(other, (11, 10, 9)), affine=other)
    assert "other directions" in refused(two, "directions", grid=[7, 6, 5], mask="varying")
    store = make(two, bold={"resample": "world"}, mask="varying")
    np.testing.assert_allclose(store.affine, two.affine)
    np.testing.assert_allclose(store.recordings[1].affine, two.affine)
    inner = np.s_[1:-1, 1:-1, 1:-1]
    np.testing.assert_allclose(store.voxel_mean(1)[inner], store.voxel_mean(0)[inner], atol=30)
    like = two.root / "template.nii"
    near = np.array([[4.0, 0, 0, 20], [0, 4, 0, -20], [0, 0, 4, 10], [0, 0, 0, 1]])
    nibabel.Nifti1Image(np.zeros((6, 7, 5), np.float32), near).to_filename(like)
    elsewhere = np.diag([4.0, 4, 4, 1])
    elsewhere[:3, 3] = 5000
    store = make(two, "like", bold={"resample": "world", "like": "template.nii"}, grid=[5, 7, 5], mask="varying")
    np.testing.assert_allclose(store.affine, regrid_affine(near, (6, 7, 5), (5, 7, 5)))
    nibabel.Nifti1Image(np.zeros((6, 7, 5), np.float32), elsewhere).to_filename(like)
    refused(two, "lies outside the grid", bold={"resample": "world", "like": "template.nii"})


def test_regions_of_an_atlas(two: Any) -> None:
    labels = np.zeros((14, 12, 10), np.int16)
    labels[:6], labels[6:10, 3:], labels[10:, :, 2:] = 3, 7, 20
    affine = two.affine @ np.diag([0.5, 0.5, 0.5, 1])
    affine[:3, 3] = (two.affine @ [-0.25, -0.25, -0.25, 1])[:3]
    nibabel.Nifti1Image(labels, affine).to_filename(two.root / "atlas.nii.gz")
    store = make(two, bold={"atlas": "atlas.nii.gz"})
    assert (store.grid, store.regions) == ((3, 1, 1), (3, 7, 20))
    volumes = two.volumes("02")
    expected = [volumes[:3].mean((0, 1, 2)), volumes[3:5, 2:].mean((0, 1, 2)), volumes[5:, :, 1:].mean((0, 1, 2))]
    made = store.bold(1)[:, :, 0, 0]
    np.testing.assert_allclose(made[:, 0], expected[0], rtol=1e-5)
    np.testing.assert_allclose(made[:, 2], expected[2], rtol=1e-5)
    assert store.brain_mask().all()
    labels[0, 0, 0] = 99
    nibabel.Nifti1Image(labels, np.diag([50.0, 50, 50, 1])).to_filename(two.root / "atlas.nii.gz")
    refused(two, "no voxel of the BOLD", bold={"atlas": "atlas.nii.gz"})
    nibabel.Nifti1Image(np.full((2, 2, 2), 0.5, np.float32), np.eye(4)).to_filename(two.root / "atlas.nii.gz")
    refused(two, "does not number regions", bold={"atlas": "atlas.nii.gz"})


def test_volumes_come_through_a_projection_unchanged_where_nothing_moves() -> None:
    from types import SimpleNamespace

    affine = np.diag([2.0, 3, 4, 1])
    bold: Any = SimpleNamespace(affine=affine, shape=(4, 5, 6), path=Path("x"))
    volume = generator(0).standard_normal((4, 5, 6)).astype(np.float32)
    for target in (Target((4, 5, 6)), Target((4, 5, 6), affine)):
        np.testing.assert_allclose(Projection(bold, target)(volume), volume, atol=1e-5)


@pytest.mark.parametrize(
    ("settings", "what"),
    [
        ({"bold": {"like": "x.nii"}}, "needs resample: world"),
        ({"bold": {"space": "T1w"}}, "needs 'derivatives'"),
        ({"bold": {"atlas": "x", "resample": "world"}}, "leave 'resample' out"),
        ({"mask": "derivatives"}, "needs bold: derivatives"),
        ({"montage": ["Cz"]}, "need each other"),
    ],
)
def test_settings_that_contradict_each_other(settings: dict[str, object], what: str) -> None:
    with pytest.raises(ConfigError, match=what):
        PrepareConfig.make(settings)
