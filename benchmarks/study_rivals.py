"""Published models beside ours and every baseline on simulated worlds, by one protocol and as published.

Data sets are simulated, 12 subjects each; what is there already is not made again.

    python -m benchmarks.study_rivals OUT --epochs 2
    python -m benchmarks.study_rivals OUT --published
    python -m benchmarks.study_rivals OUT --table
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from eeg2fmri.compare.published import as_published
from eeg2fmri.compare.run import compare
from eeg2fmri.data.prepare.run import prepare
from eeg2fmri.data.store.store import Store
from eeg2fmri.report import write_benchmark
from eeg2fmri.report.pages.published import write_published
from eeg2fmri.results.comparison import COLUMNS, Compared
from eeg2fmri.results.published import COLUMNS as STEPS
from eeg2fmri.results.published import FILE, PublishedProtocol
from eeg2fmri.results.scores.evaluation import Evaluation
from eeg2fmri.simulate import SimulationConfig, simulate_dataset

#: A data set of 12 subjects: five train, two choose the epoch, five are tested.
SIZES = {
    "small": {"volumes": 90, "electrodes": 8, "grid": [11, 12, 11]},
    "larger": {"volumes": 120, "electrodes": 12, "grid": [12, 14, 11]},
}
SHARED = {"subjects": 12, "tr": 2.0, "sfreq": 250.0, "regions": 30, "t1w_voxel_mm": 8.0}
#: World and coupling of each data set.
WORLDS = {"focal": ("focal", 1.0), "null": ("powers", 0.0), "own sources": ("powers", 1.0)}
SPLIT = {"train": 5, "validation": 2, "test": 5}


def store_of(folder: Path, name: str, seed: int, size: str) -> Store:
    """Open the store of a world, or make it."""
    path = folder / f"{name.replace(' ', '-')}-{seed}" / "store"
    if path.exists():
        return Store.open(path)
    world, coupling = WORLDS[name]
    values = {**SHARED, **SIZES[size], "world": world, "coupling": coupling, "seed": seed}
    bids = path.with_name("bids")
    if not bids.exists():
        simulate_dataset(bids, SimulationConfig.make(values))
    return prepare(bids, path, {"raw": {"rate": 200.0}})


def judge(folder: Path, name: str, store: Store, seed: int, limits: dict[str, float], models: Sequence[str]) -> None:
    """Train all models on a world, and write its table and its page."""
    out = folder / f"{name.replace(' ', '-')}-{seed}" / "benchmark"
    if (out / "scores.json").is_file():
        return
    config: dict[str, Any] = {"split": {**SPLIT, "seed": seed}, **limits}
    compare(store, out, models, config, seed=seed, say=print, device="cpu")
    write_benchmark(out)


def published(folder: Path, seed: int, size: str, epochs: int, models: Sequence[str]) -> None:
    """Take published protocols apart on a world with coupling and on its twin without."""
    out = folder / f"published-{seed}"
    if not (out / FILE).is_file():
        stores = {
            "coupling 1": store_of(folder, "own sources", seed, size),
            "coupling 0": store_of(folder, "null", seed, size),
        }
        config = {"split": {**SPLIT, "seed": seed}, "epochs": epochs, "accelerator": "cpu"}
        as_published(stores, out, models, config, seed=seed)
    write_published(out)


def tables(folder: Path, seed: int) -> str:
    """Write what has been found as tables of Markdown."""
    text = []
    for name in WORLDS:
        out = folder / f"{name.replace(' ', '-')}-{seed}" / "benchmark"
        if (out / "scores.json").is_file():
            text += [f"\n### {name}\n", *_scores(Evaluation.read(out))]
    if (folder / f"published-{seed}" / FILE).is_file():
        text += ["\n### As published\n", *_markdown(STEPS, PublishedProtocol.read(folder / f"published-{seed}").rows())]
    return "\n".join(text)


def _scores(found: Evaluation) -> list[str]:
    """Headline, its test, and the difference of the first model from each method, with its interval."""
    rows = []
    for method in found.methods:
        against = found.against.get(method.name, {})
        ends = (against.get("difference"), against.get("low"), against.get("high"))
        difference = "" if None in ends else "{:+.3f} ({:+.3f} to {:+.3f})".format(*ends)
        metrics = (found.headline.name, "temporal_r_mean", "ssim_slices")
        scores = [f"{found.score(method.name, metric):.3f}" for metric in metrics]
        p = found.p_value(method.name)
        rows.append((method.label, *scores, "" if p != p else f"{p:.3g}", difference))
    head = ("method", "r of responsive voxels", "r of all voxels", "SSIM", "p", "recommended minus it (95 %)")
    lines = _markdown(head, sorted(rows, key=lambda row: -float(row[1]) if row[1] != "nan" else 9))
    compared = Compared.of_facts(found.facts)
    costs = [] if compared is None else ["", *_markdown(COLUMNS, compared.rows())]
    left_out = [] if compared is None else [f"\nleft out: {name}: {why}" for name, why in compared.left_out.items()]
    return [found.verdict, "", *lines, *costs, *left_out]


def _markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows)]


def main() -> None:
    """Run the study, or a part of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--size", default="small", choices=list(SIZES))
    parser.add_argument("--minutes", type=float, default=10.0, help="longest training of each model")
    parser.add_argument("--epochs", type=int, default=2, help="epochs of each training")
    parser.add_argument("--models", nargs="+", default=["all"])
    parser.add_argument("--worlds", nargs="+", default=list(WORLDS), choices=list(WORLDS))
    parser.add_argument("--prepare", action="store_true", help="make the stores, and no more")
    parser.add_argument("--published", action="store_true", help="the steps of published protocols, and no more")
    parser.add_argument("--table", action="store_true", help="print what has been found, and no more")
    given = parser.parse_args()
    if not given.table and not given.published:
        for name in given.worlds:
            store = store_of(given.out, name, given.seed, given.size)
            print(name, store, flush=True)
            if not given.prepare:
                limits = {"epochs": given.epochs, "minutes": given.minutes}
                judge(given.out, name, store, given.seed, limits, given.models)
    if given.published:
        models = ["e2fnet", "boldflow"] if given.models == ["all"] else given.models
        published(given.out, given.seed, given.size, given.epochs, models)
    print(tables(given.out, given.seed))


if __name__ == "__main__":
    main()
