"""Sound recordings of every kind, and the damage that is done to each: what the suite of broken input runs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import mne
import nibabel
import numpy as np
import pybv
import scipy.io
from tests import written_eeg as written
from tests.faults import damage

from eeg2fmri.core.random import generator

NAMES = ["Fz", "Cz", "Pz", "Oz"]
SFREQ, TR, VOLUMES, LEAD_S = 64, 1.0, 12, 1.0
SHAPE = (5, 4, 3)


def signal() -> np.ndarray:
    return generator(0, "faults").standard_normal((len(NAMES), SFREQ * 15)) * 2e-5


def unchanged(eeg: np.ndarray) -> np.ndarray:
    return eeg


def sound(
    kind: str, folder: Path, change: Callable[[np.ndarray], np.ndarray] = unchanged
) -> tuple[Path, dict[str, Any]]:
    """Write a recording below a folder; give the file to damage first and the settings to prepare it."""
    place = folder / "anna"
    place.mkdir(parents=True)
    rng = generator(0, "bold")
    volumes = (1000 + 10 * rng.standard_normal((*SHAPE, VOLUMES))).astype(np.float32)
    image = nibabel.Nifti1Image(volumes, np.diag([3.0, 3, 4, 1]))
    image.header.set_xyzt_units("mm", "sec")
    image.header.set_zooms((3, 3, 4, TR))
    zipped = kind == "nii.gz"
    image.to_filename(place / ("rest.nii.gz" if zipped else "rest.nii"))
    eeg = change(signal())
    suffix = {
        "nii": "vhdr",
        "nii.gz": "vhdr",
        "eeg": "vhdr",
        "vmrk": "vhdr",
        "tsv": "vhdr",
        "json": "vhdr",
        "fdt": "set",
    }.get(kind, kind)
    settings: dict[str, Any] = {
        "layout": {"eeg": f"{{subject}}/rest.{suffix}", "bold": f"{{subject}}/rest.nii{'.gz' if zipped else ''}"},
        "mask": "varying",
        "first_volume_s": LEAD_S,
    }
    samples = np.round((LEAD_S + TR * np.arange(VOLUMES)) * SFREQ).astype(int)
    samples = samples[samples < eeg.shape[1]]
    if suffix == "vhdr":
        del settings["first_volume_s"]
        pybv.write_brainvision(
            data=np.nan_to_num(eeg, posinf=0, neginf=0),
            resolution=1.0,
            sfreq=SFREQ,
            ch_names=NAMES,
            fname_base="rest",
            folder_out=place,
            events=[
                {"onset": int(k), "duration": 1, "description": "R128", "type": "Comment", "channels": "all"}
                for k in samples
            ],
            fmt="binary_float32",
        )
        (place / "rest.eeg").write_bytes((eeg.T * 1e6).astype("<f4").tobytes())
        lines = ["name\ttype\tunits\tstatus", *(f"{name}\tEEG\tuV\tgood" for name in NAMES)]
        (place / "channels.tsv").write_text("\n".join(lines) + "\n")
    elif suffix in ("edf", "bdf"):
        status = np.zeros(eeg.shape[1], np.int64)
        status[samples] = 4
        written.write_edf(place / f"rest.{suffix}", eeg, NAMES, SFREQ, bdf=suffix == "bdf", status=status)
        if suffix == "bdf":
            del settings["first_volume_s"]
    elif suffix == "set":
        written.write_eeglab(place / "rest.set", eeg, NAMES, SFREQ, apart=kind == "fdt")
    elif suffix == "fif":
        raw = mne.io.RawArray(eeg, mne.create_info(NAMES, SFREQ, "eeg"), verbose="error")
        raw.save(place / "rest.fif", verbose="error")
    else:
        scipy.io.savemat(place / "rest.mat", {"x": eeg * 1e6}, do_compression=True)
        settings["eeg"] = {"matlab": {"variable": "x", "sfreq": SFREQ, "rows": NAMES}}
    if kind == "json":
        (place / "bold.json").write_text(json.dumps({"TaskName": "rest", "RepetitionTime": TR}))
    return place / {"tsv": "channels.tsv", "json": "bold.json"}.get(kind, f"rest.{kind}"), settings


# damage -----------------------------------------------------------------------------------------------------------


def boundaries(kind: str, size: int) -> list[int]:
    """Bytes at which a field of the header begins."""
    if kind == "nii":
        return [offset for _, offset in nibabel.Nifti1Header().structarr.dtype.fields.values()] + [344, 348, 351, 352]
    if kind in ("edf", "bdf"):
        n = len(NAMES) + 1
        steps = np.cumsum([16 * n, 80 * n, 8 * n, 8 * n, 8 * n, 8 * n, 8 * n, 80 * n, 8 * n, 32 * n])
        return [8, 88, 168, 176, 184, 192, 236, 244, 252, 256, *(int(256 + step) for step in steps)]
    if kind in ("set", "mat"):
        return [4, 116, 124, 126, 128, 132, 136, 144, 152, 160, 168, 176, 184]
    if kind == "fif":
        return [4, 8, 12, 16, 20, 36, 52, 56, 60, 64, 80, 96]
    if kind == "nii.gz":
        return [2, 3, 4, 8, 9, 10, 12, 40, 100, 200, 300]
    return [size * k // 24 for k in range(1, 24)]


def sampled(value: float) -> Any:
    """Put a value into the samples of an EEG or the voxels of an image, by rewriting it."""

    def apply(path: Path) -> None:
        content = path.read_bytes()
        middle = len(content) * 2 // 3 // 4 * 4
        path.write_bytes(content[:middle] + np.float32(value).tobytes() * 8 + content[middle + 32 :])

    return apply


def image_field(name: str, value: Any) -> Any:
    def apply(path: Path) -> None:
        content = path.read_bytes()
        header = nibabel.Nifti1Header(content[:348], check=False)
        header.structarr[name] = value
        path.write_bytes(header.structarr.tobytes() + content[348:])

    return apply


BINARY = ("nii", "nii.gz", "eeg", "edf", "bdf", "set", "fdt", "fif", "mat")
TEXT = ("vhdr", "vmrk", "tsv", "json")
KINDS = (*BINARY, *TEXT)
#: Random changes of bytes by kind; each is one case.
FLIPS = {
    "nii": 70,
    "nii.gz": 25,
    "eeg": 6,
    "edf": 60,
    "bdf": 45,
    "set": 30,
    "fif": 40,
    "mat": 25,
    "vhdr": 60,
    "vmrk": 40,
    "tsv": 20,
    "json": 20,
    "fdt": 4,
}


def cases(kind: str, size: int) -> Iterator[tuple[str, Any]]:
    for at in sorted({0, 1, *boundaries(kind, size), size // 2, size - 1}):
        yield f"truncated at {at}", damage.truncated(at)
    header = {"eeg": size, "set": 700, "fif": 3000, "mat": 300, "nii": 352, "nii.gz": size}.get(kind, min(size, 1800))
    yield from damage.plain_cases(size, generator(7, "faults", kind), FLIPS[kind], header)
    for other in ("rest.nii", "rest.nii.gz", "rest.vhdr", "rest.eeg", "rest.edf"):
        yield f"swapped with {other}", damage.swapped(other)
    if kind in ("nii", "eeg", "fdt"):
        for value in (np.nan, np.inf, -np.inf, 1e38):
            yield f"samples {value}", sampled(value)
    if kind == "nii":
        for name, value in (
            ("dim", [4, 32000, 32000, 32000, 100, 1, 1, 1]),
            ("dim", [4, 5, 4, 3, -12, 1, 1, 1]),
            ("dim", [4, 0, 4, 3, 12, 1, 1, 1]),
            ("dim", [3, 5, 4, 3, 1, 1, 1, 1]),
            ("dim", [7, 5, 4, 3, 12, 1, 1, 1]),
            ("dim", [4, 5, 4, 3, 13, 1, 1, 1]),
            ("dim", [4, 5, 4, 3, 11, 1, 1, 1]),
            ("pixdim", [1, 3, 3, 4, 1000, 1, 1, 1]),
            ("pixdim", [1, 3, 3, 4, 0, 1, 1, 1]),
            ("pixdim", [1, np.nan, 3, 4, 1, 1, 1, 1]),
            ("srow_x", [np.nan, 0, 0, 0]),
            ("srow_x", [0, 0, 0, 0]),
            ("vox_offset", -8),
            ("vox_offset", 1e9),
            ("vox_offset", np.nan),
            ("scl_slope", np.inf),
            ("scl_slope", 1e38),
            ("datatype", 32),
            ("datatype", 128),
            ("datatype", 9999),
            ("bitpix", 3),
            ("sizeof_hdr", 0),
            ("magic", b"xx"),
        ):
            yield f"{name} = {value}", image_field(name, value)
    if kind == "vhdr":
        for old, new in (
            ("NumberOfChannels=4", "NumberOfChannels=400"),
            ("NumberOfChannels=4", "NumberOfChannels=0"),
            ("NumberOfChannels=4", "NumberOfChannels=x"),
            ("SamplingInterval=", "SamplingInterval=-"),
            ("SamplingInterval=", "SamplingInterval=0"),
            ("IEEE_FLOAT_32", "INT_16"),
            ("IEEE_FLOAT_32", "FLOAT_7"),
            ("DataFile=", "DataFile=../"),
            ("MarkerFile=rest.vmrk", "MarkerFile=rest.vhdr"),
            ("DataFile=rest.eeg", "DataFile=rest.nii"),
            ("µV", "V"),
            ("µV", "nV"),
            ("Ch1=Fz", "Ch1=Cz"),
            ("MULTIPLEXED", "VECTORIZED"),
            ("\n", "\r\n"),
            ("[Channel Infos]", "[channel]"),
        ):
            yield f"{old!r} to {new!r}", damage.said(old, new)
    if kind == "json":
        for text in (
            *("{}", "[]", "null", "1", '"x"', '{"RepetitionTime": 1.0', '{"RepetitionTime": 1.0}}', "[" * 100_000),
            *(f'{{"RepetitionTime": {value}}}' for value in ("0", "-1", "null", "true", '"1.0"', "[1.0]", "NaN")),
            *(f'{{"RepetitionTime": {value}}}' for value in ("Infinity", "1e400", "1000", "1.5", "0.999", "1" * 5000)),
            '\ufeff{"RepetitionTime": 1.0}',
            '{"RepetitionTime": 3.0, "RepetitionTime": 1.0}',
        ):
            yield f"{text[:40]!r}", damage.replaced(text.encode())
        yield "latin-1", damage.replaced('{"TaskName": "Ruhe für alle"}'.encode("latin-1"))
    if kind == "tsv":
        for old, new in (
            ("\t", " "),
            ("name", "nome"),
            ("Fz", "Cz"),
            ("Fz", "Ä ö"),
            ("EEG", "ECG"),
            ("good", "bad"),
            ("\n", "\r\n"),
        ):
            yield f"{old!r} to {new!r}", damage.said(old, new)
