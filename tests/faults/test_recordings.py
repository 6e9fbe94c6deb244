"""Damage of every kind to every kind of recording, which is then prepared.

Allowed: a complete store whose arrays are finite, of the right shape and of the right volumes, or an error of this
package that names the file (or its folder) and leaves nothing behind; see `tests.faults.harness`.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import warnings
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from tests.faults.damaged_sets import KINDS, NAMES, SFREQ, TR, VOLUMES, cases, sound
from tests.faults.harness import ALL, Case, run_cases
from tests.faults.harness import judge as judge_report

from eeg2fmri.core.errors import Eeg2FmriError
from eeg2fmri.data.prepare.run import prepare
from eeg2fmri.data.settings.prepare import PrepareConfig
from eeg2fmri.data.store.store import Store

#: Of processor time.
LONGEST_S = 10.0


# the suite --------------------------------------------------------------------------------------------------------


def judge(
    root: Path, out: Path, settings: dict[str, Any], name: str, whole: Store | None = None, *, again: bool = False
) -> str:
    """Prepare, and say how it ended, or raise the error `again`; anything that is not allowed fails the test.

    `whole` is the store of the undamaged files: what the damaged file does not hold must be the same in both.
    """
    began = time.process_time()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            store = prepare(root, out, PrepareConfig.make(settings))
    except Eeg2FmriError as error:
        text = str(error)
        assert "anna" in text or str(root) in text, f"the error does not say where: {text}"
        assert not out.exists()
        assert not list(out.parent.glob(".*partial"))
        if again:
            raise
        outcome = "error"
    else:
        store.verify()
        check_sane(store)
        if whole is not None:
            check_same(store, whole, name)
        outcome = "success"
    elapsed = time.process_time() - began
    assert elapsed < LONGEST_S, f"{name} took {elapsed:.1f} s of processor time"
    return outcome


def check_sane(store: Store) -> None:
    for k, recording in enumerate(store.recordings):
        assert recording.n_volumes == len(recording.onsets)
        for array in (store.eeg(k), store.bold(k), store.voxel_mean(k), store.voxel_std(k)):
            assert np.isfinite(array).all()
        assert (np.diff(recording.onsets) > 0).all()
        assert store.mask(k).any()


def check_same(store: Store, whole: Store, name: str) -> None:
    """No volume is taken for another one, and what lies in the other files has not changed."""
    kind = name.split(":", 1)[0]
    onsets, expected = store.recordings[0].onsets, whole.recordings[0].onsets
    assert len(onsets) == len(expected), "volumes were left out without a word from the user"
    np.testing.assert_allclose(onsets, expected, atol=0.1 * TR, err_msg="volumes are shifted")
    if kind in ("nii", "nii.gz", "json"):
        if store.tr == whole.tr:
            np.testing.assert_array_equal(store.eeg(0), whole.eeg(0))
    else:
        np.testing.assert_array_equal(store.bold(0), whole.bold(0))
        np.testing.assert_array_equal(store.mask(0), whole.mask(0))
    if kind in ("tsv", "json", "vmrk"):
        assert store.electrodes == whole.electrodes or kind == "tsv"


def damaged(kind: str, folder: Path) -> tuple[list[Case], Callable[[Path], Any]]:
    """Give every case of a kind of file, and the work on sound files."""
    first, settings = sound(kind, folder / "sound")
    assert judge(folder / "sound", folder / "whole", settings, "sound") == "success"
    whole = Store.open(folder / "whole")

    def case(name: str, apply: Callable[[Path], Any]) -> Case:
        def make(place: Path) -> None:
            shutil.copytree(folder / "sound", place / "copy")
            apply(place / "copy" / first.relative_to(folder / "sound"))

        def work(place: Path) -> None:
            judge(place / "copy", place / "store", settings, f"{kind}: {name}", whole, again=True)

        return Case(name, work, make)

    def honest(place: Path) -> None:
        judge(folder / "sound", place / "store", settings, "sound", whole)

    return [case(name, apply) for name, apply in cases(kind, first.stat().st_size)], honest


@pytest.mark.parametrize("kind", KINDS)
def test_damage(kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found, honest = damaged(kind, tmp_path)
    report = run_cases(kind, found, honest)
    judge_report(report, capsys)
    assert report.ends["refused"] > (5 if ALL else 0)


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


SAMPLES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "one NaN": lambda x: np.where(np.arange(x.shape[1]) == 400, np.nan, x),
    "a channel of NaN": lambda x: np.where(np.arange(len(x))[:, None] == 2, np.nan, x),
    "infinite": lambda x: np.where(np.arange(x.shape[1]) == 700, np.inf, x),
    "minus infinite": lambda x: np.where(np.arange(x.shape[1]) == 300, -np.inf, x),
    "in uV": lambda x: x * 1e6,
    "in mV": lambda x: x * 1e3,
    "far too small": lambda x: x * 1e-6,
    "constant": lambda x: np.full_like(x, 1e-5),
    "a constant channel": lambda x: np.where(np.arange(len(x))[:, None] == 1, 2e-5, x),
    "ends early": lambda x: x[:, : 10 * SFREQ],
}


@pytest.mark.parametrize("kind", ["vhdr", "edf", "bdf", "set", "fdt", "fif", "mat"])
def test_samples_that_cannot_be(kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Sound files of numbers that are no EEG: always an error."""
    count = 0
    for name, change in SAMPLES.items():
        if kind in ("edf", "bdf") and name not in ("constant", "a constant channel", "far too small", "ends early"):
            continue  # integers of a stated range
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # writing NaN
            _, settings = sound(kind, tmp_path / name, change)
        assert judge(tmp_path / name, tmp_path / "store", settings, name) == "error", f"{kind}: {name} was taken"
        count += 1
    with capsys.disabled():
        print(f"\nfaults, samples of {kind}: {count} cases, 0 success, {count} clear error")


def test_permission_denied(open_folder: Path, as_somebody_else: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """Every kind of file that may not be read, and a place that may not be written, for somebody who is not root."""
    places = {}
    for kind in KINDS:
        first, settings = sound(kind, open_folder / kind / "set")
        assert judge(open_folder / kind / "set", open_folder / kind / "warm", settings, kind) == "success"
        (open_folder / kind).chmod(0o777)
        first.chmod(0)
        places[kind] = settings
    _, settings = sound("edf", open_folder / "closed" / "set")
    (open_folder / "closed" / "set" / "anna").chmod(0)
    (open_folder / "closed").chmod(0o777)
    places["closed"] = settings

    def work() -> dict[str, str]:
        ended = {
            kind: judge(open_folder / kind / "set", open_folder / kind / "store", settings, kind)
            for kind, settings in places.items()
        }
        try:
            prepare(open_folder / "nii.gz" / "set", Path("/store"), PrepareConfig.make(places["nii.gz"]))
        except Eeg2FmriError as error:
            ended["target"] = f"error: {error}"
        return ended

    ended = as_somebody_else(work)
    (open_folder / "closed" / "set" / "anna").chmod(0o777)
    assert {kind: ended[kind] for kind in places} == dict.fromkeys(places, "error")
    with capsys.disabled():
        print(f"\nfaults, permission denied: {len(ended)} cases, 0 success, {len(ended)} clear error")


BOMBED = """
import resource, sys, json
from pathlib import Path
from eeg2fmri.core.errors import Eeg2FmriError
from eeg2fmri.data.settings.prepare import PrepareConfig
from eeg2fmri.data.prepare.run import prepare
import mne.io.brainvision.brainvision, mne.io.eeglab.eeglab, nibabel, scipy.io
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 600 * 2**20,) * 2)
told = {}
for name, settings in json.loads(sys.argv[2]).items():
    folder = Path(sys.argv[1]) / name
    try:
        prepare(folder / "set", folder / "store", PrepareConfig.make(settings))
        told[name] = "success"
    except Eeg2FmriError as error:
        told[name] = str(error)
print(json.dumps(told))
"""


def of_zeros(start: bytes, n_blocks: int, checksum: Callable[[bytes, int], int]) -> tuple[bytes, int]:
    """Deflate some bytes and blocks of 4 MB of zeros, one of them packed once; and give the sum of it all."""
    zeros = bytes(2**22)
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    head = packer.compress(start) + packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(zeros) + packer.flush(zlib.Z_FULL_FLUSH)
    total = checksum(start, checksum(b"", 1 if checksum is zlib.adler32 else 0))
    for _ in range(n_blocks):
        total = checksum(zeros, total)
    return head + block * n_blocks + packer.flush(zlib.Z_FINISH), total


def image_of_zeros(first: Path, header: bytes) -> None:
    """Write 800 MB of zeros in 1 MB."""
    packed, total = of_zeros(header, 200, zlib.crc32)
    trailer = np.array([total, len(header) + 200 * 2**22], "<u4").tobytes()
    first.write_bytes(b"\x1f\x8b\x08" + bytes(7) + packed + trailer)


def matlab_of_zeros(first: Path, name: str) -> None:
    """Make a MATLAB file whose one array, in a compressed element, grows to 800 MB."""
    rows, columns = 4, 200 * 2**22 // 32
    size = rows * columns * 8
    head = np.array([6, 8, 6, 0, 5, 8, rows, columns, 1, len(name)], "<u4").tobytes()
    head += name.encode().ljust(8, b"\0") + np.array([9, size], "<u4").tobytes()
    packed, total = of_zeros(np.array([14, len(head) + size], "<u4").tobytes() + head, 200, zlib.adler32)
    body = b"\x78\x9c" + packed + total.to_bytes(4, "big")
    start = b"MATLAB 5.0 MAT-file".ljust(124) + np.array([0x0100], "<u2").tobytes() + b"IM"
    first.write_bytes(start + np.array([15, len(body)], "<u4").tobytes() + body)


def test_bombs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Hundreds of megabytes in one, with a header that promises them or not: refused, within 600 MB."""
    asked = {}
    files = {}
    for name, kind in (("honest", "nii.gz"), ("lying", "nii.gz"), ("array", "mat"), ("struct", "set")):
        files[name], asked[name] = sound(kind, tmp_path / name / "set")
    header = nibabel.load(files["lying"]).header.copy()
    image_of_zeros(files["lying"], header.structarr.tobytes() + b"\0" * 4)
    header.set_data_shape((1024, 1024, 42, VOLUMES))
    image_of_zeros(files["honest"], header.structarr.tobytes() + b"\0" * 4)
    matlab_of_zeros(files["array"], "x")
    matlab_of_zeros(files["struct"], "EEG")
    assert max(file.stat().st_size for file in files.values()) < 3e6
    arguments = [sys.executable, "-c", BOMBED, str(tmp_path), json.dumps(asked)]
    done = subprocess.run(
        arguments, capture_output=True, text=True, timeout=300, env={**os.environ, "OMP_NUM_THREADS": "1"}
    )
    assert done.returncode == 0, done.stderr[-2000:]
    told = json.loads(done.stdout)
    for name, text in told.items():
        assert files[name].name in text, f"{name}: {text}"
        assert not (tmp_path / name / "store").exists()
    assert "would unpack to far more" in told["array"]
    assert "would unpack to far more" in told["struct"]
    with capsys.disabled():
        print(f"\nfaults, bombs: {len(told)} cases, 0 success, {len(told)} clear error")


def test_units_that_a_header_leaves_open(tmp_path: Path) -> None:
    """A physical range of 0 in an EDF header: the numbers could be anything."""
    first, settings = sound("edf", tmp_path / "set")
    content = bytearray(first.read_bytes())
    start = 256 + (len(NAMES) + 1) * 104
    content[start : start + 16 * (len(NAMES) + 1)] = b"0       " * 2 * (len(NAMES) + 1)
    first.write_bytes(content)
    with pytest.raises(Eeg2FmriError, match=r"no range for electrodes(.|\n)*rest.edf(.|\n)*Fz, Cz, Pz, Oz"):
        prepare(tmp_path / "set", tmp_path / "store", PrepareConfig.make(settings))


def test_samples_of_another_recording(tmp_path: Path) -> None:
    """An .fdt that is longer than its header says is of another recording."""
    first, settings = sound("fdt", tmp_path / "set")
    first.write_bytes(first.read_bytes() * 2)
    with pytest.raises(Eeg2FmriError, match=r"another size than the EEGLAB file says(.|\n)*rest.fdt"):
        prepare(tmp_path / "set", tmp_path / "store", PrepareConfig.make(settings))
