"""What the viewer carries is what was measured and predicted, in its place, and fits into the page."""

from __future__ import annotations

import base64
import gzip
import json
from dataclasses import replace

import nibabel
import numpy as np
import pytest

from eeg2fmri.core.errors import Eeg2FmriError
from eeg2fmri.report.html import viewer
from eeg2fmri.report.pages.run import LARGEST_PAGE


def decode(text: str) -> nibabel.Nifti1Image:
    return nibabel.Nifti1Image.from_bytes(gzip.decompress(base64.b64decode(text)))


@pytest.fixture(scope="module")
def maps(runs, examples):
    return runs.results(examples).examples[0]


@pytest.fixture(scope="module")
def subject(maps):
    return viewer.viewer_data([maps])["subjects"][0]


def test_layers_hold_the_volumes(subject, maps):
    layers = {layer["key"]: layer for layer in subject["layers"]}
    assert list(layers) == ["measured", "predicted", "correlation", "aleatoric"]
    assert [layer["frames"] for layer in layers.values()] == [24, 24, 1, 1]
    images = {key: decode(layer["nifti"]) for key, layer in layers.items()} | {
        "anatomy": decode(subject["anatomy"]["nifti"])
    }
    truth = np.where(maps.mask, maps.truth - maps.truth.mean(0), 0)
    wanted = {
        "measured": (np.moveaxis(truth, 0, 3), 0.5),
        "correlation": (np.where(maps.mask, maps.r, 0), 0.001),
        "aleatoric": (np.where(maps.mask, maps.aleatoric, 0), 0.02),
        "anatomy": (maps.anatomy, 0.5),
    }
    rng = np.random.default_rng(0)
    for key, (volume, tolerance) in wanted.items():
        image = images[key]
        data = image.get_fdata()
        assert data.shape[:3] == tuple(subject["grid"])
        for voxel in np.argwhere(maps.mask)[rng.permutation(maps.mask.sum())[:20]]:
            mm = maps.affine @ [*voxel, 1]
            there = np.rint(np.linalg.solve(image.affine, mm)[:3]).astype(int)
            np.testing.assert_allclose(data[tuple(there)], volume[tuple(voxel)], atol=tolerance)
    assert images["measured"].header.get_zooms()[3] == pytest.approx(2.16)
    assert images["measured"].header.get_xyzt_units() == ("mm", "sec")


def test_cutting_out_the_brain_keeps_every_voxel_in_its_place(maps):
    few = np.zeros_like(maps.mask)
    few[7:11, 6:12, 4:8] = True
    subject = viewer.viewer_data([replace(maps, mask=few)])["subjects"][0]
    assert subject["grid"] == [8, 10, 8]
    image = decode(next(layer["nifti"] for layer in subject["layers"] if layer["key"] == "correlation"))
    there = np.rint(np.linalg.solve(image.affine, maps.affine @ [9, 8, 5, 1])[:3]).astype(int)
    assert image.get_fdata()[tuple(there)] == pytest.approx(maps.r[9, 8, 5], abs=0.001)
    assert image.get_fdata()[0, 0, 0] == 0


def test_the_page_finds_the_voxel_that_nifti_finds(subject, maps):
    image = decode(subject["anatomy"]["nifti"])
    np.testing.assert_allclose(np.reshape(subject["toVoxel"], (4, 4)) @ image.affine, np.eye(4), atol=1e-5)
    start = np.rint(np.linalg.solve(maps.affine, [*subject["start"], 1])[:3]).astype(int)
    assert maps.r[tuple(start)] == np.nanmax(maps.r[maps.mask])


def test_example_volumes_are_left_out_until_the_rest_fits(maps):
    whole = viewer.viewer_data([maps])
    size = len(json.dumps(whole))
    small = viewer.viewer_data([maps], budget=size // 2)["subjects"][0]
    frames = {layer["key"]: layer["frames"] for layer in small["layers"]}
    assert 2 <= frames["measured"] == frames["predicted"] == len(small["times"]) < 24
    volumes = sum(len(layer["nifti"]) for layer in small["layers"]) + len(small["anatomy"]["nifti"])
    assert volumes <= size // 2
    none = viewer.viewer_data([maps], budget=100)["subjects"][0]
    assert [layer["key"] for layer in none["layers"]] == ["correlation", "aleatoric"]
    assert none["times"] == []


def test_the_budget_leaves_room_for_the_page():
    assert viewer.VOLUME_BUDGET + len(viewer.niivue()) < LARGEST_PAGE - 4_000_000


def test_subjects_without_volumes_are_not_shown(maps):
    bare = replace(maps, anatomy=None, truth=None, prediction=None)
    assert viewer.viewer_data([]) is None
    assert viewer.viewer_data([bare]) is None
    assert [one["name"] for one in viewer.viewer_data([bare, replace(maps, recording="b")])["subjects"]] == ["b"]


def test_without_mask_onsets_or_correlation(maps):
    bare = replace(maps, mask=None, onsets=None, r=None, aleatoric=None)
    subject = viewer.viewer_data([bare])["subjects"][0]
    assert subject["timed"] is False
    assert subject["grid"] == list(maps.anatomy.shape)
    assert np.isfinite(subject["start"]).all()


def test_niivue_is_the_published_file_with_its_licences(monkeypatch):
    script = gzip.decompress(base64.b64decode(viewer.niivue())).decode()
    assert "niivue" in script[:400]
    for words in ("Copyright (c) 2021, Niivue", "BSD 2-Clause", "fflate", "gl-matrix", "Roboto", "Apache License"):
        assert words in viewer.licences()
    monkeypatch.setattr(viewer, "NIIVUE_SHA256", "0" * 64)
    with pytest.raises(Eeg2FmriError, match="not the published"):
        viewer.niivue()
