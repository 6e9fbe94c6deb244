"""Images are placed by their affines; images that say that they are in another space are refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest

from eeg2fmri.core.errors import InputError
from eeg2fmri.core.random import generator
from eeg2fmri.data.bold.image import BoldImage
from eeg2fmri.data.bold.own_mean import read_mean_volume
from eeg2fmri.data.bold.regrid import regrid_affine
from eeg2fmri.data.prepare.run import prepare
from eeg2fmri.data.settings.prepare import PrepareConfig
from eeg2fmri.evaluate.inputs.atlas import Atlas

SPACE = "MNI152NLin6Asym"


def moved(affine: np.ndarray, voxels: Any) -> np.ndarray:
    """Affine of a grid whose first voxel is voxel `voxels` of another grid."""
    out = affine.copy()
    out[:3, 3] += affine[:3, :3] @ voxels
    return out


def derivatives(bids: Any, affines: dict[str, np.ndarray], mask: Any, volumes: Any = None, space: str = SPACE) -> None:
    for subject, affine in affines.items():
        folder = bids.root / "derivatives" / "fmriprep" / f"sub-{subject}" / "func"
        folder.mkdir(parents=True, exist_ok=True)
        stem = folder / f"sub-{subject}_task-rest_space-{space}"
        data = bids.volumes(subject) if volumes is None else volumes[subject]
        image = nibabel.Nifti1Image(data.astype(np.float32), affine)
        image.header.set_zooms((*image.header.get_zooms()[:3], bids.tr))
        image.to_filename(f"{stem}_desc-preproc_bold.nii.gz")
        Path(f"{stem}_desc-preproc_bold.json").write_text(json.dumps({"RepetitionTime": bids.tr}))
        if mask is not None:
            nibabel.Nifti1Image(*mask).to_filename(f"{stem}_desc-brain_mask.nii.gz")


def make(bids: Any, name: str = "store", **settings: Any) -> Any:
    settings.setdefault("bold", {"derivatives": "derivatives/fmriprep"})
    return prepare(bids.root, bids.root.parent / name, PrepareConfig.make(settings))


@pytest.mark.parametrize("by", [(1, 0, 0), (0, -2, 1)])
def test_a_mask_of_the_same_size_is_placed_by_its_affine(by: tuple[int, int, int], two: Any) -> None:
    inside = np.zeros(two.shape, np.uint8)
    inside[2:5, 2:4, 1:3] = 1
    affines = {"01": two.affine, "02": two.affine}
    derivatives(two, affines, (inside, moved(two.affine, by)))
    store = make(two, mask="derivatives")
    expected = np.zeros(two.shape, bool)  # voxel i of the mask is voxel i + by of the BOLD
    for voxel in np.argwhere(inside):
        place = voxel + by
        if np.all((place >= 0) & (place < two.shape)):
            expected[tuple(place)] = True
    assert expected.any()
    np.testing.assert_array_equal(store.mask(0), expected)
    assert any("brain mask has other voxels" in text for text in store.recordings[0].quality["warnings"])


def test_a_mask_of_finer_voxels_covers_the_same_places(two: Any) -> None:
    fine = np.zeros(tuple(3 * size for size in two.shape), np.uint8)
    fine[6:15, 6:12, 3:9] = 1
    derivatives(two, {"01": two.affine, "02": two.affine}, (fine, regrid_affine(two.affine, two.shape, fine.shape)))
    expected = np.zeros(two.shape, bool)
    expected[2:5, 2:4, 1:3] = True
    np.testing.assert_array_equal(make(two, mask="derivatives").mask(1), expected)


def test_a_mask_that_lies_elsewhere_is_refused(two: Any) -> None:
    derivatives(
        two, {"01": two.affine, "02": two.affine}, (np.ones(two.shape, np.uint8), moved(two.affine, [40, 0, 0]))
    )
    with pytest.raises(InputError, match="brain mask lies outside"):
        make(two, mask="derivatives")


def labels(shape: tuple[int, ...]) -> np.ndarray:
    made = np.ones(shape, np.int16)
    made[shape[0] // 2 :] = 2
    return made


@pytest.mark.parametrize(
    ("name", "code"),
    [("atlas.nii", 4), ("atlas.nii", 3), ("atlas_FSLMNI152_2mm.nii", 2), (f"atlas_space-{SPACE}_dseg.nii", 1)],
)
def test_an_atlas_of_a_template_is_no_atlas_of_native_volumes(name: str, code: int, two: Any) -> None:
    image = nibabel.Nifti1Image(labels(two.shape), two.affine)
    image.set_sform(two.affine, code)
    image.to_filename(two.root / name)
    with pytest.raises(InputError, match="the atlas is in another space"):
        make(two, bold={"atlas": name})
    with pytest.raises(InputError, match="the atlas is in another space"):
        Atlas.open(two.root / name).on(two.shape, two.affine, "native")
    derivatives(two, {"01": two.affine, "02": two.affine}, None)
    settings = {"derivatives": "derivatives/fmriprep", "atlas": name}
    if code == 3:
        with pytest.raises(InputError, match="Talairach"):
            make(two, "other", bold=settings)
    else:
        assert make(two, "other", bold=settings).regions == (1, 2)


def ramp(affine: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Give values that say where they are: 1000 + x + 2 y - 3 z, mm."""
    places = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), -1) @ affine[:3, :3].T + affine[:3, 3]
    return np.asarray(1000 + places @ [1, 2, -3])


def test_recordings_of_other_fields_of_view_meet_where_they_are_in_a_common_space(two: Any) -> None:
    near = moved(two.affine, [1, -1, 0.5])
    near[:3, :3] *= 0.8
    noise = generator(0, "spaces").standard_normal((*two.shape, two.n_volumes))
    middle = (near @ [*(np.array(two.shape) - 1) / 2, 1])[:3]

    def blob(affine: np.ndarray) -> np.ndarray:
        grid = np.stack(np.meshgrid(*map(np.arange, two.shape), indexing="ij"), -1)
        places = grid @ affine[:3, :3].T + affine[:3, 3]
        return 1000 * np.exp(-((places - middle) ** 2).sum(-1) / (2 * 4.0**2))

    volumes = {key: blob(at)[..., None] + noise for key, at in (("01", two.affine), ("02", near))}
    derivatives(two, {"01": two.affine, "02": near}, None, volumes)
    store = make(two, mask="varying")
    np.testing.assert_allclose(store.affine, two.affine)
    # places that both fields of view hold, with a voxel around them
    places = np.argwhere(np.ones(two.shape)) @ two.affine[:3, :3].T + two.affine[:3, 3]
    there = (places - near[:3, 3]) @ np.linalg.inv(near[:3, :3]).T
    held = np.all((there > 1) & (there < np.array(two.shape) - 2), axis=1).reshape(two.shape)
    assert held.any()
    np.testing.assert_allclose(store.voxel_mean(1)[held], blob(two.affine)[held], atol=30)
    assert np.abs(store.voxel_mean(1) - blob(near)).max() > 200  # by index it would be these
    assert any("another field of view" in text for text in store.recordings[1].quality["warnings"])


def test_a_mean_image_is_placed_where_it_is(tmp_path: Path) -> None:
    affine, shape = np.diag([3.0, 3, 4, 1]), (8, 9, 7)
    own = moved(np.diag([2.0, 2, 2, 1]), [-3, -4, -2])
    path = tmp_path / f"sub-01_space-{SPACE}_boldref.nii"
    nibabel.Nifti1Image(ramp(own, (20, 22, 20)).astype(np.float32), own).to_filename(path)
    notes: list[str] = []
    got = read_mean_volume(path, shape, affine, space=SPACE, notes=notes)
    inside = (slice(0, 7), slice(0, 7), slice(0, 6))  # where the image reaches
    np.testing.assert_allclose(got[inside], ramp(affine, shape)[inside], atol=1)
    assert notes == ["the mean image has other voxels than the model: sampled at those by its affine"]
    with pytest.raises(InputError, match="another space"):
        read_mean_volume(path, shape, affine, space="MNI152NLin2009cAsym")
    with pytest.raises(InputError, match="another space"):
        read_mean_volume(path, shape, affine, space="native")
    far = tmp_path / "far.nii"
    nibabel.Nifti1Image(np.ones(shape, np.float32), moved(affine, [50, 0, 0])).to_filename(far)
    with pytest.raises(InputError, match="outside the grid"):
        read_mean_volume(far, shape, affine, space=SPACE)


def test_a_mean_image_of_another_field_of_view_is_not_stretched_over_a_native_model(tmp_path: Path) -> None:
    path = tmp_path / "mean.nii"
    nibabel.Nifti1Image(np.ones((20, 22, 20), np.float32), np.diag([2.0, 2, 2, 1])).to_filename(path)
    with pytest.raises(InputError, match="another field of view"):
        read_mean_volume(path, (8, 9, 7), np.diag([3.0, 3, 4, 1]))


def test_it_is_said_which_of_two_affines_counts(two: Any, tmp_path: Path) -> None:
    path = tmp_path / "a.nii"
    image = nibabel.Nifti1Image(two.volumes("01"), two.affine)
    image.set_sform(two.affine, 1)
    image.set_qform(moved(two.affine, [0, 3, 0]), 1)
    image.to_filename(path)
    opened = BoldImage.open(path)
    apart = 3 * np.linalg.norm(two.affine[:3, 1])
    assert opened.notes == (f"sform and qform of a.nii disagree by up to {apart:.1f} mm: the sform counts",)
    np.testing.assert_allclose(opened.affine, two.affine, atol=1e-5)
    image.set_qform(two.affine, 1)
    image.to_filename(path)
    assert BoldImage.open(path).notes == ()


def test_recordings_in_different_spaces_are_not_mixed(two: Any) -> None:
    source = two.root / "sub-02/func/sub-02_task-rest_bold.nii.gz"
    source.rename(source.with_name(f"sub-02_task-rest_space-{SPACE}_bold.nii.gz"))
    layout = {"eeg": "sub-{subject}/eeg/*.vhdr", "bold": "sub-{subject}/func/*_bold.nii.gz"}
    with pytest.raises(InputError, match="different spaces"):
        make(two, layout=layout, bold={}, tr=two.tr)
