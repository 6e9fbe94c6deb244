"""Values that cannot be, one at a time: in every JSON file of ours, and in every setting."""

from __future__ import annotations

import copy
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure
from tests.faults import damage
from tests.faults.harness import ALL, Case, command, judge, run_cases

from eeg2fmri.classify.config import ClassifyConfig
from eeg2fmri.core.config import Config
from eeg2fmri.core.random import generator
from eeg2fmri.data.eeg_only.store import EegOnlyConfig
from eeg2fmri.data.prepare.run import prepare
from eeg2fmri.data.settings.prepare import PrepareConfig
from eeg2fmri.data.splits.make import read_split
from eeg2fmri.data.store import quality
from eeg2fmri.data.store.format import seal
from eeg2fmri.data.store.store import Store
from eeg2fmri.evaluate.inputs.open_run import open_run
from eeg2fmri.evaluate.inputs.reads import reading_note, record_reading
from eeg2fmri.explain.config import ExplainConfig
from eeg2fmri.predict.synthesizer import Synthesizer
from eeg2fmri.report import RunResults
from eeg2fmri.report.html import pictures
from eeg2fmri.report.sections.methods import methods_of_run
from eeg2fmri.results.scores.evaluation import Evaluation
from eeg2fmri.simulate import SimulationConfig, simulate_dataset
from eeg2fmri.simulate.groups.config import GroupsConfig
from eeg2fmri.train.config import TrainConfig
from eeg2fmri.train.run import train_run
from eeg2fmri.tune.config import TuneConfig

VALUES: tuple[Any, ...] = (
    None, True, -1, 0, 10**9, 2**70, 1e30, float("nan"), float("inf"), "", "text", "a\0b", "x" * 6000, "../..", [], {},
    [None], [[[[]]]], {"a": {"b": 1}}, ["text", 1],
)  # fmt: skip
DEEP = "[" * 5000 + "]" * 5000


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every key of nested values, and the first entries of every list."""
    inside = value.items() if isinstance(value, dict) else enumerate(value[:2]) if isinstance(value, list) else ()
    for key, below in inside:
        yield (*path, key)
        yield from places(below, (*path, key))


def put(content: Any, path: tuple[Any, ...], value: Any) -> Any:
    changed = copy.deepcopy(content)
    at = changed
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    return changed


def written(file: Path, content: Any) -> None:
    """Write JSON; a manifest gets its seal again, so that more than the seal is tested."""
    if isinstance(content, dict) and "seal" in content:
        content = {**content, "seal": seal(content)}
    file.write_text(json.dumps(content))


def value_cases(folder: Path, file: str, work: Callable[[Path], Any], count: int) -> list[Case]:
    """Put `count` wrong values at random places of a JSON file, and leave keys out."""
    content = json.loads((folder / file).read_text())
    everywhere, rng = list(places(content)), generator(2, "values", file)

    def case(name: str, change: Callable[[Path], Any]) -> Case:
        def make(place: Path) -> None:
            shutil.copytree(folder, place / "copy")
            change(place / "copy" / file)

        return Case(
            f"{file}: {name}",
            lambda place: work(place / "copy"),
            make,
            leaves=("copy/.sources.json", "copy/store/.sources.json"),
        )

    made = []
    for _ in range(count):
        path = everywhere[int(rng.integers(len(everywhere)))]
        value = VALUES[int(rng.integers(len(VALUES)))]
        name = f"{'.'.join(map(str, path))} = {value!r:.40}"
        made.append(case(name, lambda at, p=path, v=value: written(at, put(content, p, v))))
    for key in list(content)[:40] if isinstance(content, dict) else ():
        without = {name: value for name, value in content.items() if name != key}
        made.append(case(f"without {key}", lambda at, c=without: written(at, c)))
    for value in VALUES[:12]:
        made.append(case(f"is {value!r:.40}", lambda at, v=value: at.write_text(json.dumps(v)) and None))
    made.append(case("nested 5,000 deep", damage.replaced(DEEP.encode())))
    return made


@pytest.fixture(scope="module")
def evaluated(small_run: Path, small_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from eeg2fmri.evaluate.run import evaluate_run

    run = tmp_path_factory.mktemp("evaluated") / "run"
    shutil.copytree(small_run, run, ignore=shutil.ignore_patterns("evaluation", "explain", "*.html", ".*"))
    evaluate_run(run, small_store)
    return run


def opened(folder: Path) -> None:
    store = Store.open(folder)
    store.verify()
    assert store.sources().state
    for text in (quality.facts(store), quality.rows(store), quality.warnings(store), repr(store), store.to_frame()):
        assert str(text)
    for k in range(len(store.recordings)):
        assert np.isfinite(store.eeg(k)).all()


def loaded(folder: Path) -> None:
    synthesizer = Synthesizer.from_pretrained(folder, "cpu")
    assert repr(synthesizer)


def read(folder: Path) -> None:
    found = Evaluation.read(folder / "evaluation")
    assert str(found.verdict)
    found.to_frame()


def reported(folder: Path) -> None:
    """Write the page in a process of its own: figures are made, but not drawn, which takes seconds."""
    Figure.draw_without_rendering = lambda self: None
    pictures._address = lambda figure, kind: "data:,"
    command("report", folder, folder.parent / "page.html")


def gathered(folder: Path) -> None:
    """Read all that a report reads, without its figures."""
    assert methods_of_run(RunResults.read(folder)).text


def read_again(folder: Path) -> None:
    """Note another reading of the test part, as the next evaluation does."""
    reads = record_reading(open_run(folder, folder / "store"), folder / "evaluation", 0)
    assert "read" in reading_note(reads)


#: Files: whose folder, what is done with it, how many values. A "training" has no evaluation, whose figures do not
#: depend on these files; the long tier has it everywhere.
FILES: dict[str, tuple[str, Callable[[Path], Any], int]] = {
    "manifest.json": ("store", opened, 120),
    ".sources.json": ("store", opened, 30),
    "config.json": ("run", loaded, 220),
    "split.json": ("run", lambda folder: read_split(folder), 80),
    "evaluation/scores.json": ("run", read, 150),
    "evaluation/reads.json": ("read", read_again, 60),
    "recordings.json": ("training", reported, 40),
    "environment.json": ("training", reported, 40),
}
#: Share of the cases in the short tier, where it is not one in twenty.
EVERY = {"evaluation/reads.json": 6, "recordings.json": 5, "environment.json": 5}


@pytest.mark.parametrize("file", FILES)
def test_values_in_files(
    file: str, evaluated: Path, small_store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    where, work, count = FILES[file]
    folder = tmp_path / "sound"
    shutil.copytree(small_store if where == "store" else evaluated, folder)
    if where == "training" and not ALL:
        shutil.rmtree(folder / "evaluation")
    if where == "read":
        (folder / "store").symlink_to(small_store)
    opened(folder) if where == "store" else None
    if not (folder / file).exists():
        pytest.skip("nothing is noted of the sources")

    def honest(place: Path) -> None:
        shutil.copytree(folder, place / "copy")
        work(place / "copy")

    judge(run_cases(f"values of {file}", value_cases(folder, file, work, count), honest, EVERY.get(file, 20)), capsys)


def test_damaged_results(evaluated: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Arrays, tables and maps that a report reads."""
    cases = []
    for path in sorted(evaluated.rglob("*")):
        if path.suffix not in (".npz", ".csv", ".gz"):
            continue
        size, file = path.stat().st_size, path.relative_to(evaluated)
        ways = dict(damage.plain_cases(size, generator(4, "results", path.name), 6, size))
        ways |= {f"truncated at {at}": damage.truncated(at) for at in (1, size // 3, size // 2, size - 1)}
        for name, apply in ways.items():

            def make(place: Path, apply: Callable[[Path], Any] = apply, file: Path = file) -> None:
                shutil.copytree(evaluated, place / "copy")
                apply(place / "copy" / file)

            work = reported if ALL else gathered
            cases.append(Case(f"{file}: {name}", lambda place, work=work: work(place / "copy"), make))

    def honest(place: Path) -> None:
        shutil.copytree(evaluated, place / "copy")
        (reported if ALL else gathered)(place / "copy")

    judge(run_cases("damaged results", cases, honest, every=15), capsys)


#: Settings, and what is done with those that are taken; where that would take long, nothing is.
SETTINGS: dict[str, tuple[type[Config], tuple[str, ...]]] = {
    "simulate": (SimulationConfig, ("subjects", "sessions", "runs", "volumes")),
    "simulate-eeg": (GroupsConfig, ("subjects", "seconds")),
    "prepare": (PrepareConfig, ()),
    "train": (TrainConfig, ("epochs",)),
    "explain": (ExplainConfig, ()),
    "tune": (TuneConfig, ()),
    "classify": (ClassifyConfig, ()),
    "prepare --eeg-only": (EegOnlyConfig, ()),
}
SMALL = {"subjects": 1, "volumes": 15, "grid": [6, 7, 5], "electrodes": 8, "regions": 4, "sfreq": 100}


def setting_cases(name: str, bids: Path, store: Path) -> Iterator[Case]:
    cls, slow = SETTINGS[name]
    base: dict[str, Any] = {"simulate": SMALL, "train": TRAIN}.get(name, {})
    content = cls.make(base).model_dump(mode="json")
    for path in places(content):
        for value in VALUES:

            def work(place: Path, path: tuple[Any, ...] = path, value: Any = value) -> None:
                told = put({**content, **base} if len(path) == 1 else content, path, value)
                config = cls.make(told if len(path) > 1 else {**base, path[0]: value})
                if path[0] in slow:
                    return
                if name == "simulate":
                    simulate_dataset(place / "out", config)
                elif name == "prepare":
                    prepare(bids, place / "out", config)
                elif name == "train":
                    train_run(store, place / "out", config)

            leaves = ("out_problems.txt",) if name == "prepare" else ()
            if path == ("loss", "latent"):
                leaves = ("out", "out/*", "out/*/*")  # what a training that diverged has written of its way there
            yield Case(f"{'.'.join(map(str, path))} = {value!r:.40}", work, leaves=leaves)


TRAIN = {
    "epochs": 1,
    "batch_size": 4,
    "accelerator": "cpu",
    "pairs": {"window": 4},
    "split": {"seed": 1},
    "model": {"preset": "documented", "latent_shape": [2, 3, 2]},
}


@pytest.mark.parametrize("name", SETTINGS)
def test_settings(name: str, small_bids: Path, small_store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def honest(place: Path) -> None:
        if name == "simulate":
            simulate_dataset(place / "out", SMALL)
        elif name == "prepare":
            prepare(small_bids, place / "out")
        elif name == "train":
            train_run(small_store, place / "out", TRAIN)

    judge(run_cases(f"settings of {name}", setting_cases(name, small_bids, small_store), honest, every=40), capsys)
