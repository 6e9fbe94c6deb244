"""NIfTI and BrainVision files, the same bytes for the same data."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from eeg2fmri.simulate.config import SimulationConfig
from eeg2fmri.simulate.recording.clock import Clock


def write_image(path: Path, data: np.ndarray, affine: np.ndarray, code: str = "scanner") -> None:
    """Write a 3-D NIfTI image in scanner coordinates, mm, or in those that `code` names (nibabel's codes)."""
    import nibabel as nib

    image = nib.Nifti1Image(data, affine)
    image.header.set_xyzt_units("mm", "sec")
    image.set_qform(affine, code=code)
    image.set_sform(affine, code=code)
    nib.save(image, path)


#: NIfTI's codes for the order of slices that are acquired one at a time.
_SLICE_CODES = {"ascending": 1, "descending": 2, "interleaved": 3}


def write_bold(
    path: Path, data: np.ndarray, affine: np.ndarray, config: SimulationConfig, code: str = "scanner"
) -> None:
    """Write a 4-D NIfTI image (x, y, z, volume) with repetition time, s, and the order of slices as acquired."""
    import nibabel as nib

    image = nib.Nifti1Image(data, affine)
    header = image.header
    header.set_xyzt_units("mm", "sec")
    header.set_zooms((*header.get_zooms()[:3], config.tr))
    if code == "scanner":  # elsewhere voxels are no slices as they were acquired
        header.set_dim_info(slice=2)
        n_slices = data.shape[2]
        header.set_slice_duration(config.tr * config.multiband / n_slices)
        header["slice_end"] = n_slices - 1
    # NIfTI has no code for several slices at a time; the sidecar has the times
    if code == "scanner" and config.multiband == 1:
        header["slice_code"] = _SLICE_CODES[config.slice_order]
    image.set_qform(affine, code=code)
    image.set_sform(affine, code=code)
    nib.save(image, path)


def write_brainvision(folder: Path, stem: str, eeg: np.ndarray, names: tuple[str, ...], clock: Clock) -> None:
    """Write EEG, V, as BrainVision (16 bit, 0.1 uV or coarser) with a marker R128 for each volume.

    The markers are of type Response, as scanners' volume triggers are in this format.
    """
    import pybv

    peak = float(np.abs(eeg).max()) * 1e6
    resolution = max(0.1, float(np.ceil(peak / 3200)) / 10)
    events = [
        {"onset": int(sample), "duration": 1, "description": 128, "type": "Response"}
        for sample in clock.marker_samples()
    ]
    pybv.write_brainvision(
        data=eeg,
        sfreq=clock.sfreq,
        ch_names=list(names),
        fname_base=f"{stem}_eeg",
        folder_out=str(folder),
        events=events,
        resolution=resolution,
        unit="µV",
        fmt="binary_int16",
    )
