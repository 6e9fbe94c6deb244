"""Grayordinates, parcels and both hemispheres in place of voxels, from preparing to a synthesised series."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from nibabel.cifti2 import BrainModelAxis, Cifti2Header, Cifti2Image, ParcelsAxis, SeriesAxis
from nibabel.gifti import GiftiDataArray, GiftiImage, GiftiMetaData

from eeg2fmri.core.errors import ConfigError, InputError
from eeg2fmri.data.bold.element_series import open_bold_series
from eeg2fmri.data.bold.elements import LEFT, RIGHT, Elements
from eeg2fmri.data.prepare.run import prepare
from eeg2fmri.data.settings.prepare import PrepareConfig
from eeg2fmri.evaluate.run import evaluate_run
from eeg2fmri.explain.run import explain_run
from eeg2fmri.predict.derivative import predict_file
from eeg2fmri.predict.folder import predict_folder
from eeg2fmri.report import write_predictions, write_report
from eeg2fmri.train.run import train_run

#: A mesh of 42 vertices with a medial wall, and a block of voxels below it.
WALL, MESH = 6, 42


def dense() -> BrainModelAxis:
    inside = np.arange(WALL, MESH)
    voxels = np.stack(np.meshgrid([3, 4], [5, 6], [2, 3], indexing="ij"), axis=-1).reshape(-1, 3)
    affine = np.diag([-2.0, 2.0, 2.0, 1.0])
    return (
        BrainModelAxis.from_surface(inside, MESH, LEFT)
        + BrainModelAxis.from_surface(inside[::-1], MESH, RIGHT)
        + BrainModelAxis("CIFTI_STRUCTURE_THALAMUS_LEFT", voxels, affine=affine, volume_shape=(10, 12, 8))
    )


def parcels() -> ParcelsAxis:
    both = dense()
    parts = {name: np.flatnonzero(both.name == full) for name, full in (("left", LEFT), ("right", RIGHT))}
    models = [(f"{name}-{k}", both[rows[k::3]]) for name, rows in parts.items() for k in range(3)]
    return ParcelsAxis.from_brain_models(models)


def values(image: Any, n: int) -> np.ndarray:
    """Courses of the brightest voxels of the simulated BOLD, (volume, element)."""
    data = np.asarray(image.dataobj, np.float32).reshape(-1, image.shape[3])
    return data[np.argsort(-data.mean(axis=1))[:n]].T


def write_cifti(path: Path, rows: np.ndarray, axis: Any, tr: float) -> None:
    header = Cifti2Header.from_axes((SeriesAxis(0, tr, len(rows), "SECOND"), axis))
    Cifti2Image(rows.astype(np.float32), header).to_filename(path)


def write_gifti(path: Path, rows: np.ndarray, tr: float) -> None:
    meta = GiftiMetaData({"TimeStep": f"{1000 * tr:g}"})
    arrays = [GiftiDataArray(row.astype(np.float32), intent="NIFTI_INTENT_TIME_SERIES", meta=meta) for row in rows]
    GiftiImage(darrays=arrays).to_filename(path)


@pytest.fixture(scope="module")
def data_set(small_bids: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The simulated data set with derivatives on a surface of its own."""
    root = tmp_path_factory.mktemp("surfaces") / "bids"
    shutil.copytree(small_bids, root)
    for bold in sorted(root.glob("sub-*/func/*_bold.nii.gz")):
        image = nibabel.load(bold)
        tr = round(float(image.header.get_zooms()[3]), 3)
        folder = root / "derivatives" / "fmriprep" / bold.relative_to(root).parent
        folder.mkdir(parents=True)
        start = bold.name.removesuffix("_bold.nii.gz")
        rows = values(image, 2 * MESH)
        write_cifti(folder / f"{start}_space-fsLR_den-91k_bold.dtseries.nii", rows[:, : len(dense())], dense(), tr)
        write_cifti(folder / f"{start}_space-fsLR_seg-six_timeseries.ptseries.nii", rows[:, :6], parcels(), tr)
        for hemi, half in (("L", rows[:, :MESH]), ("R", rows[:, -MESH:])):
            half = half.copy()
            half[:, :WALL] = np.nan
            write_gifti(folder / f"{start}_hemi-{hemi}_space-fsaverage5_bold.func.gii", half, tr)
    return root


def settings(kind: str) -> PrepareConfig:
    return PrepareConfig.make({"bold": {"derivatives": "derivatives/fmriprep", "kind": kind}})


@pytest.mark.parametrize(
    ("kind", "n", "space", "out"),
    [
        ("dtseries", 80, "fsLR", "out.dtseries.nii"),
        ("ptseries", 6, "fsLR", "out.ptseries.nii"),
        ("gifti", 84, "fsaverage5", "sub-02_hemi-L_bold.func.gii"),
    ],
)
def test_series_go_all_the_way(
    data_set: Path,
    small_settings: dict[str, Any],
    tmp_path: Path,
    kind: str,
    n: int,
    space: str,
    out: str,
    bids_errors: Any,
) -> None:
    store = prepare(data_set, tmp_path / "store", settings(kind))
    assert (store.grid, store.space) == ((n, 1, 1), space)
    source = next(data_set.glob(f"derivatives/fmriprep/sub-02/func/*{out[out.index('.') :]}"))
    series = open_bold_series(source)
    stored = np.concatenate(list(series.blocks()))
    np.testing.assert_array_equal(store.bold("sub-02_task-rest"), stored)
    assert store.mask("sub-02_task-rest").sum() == n - (2 * WALL if kind == "gifti" else 0)

    run = train_run(store.path, tmp_path / "run", {**small_settings, "model": {"preset": "recommended"}, "epochs": 0})
    evaluation = evaluate_run(run.run, store.path)
    assert np.isfinite(evaluation.score("model", "temporal_r"))
    maps = sorted((run.run / "evaluation").glob("*_desc-temporalr_map.*"))
    assert maps[0].name.endswith(".pscalar.nii" if kind == "ptseries" else ".dscalar.nii")
    assert nibabel.load(maps[0]).shape == (1, n)
    page = write_report(run.run).read_text(encoding="utf-8")
    assert "no mesh" in page if kind != "ptseries" else "left-" in page

    eeg = next(data_set.glob("sub-02/eeg/*.vhdr"))
    made = predict_file(run.run, eeg, tmp_path / out, mean_image=source)
    again = open_bold_series(made.image)
    assert again.elements.text == series.elements.text
    assert again.header_tr == pytest.approx(store.tr)
    predicted = np.concatenate(list(again.blocks()))
    assert predicted.shape == (made.n_volumes, n, 1, 1)
    inside = store.mask("sub-02_task-rest")
    own = store.voxel_mean("sub-02_task-rest")
    np.testing.assert_allclose(predicted.mean(axis=0)[inside], own[inside], rtol=0.02)
    with pytest.raises(InputError, match="exists already"):
        predict_file(run.run, eeg, tmp_path / out)
    alone = predict_file(run.run, eeg, tmp_path / f"again_{out}").image
    folder_is_synthesised_and_explained(run.run, store.path, data_set, tmp_path / "derived", alone, bids_errors)
    with pytest.raises(InputError, match="another kind of image than the model predicts"):
        predict_file(run.run, eeg, tmp_path / "other.nii.gz")


def folder_is_synthesised_and_explained(
    run: Path, store: Path, data_set: Path, derived: Path, alone: Path, bids_errors: Any
) -> None:
    made = predict_folder(run, data_set, derived)
    assert [one.id for one in made.done] == [f"sub-{k:02d}_task-rest" for k in (1, 2, 3)]
    image = made.done[1].image
    assert image.name.endswith(alone.name[alone.name.index(".") :])
    np.testing.assert_array_equal(*(np.concatenate(list(open_bold_series(one).blocks())) for one in (image, alone)))
    before = image.stat().st_mtime_ns
    assert predict_folder(run, data_set, derived).done[1].image.stat().st_mtime_ns == before
    write_predictions(derived)
    assert (derived / "sub-02.html").read_text(encoding="utf-8").count("<img") == 1
    assert bids_errors(derived) == []
    name = "cortex left" if "ptseries" not in image.name else "left-0"
    explanation = explain_run(run, store, config={"windows": 2, "checks": 0, "target": name})
    assert explanation.target.n_voxels == np.count_nonzero(explanation.target.weights) > 0
    with pytest.raises(InputError, match=r"no such structure[\s\S]*" + name):
        explain_run(run, store, config={"target": "mask.nii.gz"})


def test_a_dense_series_is_written_with_its_brain_models(tmp_path: Path) -> None:
    rows = np.arange(5 * 80, dtype=np.float32).reshape(5, 80)
    elements = Elements.of_text(Elements("dense", dense()).text)
    elements.series(rows, 3.5, 0.72).to_filename(tmp_path / "made.dtseries.nii")
    image = nibabel.load(tmp_path / "made.dtseries.nii")
    series, models = (image.header.get_axis(k) for k in range(2))
    assert models == dense()
    assert (series.start, series.step, series.unit) == (3.5, 0.72, "SECOND")
    assert image.nifti_header.get_intent()[0] == "ConnDenseSeries"
    np.testing.assert_array_equal(image.get_fdata(), rows)
    right = elements.hemisphere(rows, RIGHT)
    assert np.isnan(right[:, :WALL]).all()
    assert right[0, MESH - 1] == rows[0, MESH - WALL]  # the first of the right models is the last vertex


def test_spaces_and_brain_models_are_never_mixed(data_set: Path, tmp_path: Path) -> None:
    root = tmp_path / "bids"
    shutil.copytree(data_set, root)
    first = sorted(root.glob("derivatives/fmriprep/sub-*/func/*.dtseries.nii"))[0]
    image = nibabel.load(first)
    write_cifti(first, image.get_fdata()[:, ::-1], dense()[::-1], image.header.get_axis(0).step)
    with pytest.raises(InputError, match=r"differs from the other recordings[\s\S]*in the same order"):
        prepare(root, tmp_path / "store", settings("dtseries"))
    for hemi in "LR":
        other = sorted(root.glob(f"derivatives/fmriprep/sub-01/func/*hemi-{hemi}*.func.gii"))[0]
        other.rename(other.with_name(other.name.replace("fsaverage5", "fsaverage6")))
    with pytest.raises(InputError, match="several spaces"):
        prepare(root, tmp_path / "store", settings("gifti"))
    for left in root.glob("derivatives/fmriprep/sub-*/func/*hemi-R*.func.gii"):
        left.unlink()
    with pytest.raises(InputError, match="a hemisphere is missing"):
        prepare(
            root,
            tmp_path / "store",
            PrepareConfig.make({"bold": {**settings("gifti").bold.model_dump(), "space": "fsaverage5"}}),
        )


def test_settings_of_volumes_are_refused(data_set: Path, tmp_path: Path) -> None:
    grid = PrepareConfig.make({"grid": [3, 4, 5], "bold": {"derivatives": "derivatives/fmriprep", "kind": "dtseries"}})
    with pytest.raises(InputError, match="'grid' is for volumes"):
        prepare(data_set, tmp_path / "store", grid)
    with pytest.raises(ConfigError, match="name their folder"):
        PrepareConfig.make({"bold": {"kind": "gifti"}})


def test_recordings_share_what_they_have_in_common(data_set: Path) -> None:
    found = [open_bold_series(path) for path in data_set.glob("derivatives/fmriprep/sub-*/func/*.dtseries.nii")]
    assert len(found) == 3
    assert len({id(series.elements) for series in found}) == 1


def test_damage_is_told(data_set: Path, tmp_path: Path) -> None:
    source = next(data_set.glob("derivatives/fmriprep/sub-02/func/*.dtseries.nii"))
    broken = tmp_path / source.name
    broken.write_bytes(source.read_bytes()[:-100])
    with pytest.raises(InputError, match="truncated"):
        open_bold_series(broken)
    broken.write_bytes(b"nothing")
    with pytest.raises(InputError, match="cannot be read"):
        open_bold_series(broken)
    rows = np.ones((4, 80), np.float32)
    rows[2, 3] = np.inf
    write_cifti(broken, rows, dense(), 2.0)
    with pytest.raises(InputError, match=r"not finite[\s\S]*volumes 2 of 4"):
        list(open_bold_series(broken).blocks())
