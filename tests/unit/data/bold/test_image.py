from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest

from eeg2fmri.core.errors import InputError
from eeg2fmri.data.bold.brain_mask import brain_mask
from eeg2fmri.data.bold.headers import orientation, orientation_problem
from eeg2fmri.data.bold.image import BoldImage
from eeg2fmri.data.bold.own_mean import read_mean_volume
from eeg2fmri.data.bold.regrid import regrid, regrid_affine
from eeg2fmri.data.prepare.write_bold import VoxelStatistics


@pytest.mark.parametrize("extension", [".nii", ".nii.gz"])
def test_volumes_one_after_the_other(bids: Any, extension: str) -> None:
    image = BoldImage.open(bids.bold("01", extension=extension))
    assert image.shape == (7, 6, 5)
    assert image.n_volumes == 17
    assert image.header_tr == 2.0
    np.testing.assert_allclose(image.affine, bids.affine)
    volumes = np.stack(list(image.volumes()))
    assert volumes.dtype == np.float32
    np.testing.assert_array_equal(np.moveaxis(volumes, 0, -1), bids.volumes("01"))


@pytest.mark.parametrize("at_once", [1, 3, 8, 16])
def test_volumes_some_at_a_time(bids: Any, at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("eeg2fmri.data.bold.image.BLOCK", at_once * 7 * 6 * 5 + 1)
    blocks = list(BoldImage.open(bids.bold("01")).blocks())
    assert [len(block) for block in blocks[:-1]] == [at_once] * (16 // at_once)
    np.testing.assert_array_equal(np.moveaxis(np.concatenate(blocks), 0, -1), bids.volumes("01"))


@pytest.mark.parametrize("dtype", [np.int16, np.uint8, np.float64, ">i2", ">f4"])
def test_scaled_and_swapped_values_are_those_of_nibabel(tmp_path: Path, dtype: Any) -> None:
    values = np.random.default_rng(0).integers(0, 200, (3, 4, 5, 6)).astype(dtype)
    header = nibabel.Nifti1Header(endianness=">" if np.dtype(dtype).byteorder == ">" else "<")
    image = nibabel.Nifti1Image(values, np.eye(4), header)
    image.header.set_slope_inter(0.5, -7)
    path = tmp_path / "a_bold.nii.gz"
    image.to_filename(path)
    ours = np.stack(list(BoldImage.open(path).volumes()), -1)
    np.testing.assert_allclose(ours, nibabel.load(path).get_fdata(), rtol=1e-6)


def refused(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        list(BoldImage.open(path).volumes())
    assert path.name in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("keep", [0, 100, 348, 400, 2000, -400, -1])
def test_a_truncated_image(bids: Any, keep: int) -> None:
    path = bids.bold("01", extension=".nii")
    path.write_bytes(path.read_bytes()[:keep])
    refused(path)


def test_a_truncated_image_says_so(bids: Any) -> None:
    path = bids.bold("01", extension=".nii")
    path.write_bytes(path.read_bytes()[:-5])
    assert "truncated" in refused(path)
    packed = bids.bold("02")
    packed.write_bytes(gzip.compress(gzip.decompress(packed.read_bytes())[:-5]))
    assert "volume 16 of 17" in refused(packed)


@pytest.mark.parametrize("keep", [0, 5, 200, 1000, -9, -1])
def test_a_truncated_compressed_image(bids: Any, keep: int) -> None:
    path = bids.bold("01")
    path.write_bytes(path.read_bytes()[:keep])
    refused(path)


def test_flipped_bits_in_a_compressed_image(bids: Any) -> None:
    path = bids.bold("01")
    data = bytearray(path.read_bytes())
    data[-3000] ^= 0x10
    path.write_bytes(data)
    assert "truncated or damaged" in refused(path)


@pytest.mark.parametrize("extension", [".nii", ".nii.gz"])
def test_a_header_that_promises_too_much_allocates_nothing(bids: Any, extension: str) -> None:
    path = bids.bold("01", extension=extension)
    data = bytearray(path.read_bytes() if extension == ".nii" else gzip.decompress(path.read_bytes()))
    data[42:48] = np.array([30000, 30000, 30000], np.int16).tobytes()
    path.write_bytes(data if extension == ".nii" else gzip.compress(bytes(data)))
    assert "its header is wrong" in refused(path)


def test_an_image_longer_than_its_header_says(bids: Any) -> None:
    path = bids.bold("01", extension=".nii")
    path.write_bytes(path.read_bytes() + bytes(7 * 6 * 5 * 4))
    assert "longer than its header says" in refused(path)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_volumes_that_are_not_finite_are_all_named(bids: Any, value: float) -> None:
    volumes = bids.volumes("01")
    volumes[3, 2, 1, [4, 9]] = value
    assert "volumes 4, 9 of 17" in refused(bids.bold("01", volumes=volumes))


def test_values_that_overflow_are_not_finite(bids: Any) -> None:
    volumes = bids.volumes("01").astype(np.float64)
    volumes[0, 0, 0, 3] = 1e300
    assert "volumes 3 of 17" in refused(bids.bold("01", volumes=volumes))


def test_what_is_no_series_of_volumes(bids: Any, tmp_path: Path) -> None:
    assert "3 dimensions" in refused(bids.bold("01", volumes=bids.volumes("01")[..., 0]))
    assert "real values" in refused(bids.bold("01", volumes=bids.volumes("01").astype(np.complex64)))
    text = tmp_path / "a_bold.nii"
    text.write_text("no image")
    assert "cannot be read" in refused(text)
    other = tmp_path / "a.mgz"
    nibabel.MGHImage(np.zeros((2, 3, 4, 5), np.float32), np.eye(4)).to_filename(other)
    assert "not NIfTI" in refused(other)
    with pytest.raises(InputError, match="does not exist"):
        BoldImage.open(tmp_path / "nothing.nii")


def test_an_affine_that_is_none(bids: Any) -> None:
    path = bids.bold("01", extension=".nii")
    data = bytearray(path.read_bytes())
    data[312:328] = bytes(16)  # the third row of the sform
    path.write_bytes(data)
    assert "affine of the image is not valid" in refused(path)


def test_what_nibabel_mends_in_a_header_is_told_not_printed(bids: Any, capfd: pytest.CaptureFixture[str]) -> None:
    path = bids.bold("01", extension=".nii")
    data = bytearray(path.read_bytes())
    data[252:254] = np.int16(81).tobytes()  # the code of the qform
    path.write_bytes(data)
    assert BoldImage.open(path).notes == ("NIfTI header: qform_code 81 not valid; setting to 0",)
    assert capfd.readouterr() == ("", "")


def test_orientation() -> None:
    assert orientation(np.diag([-2.0, 2, 2, 1])) == "LAS"
    assert orientation_problem(Path("x"), np.diag([-2.0, 2, 2, 1]), "LAS") is None
    problem = orientation_problem(Path("x"), np.diag([2.0, 2, 2, 1]), "LAS")
    assert problem is not None
    assert (problem.got, problem.expected) == ("RAS", "LAS")


def test_the_mean_volume_of_a_subject(bids: Any, tmp_path: Path) -> None:
    volumes = bids.volumes("01")
    path = bids.bold("01")
    np.testing.assert_allclose(read_mean_volume(path, (7, 6, 5), bids.affine), volumes[..., 3:].mean(-1), rtol=1e-5)
    moved = read_mean_volume(path, (5, 7, 4), regrid_affine(bids.affine, (7, 6, 5), (5, 7, 4)))
    np.testing.assert_allclose(moved, regrid(volumes[..., 3:].mean(-1, dtype=float), (5, 7, 4)), rtol=1e-4)
    mean = tmp_path / "mean.nii"
    nibabel.Nifti1Image(volumes[..., 2], bids.affine).to_filename(mean)
    np.testing.assert_array_equal(read_mean_volume(mean, (7, 6, 5), bids.affine), volumes[..., 2])
    with pytest.raises(InputError, match="other directions"):
        read_mean_volume(mean, (7, 6, 5), bids.affine @ np.diag([-1, 1, 1, 1]))


def test_statistics_over_volumes_keep_their_digits_on_a_high_baseline() -> None:
    volumes = (1e5 + np.random.default_rng(0).standard_normal((40, 2, 3, 4))).astype(np.float32)
    statistics = VoxelStatistics((2, 3, 4))
    for first in range(0, 40, 7):
        statistics.update(volumes[first : first + 7])
    mean, std = statistics.result()
    np.testing.assert_allclose(mean, volumes.mean(0, dtype=float), rtol=1e-7)
    np.testing.assert_allclose(std, volumes.std(0, dtype=float), rtol=1e-5)
    with pytest.raises(ValueError, match="no volume"):
        VoxelStatistics((2, 3, 4)).result()


@pytest.mark.parametrize("shape", [(9, 8, 7), (24, 22, 20)])
def test_the_brain_is_what_is_bright_and_varies(shape: tuple[int, int, int]) -> None:
    rng = np.random.default_rng(0)
    centre = np.array(shape) / 2 - 0.5
    axes = np.meshgrid(*(np.arange(size) for size in shape), indexing="ij")
    inside = sum(((axis - c) / (0.4 * size)) ** 2 for axis, c, size in zip(axes, centre, shape, strict=True)) < 1
    mean = np.where(inside, 800 + 200 * rng.random(shape), 10 + 30 * rng.random(shape))
    std = np.full(shape, 5.0)
    constant = tuple(int(c) for c in centre)
    std[constant] = 0
    mask = brain_mask(mean, std, "epi")
    assert not mask[constant]
    mask[constant] = inside[constant]
    assert (mask != inside).mean() < 0.02
    np.testing.assert_array_equal(brain_mask(mean, std, "varying"), std > 0)


def test_no_brain_is_an_error() -> None:
    flat = np.full((4, 5, 6), 3.0)
    with pytest.raises(InputError, match=r"no brain(.|\n)*sub-01"):
        brain_mask(flat, np.zeros((4, 5, 6)), "varying", "sub-01")


def test_background_that_is_no_number_in_every_volume_is_0(bids: Any) -> None:
    volumes = bids.volumes("01")
    outside = volumes.mean(-1) < 100
    volumes[outside] = np.nan
    image = BoldImage.open(bids.bold("01", volumes=volumes))
    notes: list[str] = []
    got = np.concatenate(list(image.blocks(notes)))
    expected = np.moveaxis(np.nan_to_num(volumes, nan=0.0), -1, 0)
    np.testing.assert_allclose(got, expected, rtol=1e-6)
    assert notes == [f"{outside.mean():.0%} of the voxels are not a number in every volume: taken for background, 0"]
    assert np.isnan(volumes[outside]).all()


@pytest.mark.parametrize("volume", [0, 5, 16])
def test_a_voxel_that_is_no_number_now_and_then_is_damage(volume: int, bids: Any) -> None:
    volumes = bids.volumes("01")
    volumes[volumes.mean(-1) < 100] = np.nan
    volumes[3, 3, 2, volume] = np.nan
    with pytest.raises(InputError, match="not finite"):
        list(BoldImage.open(bids.bold("01", volumes=volumes)).volumes())
    volumes[3, 3, 2, volume] = np.inf
    with pytest.raises(InputError, match="not finite"):
        list(BoldImage.open(bids.bold("01", volumes=volumes)).volumes())
