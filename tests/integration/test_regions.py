"""Regions of an atlas in place of voxels, from preparing to a synthesised time course."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest

from eeg2fmri.core.errors import InputError
from eeg2fmri.data.bids.labels import Labels
from eeg2fmri.data.prepare.run import prepare
from eeg2fmri.data.settings.prepare import PrepareConfig
from eeg2fmri.evaluate.run import evaluate_run
from eeg2fmri.models.saving.hub import load
from eeg2fmri.predict.derivative import predict_file
from eeg2fmri.predict.folder import predict_folder
from eeg2fmri.report import write_predictions, write_report
from eeg2fmri.train.run import train_run

NUMBERS = (2, 5, 11)


@pytest.fixture(scope="module")
def atlas(small_bids: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three slabs of the box, on a finer grid than the volumes."""
    image = nibabel.load(next(small_bids.glob("sub-01/func/*_bold.nii.gz")))
    shape = tuple(2 * size for size in image.shape[:3])
    labels = np.zeros(shape, np.int16)
    for place, number in enumerate(NUMBERS):
        labels[place * shape[0] // 3 : (place + 1) * shape[0] // 3] = number
    affine = image.affine @ np.diag([0.5, 0.5, 0.5, 1])
    affine[:3, 3] = (image.affine @ [-0.25, -0.25, -0.25, 1])[:3]
    path = tmp_path_factory.mktemp("atlas") / "atlas.nii.gz"
    nibabel.Nifti1Image(labels, affine).to_filename(path)
    return path


def test_regions_go_all_the_way(small_bids: Path, small_settings: dict[str, Any], atlas: Path, tmp_path: Path) -> None:
    store = prepare(small_bids, tmp_path / "store", PrepareConfig.make({"bold": {"atlas": str(atlas)}}))
    assert (store.grid, store.regions) == ((3, 1, 1), NUMBERS)
    run = train_run(
        store.path, tmp_path / "run", {**small_settings, "model": {"preset": "recommended"}, "epochs": 0}
    ).run
    assert load(run).card.regions == NUMBERS

    evaluation = evaluate_run(run, store.path)
    assert np.isfinite(evaluation.score("model", "temporal_r"))
    assert any("mean of each of 3 regions" in note for note in evaluation.notes)
    page = write_report(run).read_text(encoding="utf-8")
    assert "The target is the mean" in page
    assert "temporal r of each region" in page
    assert "Axial slices" not in page
    assert 'id="viewer"' not in page

    eeg = next(small_bids.glob("sub-02/eeg/*.vhdr"))
    bold = next(small_bids.glob("sub-02/func/*_bold.nii.gz"))
    made = predict_file(run, eeg, tmp_path / "out.nii.gz", mean_image=bold)
    image = nibabel.load(made.image)
    rows = (tmp_path / "out.tsv").read_text().splitlines()
    assert rows[0].split("\t") == ["onset", *map(str, NUMBERS)]
    onsets, courses = np.split(np.array([row.split("\t") for row in rows[1:]], float), [1], axis=1)
    assert onsets[0, 0] == pytest.approx(float(image.header["toffset"]), abs=1e-4)
    np.testing.assert_allclose(np.diff(onsets[:, 0]), 1.5, atol=0.01)
    np.testing.assert_allclose(courses, image.get_fdata()[:, 0, 0].T, rtol=1e-4)
    assert json.loads(made.sidecar.read_text())["Regions"] == list(NUMBERS)
    # the subject's own mean is that of the regions, not of the image squeezed onto three voxels
    own = store.voxel_mean("sub-02_task-rest").ravel()
    np.testing.assert_allclose(courses.mean(axis=0), own, rtol=0.02)
    with pytest.raises(InputError, match="exists already"):
        predict_file(run, eeg, tmp_path / "out.nii.gz")
    predict_folder(run, small_bids, tmp_path / "derived", labels=Labels(["02"]))
    page = write_predictions(tmp_path / "derived").with_name("sub-02.html").read_text(encoding="utf-8")
    assert "all regions over time" in page


def test_a_mean_image_needs_the_atlas(atlas: Path, small_bids: Path) -> None:
    from eeg2fmri.data.bold.own_mean import read_mean_volume

    bold = next(small_bids.glob("sub-02/func/*_bold.nii.gz"))
    prepared = PrepareConfig.make({"bold": {"atlas": "elsewhere/atlas.nii.gz"}})
    with pytest.raises(InputError, match="atlas is not there"):
        read_mean_volume(bold, (3, 1, 1), np.eye(4), prepared)
    prepared = PrepareConfig.make({"bold": {"atlas": str(atlas)}})
    with pytest.raises(InputError, match="another number of regions"):
        read_mean_volume(bold, (4, 1, 1), np.eye(4), prepared)


def test_a_mean_image_is_sampled_at_the_places_of_the_model(small_bids: Path) -> None:
    """An image of another field of view is brought to the places in mm where volumes were sampled in training."""
    from eeg2fmri.data.bold.own_mean import read_mean_volume

    bold = next(small_bids.glob("sub-02/func/*_bold.nii.gz"))
    image = nibabel.load(bold)
    mean = np.asarray(image.dataobj)[..., 3:].mean(-1)
    affine = image.affine @ np.array([[1, 0, 0, 2], [0, 1, 0, 3], [0, 0, 1, 1], [0, 0, 0, 1.0]])
    prepared = PrepareConfig.make({"bold": {"resample": "world"}})
    got = read_mean_volume(bold, (5, 6, 4), affine, prepared)
    np.testing.assert_allclose(got, mean[2:7, 3:9, 1:5], rtol=1e-3)
