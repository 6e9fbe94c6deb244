"""Real time: how long after its last sample a volume is in the outlet of a stream, and memory over ten minutes.

A player in a process of its own sends 64 channels at 1,000 Hz through the loopback, 10 samples at once. The synthesis
has one thread; the models are those of full size that `bench_stream` makes. The ten minutes are fed as fast as they are
taken, through the code that a stream goes through but the inlet (`LiveSynthesis.take`).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.bench_stream import CHANNELS, TR, _loaded
from benchmarks.common import Row, at_most

SFREQ, CHUNK, VOLUMES, NAME = 1000.0, 10, 40, "eeg2fmri-bench"
SOAK_S = 600.0
LSL = "[multicast]\nResolveScope = machine\n[lab]\nKnownPeers = {127.0.0.1}\n[log]\nlevel = -3\n"


def measure() -> list[Row]:
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        settings = Path(folder) / "lsl_api.cfg"
        settings.write_text(LSL)
        threads = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
        environment = {**os.environ, **threads, "LSLAPICFG": str(settings)}
        for kind in ("documented", "recommended"):
            player = subprocess.Popen([sys.executable, "-m", "benchmarks.bench_live", "play"], env=environment)
            try:
                found = _child("latency", kind, environment)
            finally:
                player.terminate()
                player.wait()
            soak = _child("soak", kind, environment)
            rows += [
                at_most(f"live, {kind}: last sample to outlet, median", found["median"], "ms", 100.0),
                at_most(f"live, {kind}: last sample to outlet, 99th percentile", found["p99"], "ms", 100.0),
                at_most(f"live, {kind}: memory from minute 2 to 10", soak["growth"], "MB", 20.0),
            ]
    return rows


def _child(what: str, kind: str, environment: dict[str, str]) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.bench_live", what, kind]
    ended = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=environment)
    return dict(json.loads(ended.stdout.splitlines()[-1]))


def _live(kind: str):
    from eeg2fmri.predict.live.regions import reduction
    from eeg2fmri.predict.live.synthesis import LiveSynthesis
    from eeg2fmri.predict.synthesizer import Synthesizer

    loaded = _loaded(kind)
    courses = reduction(loaded)
    return LiveSynthesis(Synthesizer(loaded), SFREQ, loaded.card.electrodes, courses), courses, loaded


def _play() -> None:
    from mne_lsl.lsl import StreamInfo, StreamOutlet, local_clock

    info = StreamInfo(NAME, "EEG", CHANNELS, SFREQ, "float32", NAME)
    info.set_channel_names(_loaded("documented").card.electrodes)
    info.set_channel_units(["microvolts"] * CHANNELS)
    outlet, rng = StreamOutlet(info), np.random.default_rng(0)
    outlet.wait_for_consumers(60)
    began, sent = local_clock(), 0
    while True:
        outlet.push_chunk(20 * rng.standard_normal((CHUNK, CHANNELS)).astype(np.float32), timestamp=local_clock())
        sent += CHUNK
        time.sleep(max(began + sent / SFREQ - local_clock(), 0))


def _latency(kind: str) -> dict[str, float]:
    from mne_lsl.lsl import local_clock

    from eeg2fmri.predict.live.lsl import LslCourses, LslEeg

    live, courses, loaded = _live(kind)
    outlet = LslCourses(f"{NAME}-bold", courses.names, TR, loaded.digest)
    eeg = LslEeg.open(NAME, wait_s=60)
    late: list[float] = []
    while len(late) < VOLUMES:
        for volume in live.take(*eeg.read()):
            outlet.write(volume)
            # the window ends where the volume begins, a lag before it
            ended = volume.timestamp - loaded.card.pairs.lag * TR - 1 / SFREQ
            late.append(1000 * (local_clock() - ended))
    settled = np.array(late[3:])
    return {"median": float(np.median(settled)), "p99": float(np.percentile(settled, 99))}


def _soak(kind: str) -> dict[str, float]:
    live, _, _ = _live(kind)
    rng, resident = np.random.default_rng(0), {}
    page, n = os.sysconf("SC_PAGE_SIZE"), 100
    for done in range(0, round(SOAK_S * SFREQ), n):
        live.take(2e-5 * rng.standard_normal((CHANNELS, n)), (done + np.arange(n)) / SFREQ)
        if done % round(60 * SFREQ) == 0:
            resident[done / SFREQ / 60] = int(Path("/proc/self/statm").read_text().split()[1]) * page / 1e6
    return {"growth": max(resident.values()) - resident[2.0], "at_2": resident[2.0]}


if __name__ == "__main__":
    what = sys.argv[1]
    if what == "play":
        _play()
    else:
        print(json.dumps({"latency": _latency, "soak": _soak}[what](sys.argv[2])))
