"""Regions of label images and of probabilistic maps: mean courses beside nilearn's maskers, names, wrong atlases."""

import nibabel
import numpy as np
import pandas as pd
import pytest
from nilearn.maskers import NiftiLabelsMasker, NiftiMapsMasker
from sklearn.utils import Bunch

from eeg2fmri.core.errors import InputError
from eeg2fmri.evaluate.inputs.atlas import Atlas

GRID, VOXEL = (9, 10, 8), 4.0
#: The atlas is finer, and turned round along x.
FINE = np.array([[-2.0, 0, 0, 34], [0, 2.0, 0, -1], [0, 0, 2.0, -1], [0, 0, 0, 1]])
AFFINE = np.diag([VOXEL, VOXEL, VOXEL, 1.0])
NUMBERS = (3, 7, 12, 40)


@pytest.fixture
def volumes(rng):
    # nilearn computes in the precision of the images
    return 500 + 20 * rng.standard_normal((6, *GRID))


@pytest.fixture
def mask(rng):
    inside = rng.random(GRID) < 0.8
    inside[0] = False
    return inside


@pytest.fixture
def labels(rng):
    values = np.zeros((18, 20, 16), np.int16)
    values[1:8], values[8:14, :9], values[8:14, 9:], values[14:, 12:] = NUMBERS
    return nibabel.Nifti1Image(values, FINE)


@pytest.fixture
def maps():
    at = np.indices((18, 20, 16)).astype(float)
    centres = [(4, 5, 5), (12, 6, 8), (9, 14, 9), (14, 15, 4), (5, 15, 12)]
    blobs = [np.exp(-sum((a - c) ** 2 for a, c in zip(at, centre, strict=True)) / 18) for centre in centres]
    values = np.stack([np.where(blob > 0.05, blob, 0) for blob in blobs], axis=-1)
    return nibabel.Nifti1Image(values.astype(np.float32), FINE)


def images(volumes, mask):
    return (
        nibabel.Nifti1Image(np.moveaxis(volumes, 0, -1), AFFINE),
        nibabel.Nifti1Image(mask.astype(np.uint8), AFFINE),
    )


def test_means_of_labels_are_those_of_nilearn(volumes, mask, labels):
    series, brain = images(volumes, mask)
    masker = NiftiLabelsMasker(labels, mask_img=brain, resampling_target="data", standardize=None)
    expected = masker.fit_transform(series)
    kept, found = Atlas.open(Bunch(maps=labels)).on(GRID, AFFINE).courses(volumes, mask)
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    assert kept.tolist() == [0, 1, 2, 3]


def test_courses_of_maps_are_those_of_nilearn(volumes, mask, maps):
    series, brain = images(volumes, mask)
    masker = NiftiMapsMasker(maps, mask_img=brain, resampling_target="data", standardize=None, keep_masked_maps=False)
    expected = masker.fit_transform(series)
    regions = Atlas.open(Bunch(maps=maps)).on(GRID, AFFINE)
    kept, found = regions.courses(volumes, mask)
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    assert len(kept) == 5
    assert regions.voxels(0)[1:7].any()
    assert regions.voxels(0).sum() < regions.values[..., 0].astype(bool).sum()


def test_regions_outside_the_mask_are_left_out_and_others_keep_their_names(volumes, mask, labels, maps):
    mask[:2] = False  # the atlas runs from the other side: its last region
    names = ("a", "b", "c", "d")
    lut = pd.DataFrame({"index": [0, *NUMBERS], "name": ["Background", *names]})
    regions = Atlas.open(Bunch(maps=labels, lut=lut)).on(GRID, AFFINE)
    kept, found = regions.courses(volumes, mask)
    assert [regions.names[k] for k in kept] == ["a", "b", "c"]
    inside = mask & (regions.values == 7)
    np.testing.assert_allclose(found[:, 1], volumes[:, inside].mean(axis=1), rtol=1e-6)
    mask[:7] = False
    of_maps = Atlas.open(Bunch(maps=maps, labels=list("vwxyz"))).on(GRID, AFFINE)
    kept, _ = of_maps.courses(volumes, mask)
    assert [of_maps.names[k] for k in kept] == ["v", "x", "z"]
    with pytest.raises(InputError, match="no region"):
        regions.courses(volumes, np.zeros(GRID, bool))


def test_names_come_with_the_image_beside_it_or_from_a_fetcher(labels, maps, tmp_path):
    labels.to_filename(tmp_path / "atlas.nii.gz")
    assert Atlas.open(tmp_path / "atlas.nii.gz").on(GRID, AFFINE).names == ("3", "7", "12", "40")
    (tmp_path / "atlas.tsv").write_text("index\tname\n3\tCuneus\n12\tInsula\n")
    assert Atlas.open(tmp_path / "atlas.nii.gz").on(GRID, AFFINE).names == ("Cuneus", "7", "Insula", "40")
    (tmp_path / "own.csv").write_text("index,name\n7,Precuneus\n")
    given = (tmp_path / "atlas.nii.gz", tmp_path / "own.csv")
    assert Atlas.open(given).on(GRID, AFFINE).names == ("3", "Precuneus", "12", "40")
    fetched = Bunch(maps=maps, labels=pd.DataFrame({"component": [1, 2, 3, 4, 5], "difumo_names": list("abcde")}))
    assert Atlas.open(fetched).on(GRID, AFFINE).names == tuple("abcde")
    by_index = Bunch(maps=labels, labels=["A", "B"], indices=["3", "40"])
    assert Atlas.open(by_index).on(GRID, AFFINE).names == ("A", "7", "12", "B")


def test_a_table_of_another_atlas_is_refused(labels, tmp_path):
    labels.to_filename(tmp_path / "atlas.nii.gz")
    (tmp_path / "own.csv").write_text("index,name\n2001,Precuneus\n")
    with pytest.raises(InputError, match="names no region of the atlas") as error:
        Atlas.open((tmp_path / "atlas.nii.gz", tmp_path / "own.csv"))
    assert "came with this image" in str(error.value)


def test_wrong_atlases_are_named(tmp_path, rng, labels):
    recording = 500 * rng.random(GRID)[..., None] + rng.standard_normal((*GRID, 4))
    for name, values, affine in (
        ("fractions", rng.random(GRID), AFFINE),
        ("series", np.ones((*GRID, 2)), AFFINE),
        ("recording", recording, AFFINE),
        ("nothing", np.zeros(GRID), AFFINE),
        ("elsewhere", np.ones(GRID), AFFINE + np.eye(4, k=3) * 500),
    ):
        nibabel.Nifti1Image(values, affine).to_filename(tmp_path / f"{name}.nii")
        with pytest.raises(InputError, match=r"no atlas|outside the volumes"):
            Atlas.open(tmp_path / f"{name}.nii").on(GRID, AFFINE)
