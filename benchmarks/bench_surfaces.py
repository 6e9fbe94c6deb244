"""Peak memory of preparing dense CIFTI series of 91,282 grayordinates: one recording against four."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.common import PEAK, Row, at_most

GRAYORDINATES, VERTICES, VOLUMES, TR, SFREQ, CHANNELS = 91_282, 32_492, 60, 2.0, 250.0, 16
#: Grayordinates of each hemisphere that have no medial wall; the rest are voxels.
CORTEX = 29_700

PREPARE = (
    PEAK
    + """
import json, sys
from eeg2fmri.data.prepare.run import prepare
from eeg2fmri.data.settings.prepare import PrepareConfig
config = PrepareConfig.make({"bold": {"derivatives": "derivatives/fmriprep", "kind": "dtseries"}})
prepare(sys.argv[1], sys.argv[2], config)
print(json.dumps(peak()))
"""
)


def measure() -> list[Row]:
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    peaks = {}
    with tempfile.TemporaryDirectory() as folder:
        for count in (1, 4):
            root = Path(folder) / f"bids-{count}"
            for subject in range(1, count + 1):
                _write(root, f"{subject:02d}")
            command = [sys.executable, "-c", PREPARE, str(root), str(Path(folder) / f"store-{count}")]
            ended = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
            peaks[count] = float(json.loads(ended.stdout.splitlines()[-1]))
    return [
        Row("prepare, 91,282 grayordinates x 60 volumes: peak memory, 1 recording", peaks[1], "MB"),
        Row("prepare, 91,282 grayordinates x 60 volumes: peak memory, 4 recordings", peaks[4], "MB"),
        at_most("prepare, 91,282 grayordinates: peak memory, 4 recordings / 1", peaks[4] / peaks[1], "", 1.1),
    ]


def _write(root: Path, subject: str) -> None:
    """Write noise as EEG and as a dense series of one subject."""
    import pybv
    from nibabel.cifti2 import BrainModelAxis, Cifti2Header, Cifti2Image, SeriesAxis

    rng = np.random.default_rng(int(subject))
    eeg, func = root / f"sub-{subject}/eeg", root / f"derivatives/fmriprep/sub-{subject}/func"
    for folder in (eeg, func):
        folder.mkdir(parents=True)
    n_times = round((VOLUMES * TR + 2) * SFREQ)
    starts = np.round((1 + np.arange(VOLUMES) * TR) * SFREQ).astype(int)
    events = [{"onset": int(start), "duration": 1, "description": 128, "type": "Response"} for start in starts]
    names = ["Fp1", "Fp2", "F3", "F4", "C3", "C4", "P3", "P4", "O1", "O2", "F7", "F8", "T7", "T8", "P7", "P8"]
    pybv.write_brainvision(
        data=1e-5 * rng.standard_normal((CHANNELS, n_times)), sfreq=SFREQ, ch_names=names,
        fname_base=f"sub-{subject}_task-rest_eeg", folder_out=eeg, events=events,
    )  # fmt: skip
    inside = np.arange(VERTICES - CORTEX, VERTICES)
    rest = np.arange(GRAYORDINATES - 2 * CORTEX)
    voxels = np.stack(np.unravel_index(rest, (91, 109, 91)), axis=1)
    axis = (
        BrainModelAxis.from_surface(inside, VERTICES, "CortexLeft")
        + BrainModelAxis.from_surface(inside, VERTICES, "CortexRight")
        + BrainModelAxis("BrainStem", voxels, affine=np.diag([-2.0, 2, 2, 1]), volume_shape=(91, 109, 91))
    )
    rows = (1000 + 10 * rng.standard_normal((VOLUMES, GRAYORDINATES), np.float32)).astype(np.float32)
    header = Cifti2Header.from_axes((SeriesAxis(0, TR, VOLUMES), axis))
    Cifti2Image(rows, header).to_filename(func / f"sub-{subject}_task-rest_space-fsLR_den-91k_bold.dtseries.nii")
