"""The recommended synthesiser at full size through the real path: files, store, training, evaluation, both ceilings.

Every data set has 8 simulated subjects (64 electrodes, 300 volumes of 64 x 64 x 30, unless said otherwise, at a TR of
2.16 s, one recording each): 4 train, 1 chooses, 3 are tested. A data set takes some minutes of one core and 2 GB of
disk, and is thrown away once it is scored; what was scored stays, so that a study that was interrupted goes on where
it stopped.

    python -m benchmarks.study_recommended OUT --seeds 301 302 --coupling 1
    python -m benchmarks.study_recommended OUT --table
"""

from __future__ import annotations

import argparse
import json
import shutil
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import scipy.stats

from eeg2fmri.data.prepare.run import prepare
from eeg2fmri.evaluate.run import evaluate_run
from eeg2fmri.evaluate.truth.parts import PARTS
from eeg2fmri.simulate import SimulationConfig, simulate_dataset
from eeg2fmri.train.run import train_run

SIZE = {"subjects": 8, "volumes": 300, "t1w_voxel_mm": 8.0}
TRAINING = {
    "model": {"preset": "recommended"},
    "split": {"train": ["01", "02", "03", "04"], "validation": ["05"], "test": ["06", "07", "08"]},
}
STEPS = ("simulate", "prepare", "train", "evaluate")
RIDGES = ("lagged_ridge", "haemodynamic_ridge", "recentred_ridge")
#: Where fractions of a ceiling mean something: not where a median goes over what follows the EEG and what does not.
CEILED = ("temporal_r_mean", "coupled", "coupled_regions")
#: What is compared: the headline, its mean over voxels, and the parts that the truth knows.
MEASURES = ("temporal_r", "temporal_r_mean", *PARTS)


def score_seed(folder: Path, seed: int, coupling: float, grid: Sequence[int]) -> dict[str, Any]:
    """Simulate, prepare, train and evaluate one data set; returns what it reached, and leaves no data behind.

    Parameters
    ----------
    folder : Path
        Where the data are while they are needed.
    seed : int
        Of the simulation.
    coupling : float
        Of its BOLD with its EEG.
    grid : (x, y, z)
        Voxels of a volume.
    """
    bids, store, run = (folder / name for name in ("bids", "store", "run"))
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    clock = [time.perf_counter()]
    try:
        simulate_dataset(bids, SimulationConfig.make({**SIZE, "seed": seed, "coupling": coupling, "grid": list(grid)}))
        clock.append(time.perf_counter())
        prepare(bids, store)
        clock.append(time.perf_counter())
        train_run(store, run, TRAINING)
        clock.append(time.perf_counter())
        evaluation = evaluate_run(run, store, truth=bids)
        clock.append(time.perf_counter())
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    found = evaluation.to_dict()
    return {
        "seed": seed,
        "coupling": coupling,
        "grid": list(grid),
        "seconds": dict(
            zip(("simulate", "prepare", "train", "evaluate"), np.diff(clock).round(1).tolist(), strict=True)
        ),
        "verdict": found["verdict"],
        "scores": found["scores"],
        "pooled": found["pooled"],
        "model_minus": found["model_minus"],
        "parts": {part: each["temporal_r"] for part, each in found["ceilings"]["parts"].items()},
    }


def reached(result: Mapping[str, Any], measure: str) -> dict[str, float]:
    """Mean over the test subjects of one data set: r by method."""
    if measure in PARTS:
        rows = result["parts"][measure]
        return {method: float(np.mean([r for r in by.values() if r is not None])) for method, by in rows.items()}
    return {row["method"]: row[measure]["mean"] for row in result["pooled"]}


def strongest(results: Sequence[Mapping[str, Any]], measure: str) -> str:
    """Ridge with the highest mean over the data sets."""
    means = {name: np.mean([reached(one, measure)[name] for one in results]) for name in RIDGES}
    return max(means, key=lambda name: means[name])


def summary(results: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Compare over data sets of one coupling: means, paired difference to the strongest ridge, part of the ceilings."""
    table: dict[str, Any] = {
        "coupling": results[0]["coupling"],
        "grid": results[0]["grid"] if len({tuple(one["grid"]) for one in results}) == 1 else "several",
        "seeds": [one["seed"] for one in results],
    }
    for measure in MEASURES:
        by_seed = [reached(one, measure) for one in results]
        model = np.array([one["model"] for one in by_seed])
        rival = strongest(results, measure)
        difference = model - np.array([one[rival] for one in by_seed])
        several = len(results) > 1 and float(np.ptp(difference)) > 0
        table[measure] = {
            "mean": {name: float(np.mean([one[name] for one in by_seed])) for name in by_seed[0]},
            "strongest_ridge": rival,
            "difference": float(difference.mean()),
            "better_in": int((difference > 0).sum()),
            "p_value": float(scipy.stats.ttest_1samp(difference, 0).pvalue) if several else None,
            "of_bold_ceiling": _ratios(by_seed, "bold_ceiling"),
            "of_eeg_ceiling": _ratios(by_seed, "eeg_ceiling"),
        }
    rows = [row for one in results for row in one["scores"] if row["method"] == "model"]
    r = np.array([row["temporal_r"] for row in rows])
    margin = scipy.stats.t.ppf(0.975, len(r) - 1) * r.std(ddof=1) / np.sqrt(len(r))
    table["subjects"] = {
        "r": r.tolist(),
        "interval_95": [float(r.mean() - margin), float(r.mean() + margin)],
        "p_values": [row["p_value"] for row in rows],
    }
    return table


def _ratios(by_seed: Sequence[Mapping[str, float]], ceiling: str) -> list[float | None]:
    """Part of a ceiling in each data set; None where there is nothing to reach."""
    return [one["model"] / one[ceiling] if one[ceiling] > 0.01 else None for one in by_seed]


def as_markdown(table: Mapping[str, Any]) -> str:
    """Write a summary as one Markdown table."""
    names = list(table["temporal_r"]["mean"])
    lines = [
        f"Coupling {table['coupling']:g}, {_grid(table['grid'])}, seeds " + ", ".join(map(str, table["seeds"])),
        "",
        "| method | " + " | ".join(MEASURES) + " |",
        "|---" * (1 + len(MEASURES)) + "|",
    ]
    lines += [
        f"| {name} | " + " | ".join(f"{table[measure]['mean'][name]:.3f}" for measure in MEASURES) + " |"
        for name in names
    ]
    for measure in MEASURES:
        one = table[measure]
        p = "not tested" if one["p_value"] is None else f"p = {one['p_value']:.2g}"
        against = f"{one['difference']:+.4f} against {one['strongest_ridge']}"
        line = f"* {measure}: {against}, better in {one['better_in']} of {len(table['seeds'])} data sets, {p}"
        for ceiling in ("eeg", "bold") if measure in CEILED else ():
            known = [part for part in one[f"of_{ceiling}_ceiling"] if part is not None]
            if known:
                span = f"{min(known):.2f} to {max(known):.2f} (mean {np.mean(known):.2f})"
                line += f"; {span} of the {ceiling.upper()} ceiling"
        lines.append(line)
    low, high = table["subjects"]["interval_95"]
    p_values = [p for p in table["subjects"]["p_values"] if p is not None]
    lines.append(
        f"* {len(table['subjects']['r'])} test subjects: median r {np.mean(table['subjects']['r']):.4f}, 95 % interval "
        f"over subjects {low:.4f} to {high:.4f}; {sum(p <= 0.05 for p in p_values)} of {len(p_values)} that vary over "
        "time reject at .05"
    )
    return "\n".join(lines)


def _grid(grid: Sequence[int] | str) -> str:
    return "all grids" if isinstance(grid, str) else " x ".join(map(str, grid)) + " voxels"


def tables_of(results: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Summarise each coupling and grid, and each coupling over its grids."""
    found = []
    for coupling in sorted({one["coupling"] for one in results}, reverse=True):
        of_coupling = [one for one in results if one["coupling"] == coupling]
        grids = sorted({tuple(one["grid"]) for one in of_coupling}, reverse=True)
        found += [summary([one for one in of_coupling if tuple(one["grid"]) == grid]) for grid in grids]
        if len(grids) > 1:
            found.append(summary(of_coupling))
    return found


def main() -> None:
    """Run what is missing of a study, or print its tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("out", type=Path, help="folder of the results, one JSON a data set")
    parser.add_argument("--seeds", type=int, nargs="*", default=[])
    parser.add_argument("--coupling", type=float, default=1.0)
    parser.add_argument("--grid", type=int, nargs=3, default=(64, 64, 30))
    parser.add_argument("--table", action="store_true", help="write table.json and table.md of all that is there")
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    for seed in asked.seeds:
        size = "x".join(map(str, asked.grid))
        file = asked.out / f"coupling-{asked.coupling:g}_grid-{size}_seed-{seed}.json"
        if file.exists():
            continue
        result = score_seed(asked.out / f"data-{seed}", seed, asked.coupling, asked.grid)
        part = file.with_suffix(".part")
        part.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
        part.replace(file)
        print(file.name, result["verdict"], flush=True)
    if asked.table:
        results = [json.loads(file.read_text(encoding="utf-8")) for file in sorted(asked.out.glob("coupling-*.json"))]
        tables = tables_of(results)
        (asked.out / "table.json").write_text(json.dumps(tables, indent=1) + "\n", encoding="utf-8")
        text = "\n\n".join(map(as_markdown, tables)) + "\n"
        (asked.out / "table.md").write_text(text, encoding="utf-8")
        print(text)


if __name__ == "__main__":
    main()
