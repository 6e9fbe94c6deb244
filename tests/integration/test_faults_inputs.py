"""Damage of every kind to every kind of input: it works, or a clear error names the file; never anything else.

Each case takes a sound recording, damages one file, and prepares it. Allowed: a complete store whose arrays are
finite and of the right shape, or an error of this package that names the file (or its folder) and leaves nothing
behind. Not allowed: any other exception, more than ten seconds, hundreds of megabytes.
"""

from __future__ import annotations

import importlib.util
import json
import os
import resource
import shutil
import subprocess
import sys
import time
import warnings
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import mne
import nibabel
import numpy as np
import pybv
import pytest
import scipy.io

from eeg2fmri.core.errors import Eeg2FmriError
from eeg2fmri.core.random import generator
from eeg2fmri.data.config import PrepareConfig
from eeg2fmri.data.prepare import prepare
from eeg2fmri.data.store import Store

NAMES = ["Fz", "Cz", "Pz", "Oz"]
SFREQ, TR, VOLUMES, LEAD_S = 64, 1.0, 12, 1.0
SHAPE = (5, 4, 3)
LONGEST_S, LARGEST_MB = 10.0, 400.0

Damage = Callable[[Path], None]


def _written() -> Any:
    spec = importlib.util.spec_from_file_location("written_eeg", Path(__file__).parents[1] / "written_eeg.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def signal() -> np.ndarray:
    return generator(0, "faults").standard_normal((len(NAMES), SFREQ * 15)) * 2e-5


def sound(kind: str, folder: Path) -> tuple[Path, dict[str, Any]]:
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
    written, eeg = _written(), signal()
    suffix = {"nii": "vhdr", "nii.gz": "vhdr", "eeg": "vhdr", "vmrk": "vhdr", "tsv": "vhdr"}.get(kind, kind)
    settings: dict[str, Any] = {
        "layout": {"eeg": f"{{subject}}/rest.{suffix}", "bold": f"{{subject}}/rest.nii{'.gz' if zipped else ''}"},
        "mask": "varying",
        "first_volume_s": LEAD_S,
    }
    samples = np.round((LEAD_S + TR * np.arange(VOLUMES)) * SFREQ).astype(int)
    if suffix == "vhdr":
        del settings["first_volume_s"]
        pybv.write_brainvision(
            data=eeg,
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
        lines = ["name\ttype\tunits\tstatus", *(f"{name}\tEEG\tuV\tgood" for name in NAMES)]
        (place / "channels.tsv").write_text("\n".join(lines) + "\n")
    elif suffix in ("edf", "bdf"):
        status = np.zeros(eeg.shape[1], np.int64)
        status[samples] = 4
        written.write_edf(place / f"rest.{suffix}", eeg, NAMES, SFREQ, bdf=suffix == "bdf", status=status)
        if suffix == "bdf":
            del settings["first_volume_s"]
    elif suffix == "set":
        written.write_eeglab(place / "rest.set", eeg, NAMES, SFREQ)
    elif suffix == "fif":
        raw = mne.io.RawArray(eeg, mne.create_info(NAMES, SFREQ, "eeg"), verbose="error")
        raw.save(place / "rest.fif", verbose="error")
    else:
        scipy.io.savemat(place / "rest.mat", {"x": eeg * 1e6}, do_compression=True)
        settings["eeg"] = {"matlab": {"variable": "x", "sfreq": SFREQ, "rows": NAMES}}
    return place / ("channels.tsv" if kind == "tsv" else f"rest.{kind}"), settings


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


def truncated(at: int) -> Damage:
    def damage(path: Path) -> None:
        path.write_bytes(path.read_bytes()[:at])

    return damage


def changed(at: int, value: int) -> Damage:
    def damage(path: Path) -> None:
        content = bytearray(path.read_bytes())
        content[at % len(content)] ^= value
        path.write_bytes(content)

    return damage


def replaced(content: bytes) -> Damage:
    return lambda path: path.write_bytes(content) and None


def grown(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\0" * 777)


def looped(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.name)


def folder_instead(path: Path) -> None:
    path.unlink()
    path.mkdir()


def absent(path: Path) -> None:
    path.unlink()


def dangling(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.parent / "nowhere")


def forbidden(path: Path) -> None:
    path.chmod(0)


def swapped(other: str) -> Damage:
    def damage(path: Path) -> None:
        here = path.with_name(other)
        if here.exists() and here != path:
            content = here.read_bytes()
            here.write_bytes(path.read_bytes())
            path.write_bytes(content)
        else:
            path.write_bytes(b"swapped with nothing")

    return damage


def sampled(value: float) -> Damage:
    """Put a value into the samples of an EEG or the voxels of an image, by rewriting it."""

    def damage(path: Path) -> None:
        content = path.read_bytes()
        middle = len(content) * 2 // 3 // 4 * 4
        path.write_bytes(content[:middle] + np.float32(value).tobytes() * 8 + content[middle + 32 :])

    return damage


def said(old: str, new: str) -> Damage:
    def damage(path: Path) -> None:
        path.write_bytes(path.read_bytes().replace(old.encode(), new.encode()))

    return damage


def image_field(name: str, value: Any) -> Damage:
    def damage(path: Path) -> None:
        content = path.read_bytes()
        header = nibabel.Nifti1Header(content[:348], check=False)
        header.structarr[name] = value
        path.write_bytes(header.structarr.tobytes() + content[348:])

    return damage


BINARY = ("nii", "nii.gz", "eeg", "edf", "bdf", "set", "fif", "mat")
TEXT = ("vhdr", "vmrk", "tsv")
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
}


def cases(kind: str, size: int) -> Iterator[tuple[str, Damage]]:
    for at in sorted({0, 1, *boundaries(kind, size), size // 2, size - 1}):
        yield f"truncated at {at}", truncated(at)
    rng = generator(7, "faults", kind)
    header = {"eeg": size, "set": 700, "fif": 3000, "mat": 300, "nii": 352, "nii.gz": size}.get(kind, min(size, 1800))
    for k in range(FLIPS[kind]):
        at, value = int(rng.integers(min(header, size))), int(rng.integers(1, 256))
        yield f"byte {at} changed by {value} ({k})", changed(at, value)
    yield "empty", replaced(b"")
    yield "of zeros", replaced(b"\0" * size)
    yield "random", replaced(rng.bytes(size))
    yield "text", replaced("Größe = ∞\n".encode() * 30)
    yield "longer", grown
    yield "absent", absent
    yield "a loop of links", looped
    yield "a dangling link", dangling
    yield "a folder", folder_instead
    yield "permission denied", forbidden
    for other in ("rest.nii", "rest.nii.gz", "rest.vhdr", "rest.eeg", "rest.edf"):
        yield f"swapped with {other}", swapped(other)
    if kind in ("nii", "eeg"):
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
            yield f"{old!r} to {new!r}", said(old, new)
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
            yield f"{old!r} to {new!r}", said(old, new)


# the suite --------------------------------------------------------------------------------------------------------


def judge(root: Path, out: Path, settings: dict[str, Any], name: str) -> str:
    """Prepare, and say how it ended; anything that is not allowed fails the test."""
    began = time.perf_counter()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            store = prepare(root, out, PrepareConfig.make(settings))
    except Eeg2FmriError as error:
        text = str(error)
        assert "anna" in text or str(root) in text, f"the error does not say where: {text}"
        assert not out.exists()
        assert not list(out.parent.glob(".*partial"))
        outcome = "error"
    else:
        store.verify()
        check_sane(store)
        outcome = "success"
    elapsed = time.perf_counter() - began
    assert elapsed < LONGEST_S, f"{name} took {elapsed:.1f} s"
    return outcome


def check_sane(store: Store) -> None:
    for k, recording in enumerate(store.recordings):
        assert recording.n_volumes == len(recording.onsets)
        for array in (store.eeg(k), store.bold(k), store.voxel_mean(k), store.voxel_std(k)):
            assert np.isfinite(array).all()
        assert (np.diff(recording.onsets) > 0).all()
        assert store.mask(k).any()


def run_cases(kind: str, folder: Path) -> Counter[str]:
    first, settings = sound(kind, folder / "sound")
    counts: Counter[str] = Counter()
    assert judge(folder / "sound", folder / "store", settings, "sound") == "success"
    shutil.rmtree(folder / "store")
    failures = []
    for name, damage in cases(kind, first.stat().st_size):
        shutil.copytree(folder / "sound", folder / "copy")
        target = folder / "copy" / first.relative_to(folder / "sound")
        damage(target)
        try:
            counts[judge(folder / "copy", folder / "store", settings, name)] += 1
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            failures.append(f"{kind}: {name}: {type(error).__name__}: {error}")
        shutil.rmtree(folder / "copy")
        shutil.rmtree(folder / "store", ignore_errors=True)
    assert not failures, f"{len(failures)} of {sum(counts.values()) + len(failures)}\n" + "\n".join(failures)
    return counts


@pytest.mark.parametrize("kind", KINDS)
def test_damage(kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    counts = run_cases(kind, tmp_path)
    used = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert used < LARGEST_MB, f"{used:.0f} MB"
    with capsys.disabled():
        ended = f"{counts['success']} success, {counts['error']} clear error"
        print(f"\nfaults, {kind}: {sum(counts.values())} cases, {ended}")
    assert counts["error"] > 5


def test_there_are_at_least_500_cases(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    numbers = {}
    for kind in KINDS:
        first, _ = sound(kind, tmp_path / kind)
        numbers[kind] = sum(1 for _ in cases(kind, first.stat().st_size))
    with capsys.disabled():
        print(f"\nfaults: {sum(numbers.values())} cases of {len(numbers)} kinds of files")
    assert sum(numbers.values()) >= 500


@pytest.mark.parametrize("name", ["with spaces", "Jürgen", "日本", "it's", "a;b&c", "-dash", "π.x"])
def test_names(name: str, tmp_path: Path) -> None:
    _, settings = sound("vhdr", tmp_path / name / "set")
    assert judge(tmp_path / name / "set", tmp_path / f"{name} store", settings, name) == "success"


def test_permission_denied_for_somebody_who_is_not_root(tmp_path: Path) -> None:
    """Root may read everything: ask as nobody where that is possible."""
    if os.geteuid() == 0:
        pytest.skip("as root every file can be read")
    first, settings = sound("edf", tmp_path / "set")
    first.chmod(0)
    assert judge(tmp_path / "set", tmp_path / "store", settings, "forbidden") == "error"


BOMBED = """
import resource, sys, json
from eeg2fmri.core.errors import Eeg2FmriError
from eeg2fmri.data.config import PrepareConfig
from eeg2fmri.data.prepare import prepare
import mne.io.brainvision.brainvision, nibabel, scipy.io
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 600 * 2**20,) * 2)
try:
    prepare(sys.argv[1], sys.argv[2], PrepareConfig.make(json.loads(sys.argv[3])))
except Eeg2FmriError as error:
    print(error)
    sys.exit(1)
"""


@pytest.mark.parametrize("promise", ["honest", "lying"])
def test_a_bomb_of_zeros_in_a_compressed_image(promise: str, tmp_path: Path) -> None:
    """800 MB of zeros in 1 MB, with a header that promises them or not: refused, within 600 MB."""
    first, settings = sound("nii.gz", tmp_path / "set")
    header = nibabel.load(first).header.copy()
    if promise == "honest":
        header.set_data_shape((1024, 1024, 42, VOLUMES))
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    packed = [packer.compress(header.structarr.tobytes() + b"\0" * 4)]
    packed += [packer.compress(bytes(2**22)) for _ in range(200)]
    first.write_bytes(b"".join([*packed, packer.flush()]))
    assert first.stat().st_size < 3e6
    arguments = [sys.executable, "-c", BOMBED, str(tmp_path / "set"), str(tmp_path / "store"), json.dumps(settings)]
    done = subprocess.run(
        arguments, capture_output=True, text=True, timeout=120, env={**os.environ, "OMP_NUM_THREADS": "1"}
    )
    assert done.returncode == 1, done.stderr[-2000:]
    assert "rest.nii.gz" in done.stdout
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "store").exists()
