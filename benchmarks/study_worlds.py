"""The recommended synthesiser against every baseline in every simulated world and in its twin without coupling.

A data set has 10 subjects (24 electrodes, 120 volumes of 8 x 10 x 7 voxels, TR 2 s) and goes through its BIDS folder,
``prepare`` and ``crossvalidate``: two folds of five test subjects. A seed of a world takes under a minute of one core
and leaves one small JSON; a study that was interrupted goes on where it stopped.

    python -m benchmarks.study_worlds OUT --seeds 1 2 3 4 5
    python -m benchmarks.study_worlds OUT --seeds 1 2 --coupling 0 --worlds focal exponent
    python -m benchmarks.study_worlds OUT --seeds 1 2 3 --worlds powers focal vigilance --model documented
    python -m benchmarks.study_worlds OUT --table
"""

from __future__ import annotations

import argparse
import json
import shutil
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import scipy.stats

from eeg2fmri.crossvalidate.run import cross_validate
from eeg2fmri.data.prepare.run import prepare
from eeg2fmri.models.baselines import all_baselines, standard_baselines
from eeg2fmri.simulate import SimulationConfig, simulate_dataset
from eeg2fmri.simulate.worlds.catalogue import WORLDS

SIZE = {
    "subjects": 10,
    "volumes": 120,
    "tr": 2.0,
    "sfreq": 125.0,
    "electrodes": 24,
    "grid": [8, 10, 7],
    "regions": 30,
    "t1w_voxel_mm": 8.0,
}
SPLIT = {"by": "subject", "folds": 2, "seed": 0}
MODELS: dict[str, dict[str, Any]] = {
    "recommended": {"model": {"preset": "recommended"}},
    "documented": {"model": {"preset": "documented"}, "pairs": {"target": "dynamics"}, "epochs": 8},
}
#: Worlds without a neural coupling: what is found there is an artefact, and nobody wins.
NOTHING_NEURAL = tuple(name for name, world in WORLDS.items() if world.coupled == "nowhere")


def score(folder: Path, world: str, seed: int, coupling: float, model: str, *, slow: bool) -> dict[str, Any]:
    """Simulate, prepare and cross-validate one data set; returns what was reached, and leaves no data behind.

    Parameters
    ----------
    folder : Path
        Where the data are while they are needed.
    world : str
    seed : int
    coupling : float
    model : str
        Key of `MODELS`.
    slow : bool
        Whether the baselines that take more than seconds stand in the table too.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    start = time.perf_counter()
    try:
        settings = SimulationConfig.make({**SIZE, "world": world, "seed": seed, "coupling": coupling})
        bids = simulate_dataset(folder / "bids", settings)
        store = prepare(bids, folder / "store")
        standard = {one.name for one in standard_baselines()}
        own = [one for one in all_baselines() if one.name not in standard] if slow else []
        found = cross_validate(
            store, folder / "cv", {**MODELS[model], "accelerator": "cpu", "split": SPLIT}, own=own, truth=bids
        ).evaluation
        assert found is not None
        facts = found.facts["ceilings"]["parts"]
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    # where nothing is coupled, every region counts
    part = "regions" if world in NOTHING_NEURAL else "coupled_regions"
    rows = facts[part]["temporal_r"]
    return {
        "world": world,
        "seed": seed,
        "coupling": coupling,
        "model": model,
        "seconds": round(time.perf_counter() - start, 1),
        "r": {name: _mean(by_recording) for name, by_recording in rows.items()},
        "by_recording": rows,
        "p_value": found.pooled["model"].p_value,
        "verdict": found.verdict,
    }


def _mean(values: Mapping[str, float | None]) -> float:
    known = [value for value in values.values() if value is not None]
    return float(np.mean(known)) if known else float("nan")


def compare(results: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Compare the model with the baseline that is best on average over the seeds of one world.

    Returns
    -------
    dict
        ``model`` and ``best`` (mean r), ``baseline``, ``ratio``, ``better_in``; ``p_seeds`` and ``p_subjects`` of
        paired t tests (subjects of a fold share their training data: approximate); ``bold_ceiling``; ``rejected``, in
        how many seeds the test over time of the whole brain has p <= .05.
    """
    left_out = {"model", "shifted_eeg", "bold_ceiling", "eeg_ceiling"}
    names = [name for name in results[0]["r"] if name not in left_out]
    best = max(names, key=lambda name: np.mean([one["r"][name] for one in results]))
    model, rival = (np.array([one["r"][name] for one in results]) for name in ("model", best))
    subjects = np.array(
        [
            [one["by_recording"][name][recording] or 0.0 for name in ("model", best)]
            for one in results
            for recording in one["by_recording"]["model"]
        ]
    )
    return {
        "model": float(model.mean()),
        "baseline": best,
        "best": float(rival.mean()),
        "ratio": float(model.mean() / rival.mean()) if rival.mean() > 0.01 else float("nan"),
        "better_in": int((model > rival).sum()),
        "p_seeds": _paired(model, rival),
        "p_subjects": _paired(*subjects.T),
        "bold_ceiling": float(np.mean([one["r"]["bold_ceiling"] for one in results])),
        "rejected": sum(one["p_value"] <= 0.05 for one in results),
    }


def _paired(a: np.ndarray, b: np.ndarray) -> float:
    """p of a paired t test, two-sided; NaN for one pair, or where all differences are the same."""
    varies = len(a) > 1 and float(np.ptp(a - b)) > 0
    return float(scipy.stats.ttest_rel(a, b).pvalue) if varies else float("nan")


def as_markdown(results: Sequence[Mapping[str, Any]]) -> str:
    """Write one table a model and coupling, one row a world."""
    groups: defaultdict[tuple[str, float], defaultdict[str, list[Mapping[str, Any]]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for one in results:
        groups[one["model"], one["coupling"]][one["world"]].append(one)
    parts = []
    for (model, coupling), by_world in sorted(groups.items(), key=lambda item: (item[0][0], -item[0][1])):
        lines = [
            f"{model}, coupling {coupling:g}:",
            "",
            "| world | seeds | r | best baseline | its r | ratio | better in | p, seeds | p, subjects | noiseless BOLD "
            "| p <= .05 |",
            "|---" * 11 + "|",
        ]
        for world in (name for name in WORLDS if name in by_world):
            found, n = compare(by_world[world]), len(by_world[world])
            ratio, seeds, subjects = (
                f"{found[key]:.2g}" if np.isfinite(found[key]) else "-" for key in ("ratio", "p_seeds", "p_subjects")
            )
            lines.append(
                f"| {world} | {n} | {found['model']:.3f} | {found['baseline']} | {found['best']:.3f} | {ratio} | "
                f"{found['better_in']} of {n} | {seeds} | {subjects} | {found['bold_ceiling']:.3f} | "
                f"{found['rejected']} of {n} |"
            )
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"


def main() -> None:
    """Run what is missing of a study, or print its tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("out", type=Path, help="folder of the results, one JSON a data set")
    parser.add_argument("--seeds", type=int, nargs="*", default=[])
    parser.add_argument("--worlds", nargs="*", default=list(WORLDS), choices=list(WORLDS))
    parser.add_argument("--coupling", type=float, default=1.0)
    parser.add_argument("--model", choices=list(MODELS), default="recommended")
    parser.add_argument("--slow", action="store_true", help="with the baselines that take more than seconds")
    parser.add_argument("--table", action="store_true", help="write table.md of all that is there")
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    for seed in asked.seeds:
        for world in asked.worlds:
            file = asked.out / f"{asked.model}_coupling-{asked.coupling:g}_{world}_seed-{seed}.json"
            if file.exists():
                continue
            result = score(
                asked.out / f"data-{world}-{seed}", world, seed, asked.coupling, asked.model, slow=asked.slow
            )
            part = file.with_suffix(".part")
            part.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
            part.replace(file)
            print(file.name, f"{result['seconds']:.0f} s", result["verdict"], flush=True)
    if asked.table:
        results = [json.loads(file.read_text(encoding="utf-8")) for file in sorted(asked.out.glob("*_seed-*.json"))]
        text = as_markdown(results)
        (asked.out / "table.md").write_text(text, encoding="utf-8")
        print(text)


if __name__ == "__main__":
    main()
