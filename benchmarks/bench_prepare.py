"""Preparing at full size: memory against recordings, the spectrogram, time against reading and writing alone, pairs."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import nibabel
import numpy as np
import pybv

from benchmarks.common import PEAK, Row, at_least, at_most
from benchmarks.random_store import random_store
from eeg2fmri.core.random import generator
from eeg2fmri.data.eeg.electrodes.template_positions import electrode_positions
from eeg2fmri.data.features.spectrogram import spectrogram

SFREQ, TR, VOLUMES, GRID = 250, 2.16, 296, (64, 64, 30)
#: Preparing and only reading and writing are measured so many times in turns: what the cache of files was like counts
#: for both.
TURNS = 9
TIMES = "x a process that reads and writes the same"
#: What preparing should take at most in the median; without unpacking there is less to compare it with.
LIMITS = {"nii": 1.7, "nii.gz": 1.3}
PREPARE = f"""
import sys
from eeg2fmri.data.prepare.run import prepare
{PEAK}
prepare(sys.argv[1], sys.argv[2])
print(peak())
"""
#: What a process must do at least: import what reads the files, read them in pieces, write arrays of the same size, in
#: pieces of the same size: others would find pages of the cache of files in another state.
PLAIN = """
import pathlib, sys
import mne, nibabel, numpy
from nibabel.openers import ImageOpener
root, arrays, out = map(pathlib.Path, sys.argv[1:])
out.mkdir()
written = {path.name: numpy.load(path) for path in sorted(arrays.glob("*/*.npy"))[:6]}
for header in sorted(root.glob("sub-*/eeg/*.vhdr")):
    raw = mne.io.read_raw(header, verbose="error")
    for start in range(0, raw.n_times, 60_000):
        raw.get_data(start=start, stop=min(start + 60_000, raw.n_times))
    image = next((header.parents[1] / "func").glob("*_bold.nii*"))
    proxy = nibabel.load(image).dataobj
    if image.suffix == ".gz":  # from a proxy every volume would be unpacked from the beginning of the file
        with ImageOpener(image) as file:
            file.read(proxy.offset)
            for _ in range(proxy.shape[3]):
                volume = file.read(proxy.dtype.itemsize * int(numpy.prod(proxy.shape[:3])))
                numpy.frombuffer(volume, proxy.dtype).astype(numpy.float32)
    else:
        for volume in range(proxy.shape[3]):
            numpy.asarray(proxy[..., volume], numpy.float32)
    for name, array in written.items():
        with (out / f"{header.stem}_{name}").open("wb") as file:
            content = memoryview(array).cast("B")
            for start in range(0, len(content), 1 << 19):
                file.write(content[start : start + (1 << 19)])
"""
WHOLE = "import sys; from eeg2fmri.data.prepare.run import prepare; prepare(sys.argv[1], sys.argv[2])"


def measure() -> list[Row]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sources = _write(folder / "source")
        memory = {1: _peak(_data_set(folder / "bids1", sources, 1), folder / "store1")}
        whole = {
            (count, suffix): _whole(
                _data_set(folder / f"whole{count}.{suffix}", sources, count, suffix), folder / "store1"
            )
            for count, suffix in ((1, "nii"), (8, "nii"), (8, "nii.gz"))
        }
        for count in (4, 16):
            memory[count] = _peak(_data_set(folder / f"bids{count}", sources, count), folder / f"store{count}")
    # what is paid once a process (imports) shows in one recording: the slope has none of it
    each = {
        name: float(np.median(whole[8, "nii"][name][:, 0]) - np.median(whole[1, "nii"][name][:, 0])) / 7
        for name in whole[1, "nii"]
    }
    delivered, alone = _pairs()
    return [
        at_most("peak memory of preparing, 4 recordings", memory[4] / memory[1], "x 1 recording", 1.05),
        at_most("peak memory of preparing, 16 recordings", memory[16] / memory[1], "x 1 recording", 1.05),
        at_most("peak memory of preparing, 16 recordings", memory[16], "MB", 1500),
        at_most("spectrogram of 64 electrodes x 640 s", _spectrogram(), "s", 0.045),
        *(row for (count, suffix), spent in whole.items() if count > 1 for row in _ratios(suffix, spent)),
        at_most("one more recording of .nii", each["preparing"] / each["reading and writing"], TIMES, 1.7),
        Row("one more recording of .nii: preparing", each["preparing"], "s"),
        at_least("random pairs of a warm store as the training gets them, 2 workers", delivered, "a second", 2000),
        Row("the same without workers", alone, "a second"),
    ]


def _ratios(suffix: str, spent: dict[str, np.ndarray]) -> list[Row]:
    ratios = spent["preparing"] / spent["reading and writing"]
    what = f"preparing 8 recordings of .{suffix}, whole process"
    return [
        at_most(f"{what}, median of {TURNS} turns", float(np.median(ratios[:, 0])), TIMES, LIMITS[suffix]),
        Row(f"{what}, least", float(ratios[:, 0].min()), TIMES),
        Row(f"{what}, most", float(ratios[:, 0].max()), TIMES),
        Row("the same in processor time, median", float(np.median(ratios[:, 1])), TIMES),
        *(
            Row(f"8 recordings of .{suffix}: {name}, {clock}, median", float(np.median(clocks[:, k])), "s")
            for name, clocks in spent.items()
            for k, clock in enumerate(("wall time", "processor time"))
        ),
    ]


def _names() -> list[str]:
    names = [f"{row}{number}" for row in ("AF", "F", "FC", "C", "CP", "P", "PO") for number in (*range(1, 9), "z")]
    names += ["Fp1", "Fp2", "Fpz", "O1", "O2", "Oz", "T7", "T8", "FT7", "FT8", "TP7", "TP8"]
    known = np.isfinite(electrode_positions(names)).all(axis=1)
    return [name for name, there in zip(names, known, strict=True) if there][:64]


def _write(folder: Path) -> dict[str, Path]:
    """Write one recording of the size of a published one: EEG as float32, BOLD as int16, compressed and not."""
    rng = generator(0, "bench")
    folder.mkdir()
    duration = round((VOLUMES * TR + 1) * SFREQ)
    markers = np.round((0.5 + TR * np.arange(VOLUMES)) * SFREQ).astype(int)
    pybv.write_brainvision(
        data=rng.standard_normal((64, duration)) * 2e-5,
        sfreq=SFREQ,
        ch_names=_names(),
        fname_base="x",
        folder_out=folder,
        events=[
            {"onset": int(k), "duration": 1, "description": "R128", "type": "Comment", "channels": "all"}
            for k in markers
        ],
        fmt="binary_float32",
    )
    baseline = np.full(GRID, 50.0, np.float32)
    baseline[12:-12, 10:-10, 4:-4] = 1000
    volumes = np.empty((*GRID, VOLUMES), np.int16)
    for k in range(VOLUMES):
        volumes[..., k] = baseline * (1 + 0.01 * rng.standard_normal(GRID, np.float32))
    image = nibabel.Nifti1Image(volumes, np.diag([3.0, 3, 4, 1]))
    image.header.set_xyzt_units("mm", "sec")
    image.header.set_zooms((3, 3, 4, TR))
    for name in ("x.nii", "x.nii.gz"):
        image.to_filename(folder / name)
    return {suffix: folder / f"x.{suffix}" for suffix in ("vhdr", "eeg", "vmrk", "nii", "nii.gz")}


def _data_set(root: Path, sources: dict[str, Path], count: int, bold: str = "nii") -> Path:
    """Make a BIDS folder of so many subjects that share the samples (hard links)."""
    root.mkdir()
    (root / "dataset_description.json").write_text('{"Name": "bench", "BIDSVersion": "1.9.0"}')
    for k in range(1, count + 1):
        stem = f"sub-{k:02d}_task-rest"
        eeg, func = root / f"sub-{k:02d}" / "eeg", root / f"sub-{k:02d}" / "func"
        eeg.mkdir(parents=True)
        func.mkdir()
        for suffix in ("vhdr", "vmrk"):
            text = sources[suffix].read_text(encoding="utf-8")
            for old in ("eeg", "vmrk"):
                text = text.replace(f"=x.{old}", f"={stem}_eeg.{old}")
            (eeg / f"{stem}_eeg.{suffix}").write_text(text, encoding="utf-8")
        os.link(sources["eeg"], eeg / f"{stem}_eeg.eeg")
        os.link(sources[bold], func / f"{stem}_bold.{bold}")
    return root


def _peak(root: Path, store: Path) -> float:
    """Peak memory (MB) of a process that prepares."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", PREPARE, root, store], env=environment, capture_output=True, text=True, check=True
    )
    return float(done.stdout)


def _whole(root: Path, arrays: Path) -> dict[str, np.ndarray]:
    """Wall time and processor time (s) of preparing and of `PLAIN`, both with their imports, in turns: (turn, 2).

    Each begins when nothing is left to be written: else it would wait for what the one before it has written.
    """
    out = arrays.parent / "whole"
    spent: dict[str, list[tuple[float, float]]] = {"preparing": [], "reading and writing": []}
    for turn in range(TURNS):
        for name, code, arguments in (
            ("preparing", WHOLE, (root, out)),
            ("reading and writing", PLAIN, (root, arrays, out)),
        )[:: 1 if turn % 2 else -1]:
            os.sync()
            spent[name].append(_spent(code, *arguments))
            shutil.rmtree(out)
    return {name: np.array(each) for name, each in spent.items()}


def _spent(code: str, *arguments: Path) -> tuple[float, float]:
    """Wall time and processor time (s) of a process."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    subprocess.run([sys.executable, "-c", code, *arguments], env=environment, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.perf_counter() - began, processor


def _spectrogram() -> float:
    signal = generator(0, "spectrogram").standard_normal((64, 640 * SFREQ)) * 2e-5
    onsets = TR * np.arange(VOLUMES)
    return _best(lambda: spectrogram(signal, SFREQ, onsets, TR))


def _pairs() -> tuple[float, float]:
    """Random pairs a second that arrive in batches of 16 from a store in the page cache: by two workers, by none."""
    from eeg2fmri.data.pairs.dataset import PairDataset
    from eeg2fmri.data.pairs.loader import load_batches
    from eeg2fmri.data.pairs.windows import PairConfig

    with tempfile.TemporaryDirectory() as folder:
        pairs = PairDataset(random_store(Path(folder) / "store", recordings=3), range(3), PairConfig())
        order = generator(0, "order").integers(len(pairs), size=(375, 16)).tolist()
        rates = []
        for workers in (2, 0):
            seconds = []
            for _ in range(4):  # the first brings the store into the page cache
                began = time.perf_counter()
                for _ in load_batches(pairs, order, workers=workers):
                    pass
                seconds.append(time.perf_counter() - began)
            rates.append(16 * len(order) / min(seconds[1:]))
        return rates[0], rates[1]


def _best(work: Callable[[], object], repeats: int = 15) -> float:
    """Shortest processor time (s): the work has one thread, and other processes do not count."""
    times = []
    for _ in range(repeats):
        began = time.process_time()
        work()
        times.append(time.process_time() - began)
    return min(times)
