"""The recommended synthesiser and every baseline over the number of people that they are fitted to.

A simulated data set goes through its BIDS folder and ``prepare`` once; models are fitted to the first 2, 4, ... people
(one of them validates, and is fitted to as well), and tested on the same people each time.

    python -m benchmarks.study_subjects OUT --worlds powers focal --seeds 1 2 --sizes 2 4 8 16
    python -m benchmarks.study_subjects OUT --table
"""

from __future__ import annotations

import argparse
import json
import shutil
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.study_worlds import MODELS, SIZE
from eeg2fmri.data.prepare.run import prepare
from eeg2fmri.evaluate.run import evaluate_run
from eeg2fmri.simulate import SimulationConfig, simulate_dataset
from eeg2fmri.simulate.worlds.catalogue import WORLDS
from eeg2fmri.train.run import train_run

TESTED = 4
#: Methods that no model has to beat.
NO_RIVALS = {"model", "shifted_eeg", "bold_ceiling", "eeg_ceiling"}


def curve(folder: Path, world: str, seed: int, sizes: Sequence[int]) -> dict[str, Any]:
    """Fit and test at every size; returns mean r in coupled regions by size and method, and leaves no data behind.

    Parameters
    ----------
    folder : Path
        Where the data are while they are needed.
    world : str
    seed : int
    sizes : sequence of int
        People to fit to, at least 2 each.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    labels = [f"{k + 1:02d}" for k in range(max(sizes) + TESTED)]
    try:
        settings = SimulationConfig.make({**SIZE, "subjects": len(labels), "world": world, "seed": seed})
        bids = simulate_dataset(folder / "bids", settings)
        store = prepare(bids, folder / "store")
        found = {}
        for size in sizes:
            fitted = labels[TESTED : TESTED + size]
            split = {"by": "subject", "train": fitted[1:], "validation": fitted[:1], "test": labels[:TESTED]}
            run = train_run(store, folder / f"run-{size}", {**MODELS["recommended"], "split": split}).run
            parts = evaluate_run(run, store, truth=bids, device="cpu").facts["ceilings"]["parts"]
            found[str(size)] = {
                name: float(np.nanmean([np.nan if value is None else value for value in values.values()]))
                for name, values in parts["coupled_regions"]["temporal_r"].items()
            }
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return {"world": world, "seed": seed, "r": found}


def as_markdown(results: Sequence[Mapping[str, Any]]) -> str:
    """Write one row a world and size: mean r over seeds beside that of the best baseline at that size."""
    by_place: defaultdict[tuple[str, int], list[Mapping[str, float]]] = defaultdict(list)
    for one in results:
        for size, r in one["r"].items():
            by_place[one["world"], int(size)].append(r)
    lines = ["| world | people | seeds | r | best baseline | its r | below it in |", "|---" * 7 + "|"]
    for (world, size), seeds in sorted(by_place.items()):
        names = [name for name in seeds[0] if name not in NO_RIVALS]
        best = max(names, key=lambda name: np.mean([r[name] for r in seeds]))
        model, rival = ([r[name] for r in seeds] for name in ("model", best))
        below = sum(a < b for a, b in zip(model, rival, strict=True))
        lines.append(
            f"| {world} | {size} | {len(seeds)} | {np.mean(model):.3f} | {best} | {np.mean(rival):.3f} | "
            f"{below} of {len(seeds)} |"
        )
    return "\n".join(lines) + "\n"


def main() -> None:
    """Run what is missing of a study, or print its table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("out", type=Path, help="folder of the results, one JSON a data set")
    parser.add_argument("--worlds", nargs="*", default=["powers"], choices=list(WORLDS))
    parser.add_argument("--seeds", type=int, nargs="*", default=[])
    parser.add_argument("--sizes", type=int, nargs="+", default=[2, 4, 8, 16])
    parser.add_argument("--table", action="store_true", help="print a table of all that is there")
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    for seed in asked.seeds:
        for world in asked.worlds:
            file = asked.out / f"people_{world}_seed-{seed}.json"
            if not file.exists():
                result = curve(asked.out / f"data-{world}-{seed}", world, seed, asked.sizes)
                file.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
                print(file.name, flush=True)
    if asked.table:
        print(as_markdown([json.loads(file.read_text("utf-8")) for file in sorted(asked.out.glob("people_*.json"))]))


if __name__ == "__main__":
    main()
