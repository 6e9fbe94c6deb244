"""Whether the view finds an effect at full size, on subjects that no setting was chosen on, and how long it takes.

24 subjects of 180 s with 32 electrodes for each seed, leave-one-subject-out, the test that trains again, the baselines
on the same folds. The synthesiser is a run of simultaneous recordings of other subjects, for example

    eeg2fmri simulate sim --config sim.yaml      # subjects: 10, electrodes: 32, grid: [24, 28, 20], seed: 301
    eeg2fmri prepare sim store
    eeg2fmri train store run --preset recommended
    python -m benchmarks.classification_full run --seeds 501 502 503 504 505 --n-jobs 2

One line of JSON for each seed: area under the curve and p by method, the verdict, wall and processor time. The
processor time is that of this process and its children.
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import time
from pathlib import Path
from typing import Any


def processor_seconds() -> float:
    """Processor time of this process and of its children that have ended, s."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def one(run: Path, seed: int, effect: float, settings: dict[str, Any], n_jobs: int, folder: Path) -> dict[str, Any]:
    """Simulate, prepare and classify the subjects of a seed."""
    from eeg2fmri.classify import classify_run
    from eeg2fmri.data.eeg_only.prepare import prepare_eeg_only
    from eeg2fmri.simulate.groups.write import GroupsConfig, simulate_groups

    bids = simulate_groups(folder / "bids", GroupsConfig(subjects=24, effect=effect, seed=seed))
    store = prepare_eeg_only(bids, folder / "store")
    began, used = time.perf_counter(), processor_seconds()
    found = classify_run(run, store.path, folder / "result", settings, n_jobs=n_jobs)
    wall = time.perf_counter() - began
    if n_jobs > 1:  # processes that wait for more work have not been counted yet
        from joblib.externals.loky import get_reusable_executor

        get_reusable_executor().shutdown(wait=True)
    return {
        "seed": seed,
        "effect": effect,
        "auc": {name: round(one["subject"]["auc"]["value"], 3) for name, one in found.methods.items()},
        "p": {name: one["permutation"]["p_auc"] for name, one in found.methods.items()},
        "truth": found.facts.get("explanation", {}).get("truth"),
        "verdict": found.verdict,
        "wall_s": round(wall, 1),
        "processor_s": round(processor_seconds() - used, 1),
        "seconds_by_method": {name: round(one["seconds"], 1) for name, one in found.methods.items()},
    }


def main() -> None:
    """Run from the command line."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("run", type=Path, help="run folder of a synthesiser")
    arguments.add_argument("--seeds", type=int, nargs="+", default=[501, 502, 503, 504, 505])
    arguments.add_argument("--effect", type=float, default=0.6)
    arguments.add_argument("--n-jobs", type=int, default=1)
    arguments.add_argument("--settings", type=json.loads, default={}, help="JSON of ClassifyConfig")
    given = arguments.parse_args()
    for seed in given.seeds:
        with tempfile.TemporaryDirectory() as folder:
            print(
                json.dumps(one(given.run, seed, given.effect, given.settings, given.n_jobs, Path(folder))), flush=True
            )


if __name__ == "__main__":
    main()
