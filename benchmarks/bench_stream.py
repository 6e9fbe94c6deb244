"""Synthesis from a stream on one core: how long after its last sample a volume is there, and how much a core can take.

The documented and the recommended synthesiser at full size, EEG of 64 electrodes fed every 100 ms. Time is that of the
processor, which other programs disturb little; what is measured runs in one thread.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time

import numpy as np

from benchmarks.common import Row, at_most

SFREQ, TR, GRID, CHANNELS, BINS = 250.0, 2.16, (64, 64, 30), 64, 134
#: Samples in a chunk, and volumes of each stream; the recentring of the recommended model looks back on all of them.
CHUNK, VOLUMES = 25, {"documented": 40, "recommended": 300}
#: A volume should be there in well under a TR.
SHARE_OF_TR = 0.1


def measure() -> list[Row]:
    rows = []
    for kind in VOLUMES:
        command = [sys.executable, "-m", "benchmarks.bench_stream", kind]
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        ended = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
        found = json.loads(ended.stdout.splitlines()[-1])
        rows += [
            at_most(f"stream, {kind}: volume after its last sample, typical", found["median"], "TR", SHARE_OF_TR),
            at_most(f"stream, {kind}: volume after its last sample, slowest", found["slowest"], "TR", 0.5),
            Row(f"stream, {kind}: volume after its last sample, typical", 1e3 * TR * found["median"], "ms"),
            Row(f"stream, {kind}: chunk of 100 ms that completes no volume", 1e3 * found["chunk"], "ms"),
            Row(f"stream, {kind}: EEG that one core could take", found["throughput"], "x real time"),
        ]
    return rows


def _loaded(kind: str):
    """A model of full size with weights that are not trained: what they are does not matter to time."""
    from eeg2fmri.data.eeg.electrodes.template_positions import electrode_positions
    from eeg2fmri.data.features.row_features import columns_of, kinds_of
    from eeg2fmri.data.pairs.scaling import GroupStatistics
    from eeg2fmri.data.pairs.windows import PairConfig
    from eeg2fmri.models.presets import model_config, training_of
    from eeg2fmri.models.registry import build
    from eeg2fmri.models.saving.card import ModelCard
    from eeg2fmri.models.saving.hub import Loaded

    names = [f"{row}{number}" for row in ("AF", "F", "FC", "C", "CP", "P", "PO") for number in (*range(1, 9), "z")]
    known = np.isfinite(electrode_positions(names)).all(axis=1)
    names = [name for name, there in zip(names, known, strict=True) if there]
    names = [*names, *(f"E{k}" for k in range(CHANNELS - len(names)))][:CHANNELS]
    frequencies = np.arange(1, BINS + 1) / TR
    pairs = PairConfig.make({**training_of(kind).get("pairs", {}), "window_s": None})
    columns = None
    if pairs.eeg == "rows":
        kinds = kinds_of(frequencies, True)
        pairs, columns = pairs.model_copy(update={"rows": kinds}), columns_of(kinds, frequencies)
    width = sum(map(len, columns.values())) if columns else BINS
    config = model_config({"preset": kind}, (CHANNELS, width, pairs.window), GRID, columns=columns)
    card = ModelCard.make(
        {
            "model": config.model_dump(mode="json"),
            "electrodes": names,
            "frequencies": frequencies.tolist(),
            "tr": TR,
            "grid": GRID,
            "affine": np.diag([3.0, 3, 4, 1]).tolist(),
            "pairs": pairs.model_dump(mode="json"),
        }
    )
    ones = np.ones(GRID, np.float32)
    statistics = GroupStatistics(1000.0, 10.0, 1000 * ones, 10 * ones, ones > 0)
    return Loaded(build(config).eval(), card, statistics, "0" * 64)


def _stream(kind: str) -> dict[str, float]:
    from eeg2fmri.predict.synthesizer import Synthesizer

    loaded = _loaded(kind)
    stream = Synthesizer(loaded).stream(SFREQ, loaded.card.electrodes)
    rng = np.random.default_rng(0)
    with_volume, without = [], []
    fed = 0
    while fed < VOLUMES[kind] * TR * SFREQ:
        samples = rng.standard_normal((CHANNELS, CHUNK)) * 2e-5
        began = time.process_time()
        made = stream.feed(samples)
        (with_volume if made else without).append(time.process_time() - began)
        fed += CHUNK
    # the first volumes of a process pay what is paid once
    settled = np.array(with_volume[3:])
    # the costliest stretch: a stream of the recommended model costs more, the more it has seen
    last = settled[-10:]
    chunk = float(np.median(without))
    return {
        "median": float(np.median(last)) / TR,
        "slowest": float(settled.max()) / TR,
        "chunk": chunk,
        "throughput": TR / (float(np.median(last)) + chunk * (TR * SFREQ / CHUNK - 1)),
    }


if __name__ == "__main__":
    print(json.dumps(_stream(sys.argv[1])))
