"""Train each model by its own recipe under one protocol, and put all of them in one table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

from eeg2fmri.compare.cost import measure_cost
from eeg2fmri.compare.entries import Entry, Size, choose_entries, described, reason
from eeg2fmri.compare.folder import open_comparison, run_folder, stage
from eeg2fmri.core.disk.lock import locked
from eeg2fmri.core.errors import Eeg2FmriError, InputError, Problem
from eeg2fmri.core.log import Verbose, tells
from eeg2fmri.core.progress import Progress, silent
from eeg2fmri.data.prepare.planning import run_jobs
from eeg2fmri.data.splits.make import make_split
from eeg2fmri.data.store.store import Store
from eeg2fmri.evaluate.benchmark import benchmark
from eeg2fmri.models.synthesis import chosen_device
from eeg2fmri.results.scores.evaluation import Evaluation
from eeg2fmri.results.scores.method import DIFFERENCE
from eeg2fmri.train.run import train_run


@dataclass(frozen=True, eq=False)
class Comparison:
    """What a comparison has come to.

    Attributes
    ----------
    folder : Path
    evaluation : Evaluation or None
        None if a training was stopped before its end.
    left_out : dict of str to str
        Models that have no row, and why.
    signal : int
        Number of the signal that stopped a training before its end; 0 where none did.
    """

    folder: Path
    evaluation: Evaluation | None
    left_out: dict[str, str]
    signal: int = 0


@tells
def compare(
    store: str | PathLike[str],
    out: str | Path,
    models: Sequence[str] = ("all",),
    config: Mapping[str, Any] | None = None,
    *,
    size: Size = "small",
    n_jobs: int = 1,
    truth: str | Path | None = None,
    difference: float = DIFFERENCE,
    progress: Progress = silent,
    say: Callable[[str], None] = lambda text: None,
    device: str = "auto",
    seed: int = 0,
    verbose: Verbose = None,
) -> Comparison:
    """Train models on one split of a store, each by its own recipe, and score them beside every baseline.

    One protocol holds for all: the same people train, validate and test; scaling stands on the training group; the
    epoch is chosen by the validation part; the same volumes are scored, beside the same baselines. What a published
    model was trained or scored by otherwise is said in the results. A comparison that was stopped or killed goes on
    where it stood: what is trained is not trained again.

    Parameters
    ----------
    store : Store or path
    out : path
        Folder to make, or to go on with.
    models : sequence of str
        Names of models; ``all`` are those that the store has what they need for. The first is judged. Models that the
        folder holds already stand in the table behind them.
    config : mapping, optional
        Settings of the training for all (``split``, ``minutes``, ``epochs``, ``accelerator``, ...), which go before
        those of each recipe.
    size : {"small", "published"}
        Sizes of the published networks.
    n_jobs : int
        Models trained at the same time (joblib); inside ``joblib.parallel_config("dask")``, -1 uses the whole cluster.
    truth, difference, progress, device, seed
        As `eeg2fmri.evaluate.benchmark.benchmark`.
    say : callable
        Told in a line what begins and what came out.
    verbose : bool, str, int or None
        Level of the log for this call; see `eeg2fmri.core.log`.

    Raises
    ------
    ConfigError
        If a model or a setting is unknown.
    InputError
        If no model can be trained, the store lacks what a named one needs, or `out` holds something else.
    LeakageError
        If what tests would train.
    """
    opened, path = Store.open(store), Path(out)
    shared = {"seed": seed, "split": {"seed": seed}, **_precision(chosen_device(device)), **(config or {})}
    entries, left_out = choose_entries(models, opened, shared, size)
    if not entries:
        raise InputError("no model can be trained on the store", where=str(opened.path), got=str(left_out))
    for entry in entries:
        make_split(opened, entry.config.split, entry.config.pairs)
    others = open_comparison(path, opened, entries, seed, size)
    with locked(path, "this comparison"):
        # a bar cannot be drawn from another process
        told = progress if n_jobs == 1 else silent
        jobs = ((str(opened.path), run_folder(path, one.name), one, told) for one in entries)
        progress("Models", 0, len(entries))
        lost: list[Problem] = []
        for number, (name, text, failed, signal) in enumerate(run_jobs(_train, jobs, n_jobs), 1):
            progress("Models", number, len(entries))
            say(f"{name}: {text}")
            if signal:
                return Comparison(path, None, left_out, signal)
            if failed:
                left_out[name] = text
                lost += failed
        done = {entry.name: (entry.label, entry.protocol) for entry in entries if entry.name not in left_out}
        if not done:
            raise InputError.of([Problem("no model could be trained", str(path), ", ".join(left_out)), *lost])
        for name, settings in others.items():
            if stage(run_folder(path, name)) == "trained":
                done[name] = described(name, opened, settings)
                left_out.pop(name, None)
            else:
                left_out[name] = "it is not trained to its end: name it too, and its training begins or goes on"
        on = chosen_device(device)
        runs = {label: run_folder(path, name) for name, (label, _) in done.items()}
        cost = {label: measure_cost(run, on) for label, run in runs.items()}
        facts = {
            "comparison": {"protocol": "one protocol", "size": size, "cost": cost, "left_out": left_out},
            "changed": {label: protocol for label, protocol in done.values() if protocol},
        }
        table = benchmark(
            runs,
            opened,
            path,
            truth=truth,
            facts=facts,
            difference=difference,
            progress=progress,
            device=device,
            seed=seed,
        )
    return Comparison(path, table, left_out)


def _precision(device: str) -> dict[str, Any]:
    return {"precision": "bf16-mixed"} if device == "cuda" else {}


def _train(store: str, run: Path, entry: Entry, progress: Progress) -> tuple[str, str, tuple[Problem, ...], int]:
    """Train a model, or go on; say what came of it, why it failed, if so, and by what signal it was stopped."""
    at = stage(run)
    if at == "trained":
        return entry.name, "is trained already", (), 0
    try:
        result = train_run(store, run, {} if at == "begun" else entry.given, resume=at == "begun", progress=progress)
    except Eeg2FmriError as error:
        return entry.name, reason(error), tuple(error.problems), 0
    return entry.name, result.summary(), (), result.fitted.signal if result.interrupted else 0
