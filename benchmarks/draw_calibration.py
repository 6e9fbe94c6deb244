"""Draw how well the intervals of the recommended synthesiser hold on unseen simulated people, for the documentation.

    python -m benchmarks.draw_calibration docs/_static/calibration

simulates 8 people, trains on 4 with a scale for the errors of each voxel, recalibrates on 1 and tests on 3 (some
minutes). The coverages stand in the printed table too.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from eeg2fmri.data.prepare.run import prepare
from eeg2fmri.evaluate.run import evaluate_run
from eeg2fmri.report.figures import style
from eeg2fmri.report.figures.scores import calibration_curve
from eeg2fmri.simulate import SimulationConfig, simulate_dataset
from eeg2fmri.train.run import train_run

SIMULATION = {
    "subjects": 8,
    "volumes": 150,
    "grid": [24, 28, 20],
    "electrodes": 32,
    "regions": 60,
    "t1w_voxel_mm": 8.0,
    "seed": 401,
}
TRAINING = {
    "model": {"preset": "recommended", "scale": "laplace"},
    "split": {"train": ["01", "02", "03", "04"], "validation": ["05"], "test": ["06", "07", "08"]},
}


def uncertainty() -> dict[str, Any]:
    """Give what the evaluation says of the intervals."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        simulate_dataset(folder / "bids", SimulationConfig.make(SIMULATION))
        prepare(folder / "bids", folder / "store")
        train_run(folder / "store", folder / "run", TRAINING)
        found: dict[str, Any] = evaluate_run(folder / "run", folder / "store").facts["uncertainty"]
        return found


def main() -> None:
    """Simulate, train, evaluate, draw."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("out", type=Path, help="name of the picture, without its ending")
    asked = parser.parse_args()
    found = uncertainty()
    levels = np.array(found["levels"])
    curves = {
        "as the model claims": np.array(found["observed_coverage"]),
        "recalibrated": np.array(found["recalibrated_coverage"]),
    }
    for level in (0.5, 0.8, 0.95):
        at = int(np.argmin(np.abs(levels - level)))
        print(f"{level:g}: " + ", ".join(f"{name} {curve[at]:.3f}" for name, curve in curves.items()))
    for key in ("distribution", "sharpness", "sharpness_recalibrated", "negative_log_likelihood"):
        print(f"{key}: {found[key]}")
    style.save_figure(calibration_curve(levels, curves), asked.out, formats=("png",), dpi=200)


if __name__ == "__main__":
    main()
