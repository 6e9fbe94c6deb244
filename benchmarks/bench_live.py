"""Real time: how long after its last sample a volume is in the outlet of a stream, and memory over ten minutes.

A player in a process of its own sends 64 channels at 1,000 Hz through the loopback, 10 samples at once, for 10 minutes.
What is measured is all of `eeg2fmri stream`, in one thread: reading, the synthesis by models of full size, the outlet,
the page. It takes as long as it says, twice.
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

SFREQ, CHUNK, NAME = 1000.0, 10, "eeg2fmri-bench"
SOAK_S, SETTLED_S = 600.0, 120.0
LSL = "[multicast]\nResolveScope = machine\n[lab]\nKnownPeers = {127.0.0.1}\n[log]\nlevel = -3\n"


def measure() -> list[Row]:
    rows = []
    for kind in ("documented", "recommended"):
        found = soak(kind, SOAK_S)
        rows += [
            at_most(f"live, {kind}: last sample to outlet, median", found["median"], "ms", 100.0),
            at_most(f"live, {kind}: last sample to outlet, 99th percentile", found["p99"], "ms", 100.0),
            Row(f"live, {kind}: processor", found["share"], "% of one core"),
            at_most(f"live, {kind}: memory from minute 2 to 10", found["growth"], "MB", 5.0),
        ]
    return rows


def soak(kind: str, seconds: float) -> dict[str, float]:
    """Play to a stream for a while, each in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Path(folder) / "lsl_api.cfg"
        settings.write_text(LSL)
        threads = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
        environment = {**os.environ, **threads, "LSLAPICFG": str(settings)}
        child, name = (sys.executable, "-m", "benchmarks.bench_live"), f"{NAME}-{kind}"
        player = subprocess.Popen([*child, "play", name], env=environment)
        try:
            command = [*child, "stream", name, kind, folder, str(seconds)]
            ended = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=environment)
        finally:
            player.terminate()
            player.wait()
    return dict(json.loads(ended.stdout.splitlines()[-1]))


def _play(name: str) -> None:
    from mne_lsl.lsl import StreamInfo, StreamOutlet, local_clock

    info = StreamInfo(name, "EEG", CHANNELS, SFREQ, "float32", name)
    info.set_channel_names(_loaded("documented").card.electrodes)
    info.set_channel_units(["microvolts"] * CHANNELS)
    outlet, rng = StreamOutlet(info), np.random.default_rng(0)
    outlet.wait_for_consumers(60)
    began, sent = local_clock(), 0
    while True:
        outlet.push_chunk(20 * rng.standard_normal((CHUNK, CHANNELS)).astype(np.float32), timestamp=local_clock())
        sent += CHUNK
        time.sleep(max(began + sent / SFREQ - local_clock(), 0))


def _stream(name: str, kind: str, folder: str, seconds: str) -> dict[str, float]:
    from mne_lsl.lsl import local_clock

    from eeg2fmri.models.saving.hub import save
    from eeg2fmri.predict.live.run import LiveSettings, stream_lsl
    from eeg2fmri.predict.live.synthesis import LiveVolume

    loaded = _loaded(kind)
    run = Path(folder) / "run"
    save(run, loaded.model, loaded.card, loaded.statistics)
    lag = loaded.card.pairs.lag
    del loaded
    began, used, late, resident = time.monotonic(), time.process_time(), [], []

    def told(volume: LiveVolume) -> None:
        # the window ends where the volume begins, a lag before it
        late.append(1000 * (local_clock() - (volume.timestamp - lag * TR - 1 / SFREQ)))
        resident.append((time.monotonic() - began, _resident()))

    settings = LiveSettings(name, out=f"{name}-bold", seconds=float(seconds), wait_s=60)
    sent = stream_lsl(run, settings, lambda text: print(text, file=sys.stderr), told)
    share = 100 * (time.process_time() - used) / (time.monotonic() - began)
    times, memory = np.array(resident).T
    settled = memory[times >= min(SETTLED_S, times[-1] / 2)]
    return {
        "volumes": sent,
        "median": float(np.median(late[3:])),
        "p99": float(np.percentile(late[3:], 99)),
        "slowest": float(max(late[3:])),
        "share": share,
        "growth": float(settled.max() - settled[0]),
        "memory": float(settled[0]),
    }


def _resident() -> float:
    """Memory that the process has now, MB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


if __name__ == "__main__":
    if sys.argv[1] == "play":
        _play(sys.argv[2])
    else:
        print(json.dumps(_stream(*sys.argv[2:])))
