"""Every command with every place that cannot be written or read, and stopped at any moment."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from tests.faults import damage
from tests.faults.harness import Case, Told, command, judge, run_cases, without_privileges

from eeg2fmri.cli.stop import Stoppable
from eeg2fmri.core.random import generator

SETTINGS = {
    "train.json": {
        "epochs": 1,
        "batch_size": 4,
        "accelerator": "cpu",
        "checkpoint_minutes": 1e-9,
        "pairs": {"window": 4},
        "split": {"seed": 1},
        "model": {"preset": "documented", "latent_shape": [2, 3, 2]},
    },
    "simulate.json": {"subjects": 2, "volumes": 15, "grid": [6, 7, 5], "electrodes": 8, "regions": 4, "sfreq": 100},
    "groups.json": {"subjects": 2, "seconds": 12, "electrodes": 8, "regions": 8, "sfreq": 100},
    "explain.json": {"windows": 1, "passes": 0},
}
EEG = "IN/bids/sub-01/eeg/sub-01_task-rest_eeg.vhdr"
#: Arguments of each command. IN are inputs that nothing writes to, RUN is a copy of a run, OUT is what is made.
COMMANDS: dict[str, tuple[str, ...]] = {
    "simulate": ("OUT", "--config", "IN/simulate.json"),
    "simulate-eeg": ("OUT", "--config", "IN/groups.json"),
    "prepare": ("IN/bids", "OUT"),
    "train": ("IN/store", "OUT", "--config", "IN/train.json"),
    "evaluate": ("RUN", "IN/store", "--json", "OUT"),
    "predict": ("IN/run", EEG, "OUT.nii.gz"),
    "export": ("IN/run", "OUT.pt2"),
    "report": ("RUN", "OUT.html"),
    "explain": ("IN/run", "IN/store", "OUT", "--config", "IN/explain.json"),
    "tune": ("IN/store", "OUT", "--trials", "1", "--epochs", "1"),
    "crossvalidate": ("IN/store", "OUT", "--config", "IN/train.json", "--folds", "3", "--fold", "1"),
    "benchmark": ("IN/store", "OUT", "--config", "IN/train.json", "--epochs", "1"),
    "bids-app": ("IN/bids", "OUT", "participant", "--model", "IN/run", "--participant-label", "01"),
}
#: What may be there after a refusal: it says how to go on, or was made before anything was refused.
LEAVES = {
    "prepare": (".out*.partial", ".out*.partial/*", ".out*.partial/*/*"),
    "train": ("out", "out/*", "out/*/*", "out/*/*/*"),
    "crossvalidate": ("out", "out/*", "out/*/*", "out/*/*/*", "out/*/*/*/*"),
    "tune": ("out", "out/*", "out/*/*", "out/*/*/*"),
    "benchmark": ("out", "out/*", "out/*/*", "out/*/*/*", "out/*/*/*/*"),
    "evaluate": ("run/evaluation", "run/evaluation/*"),
    "bids-app": ("out", "out/*", "out/*/*", "out/*/*/*"),
}
LONG = "x" * 300


def in_the_way(place: Path) -> str:
    (place / "taken").write_text("mine")
    return "taken/out"


def read_only(place: Path) -> str:
    return "/proc/out"


def looped(place: Path) -> str:
    (place / "loop").symlink_to("loop")
    return "loop/out"


def dangling(place: Path) -> str:
    (place / "dangling").symlink_to("nowhere")
    return "dangling/out"


def closed(place: Path) -> str:
    (place / "closed").mkdir(mode=0o555)
    return "closed/out"


def closed_above(place: Path) -> str:
    (place / "closed").mkdir(mode=0o000)
    return "closed/more/out"


def taken(place: Path) -> str:
    for name in ("out", "out.pt2", "out.html", "out.nii.gz"):
        (place / name).mkdir()
        (place / name / "mine").write_text("mine")
    return "out"


def endless(path: Path) -> None:
    path.unlink()
    path.symlink_to("/dev/zero")


#: Places that cannot be written: the output, made by a function, and what the error has to name.
PLACES: dict[str, tuple[Callable[[Path], str], str]] = {
    "a file in the way": (in_the_way, "taken"),
    "a disk that is read-only": (read_only, "/proc"),
    "a name of 300 letters": (lambda place: LONG, LONG[:100]),
    "a path of 6,000 letters": (lambda place: "/".join(["y" * 200] * 30), "yyy"),
    "a loop of links": (looped, "loop"),
    "a folder that may not be written": (closed, "closed"),
    "a folder that may not be entered": (closed_above, "closed"),
    "a folder of that name": (taken, "out"),
    "a link that leads nowhere": (dangling, ""),
}
#: What may be there in the place of an input.
INPUTS: dict[str, Callable[[Path], Any]] = {
    "absent": damage.absent,
    "a folder": damage.folder_instead,
    "a loop of links": damage.looped,
    "a pipe": damage.piped,
    "empty": damage.replaced(b""),
    "zeros": damage.replaced(b"\0" * 5000),
    "endless": endless,
    "text": damage.replaced(b"nothing of the kind\n"),
}


@pytest.fixture(scope="module")
def inputs(small_bids: Path, small_store: Path, small_run: Path) -> Iterator[Path]:
    """Folder with a data set, its store, a run and settings."""
    folder = Path(tempfile.mkdtemp(prefix="faults-in-"))
    for name, source in (("bids", small_bids), ("store", small_store), ("run", small_run)):
        shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("evaluation", "explain", "*.html", ".*"))
    for name, settings in SETTINGS.items():
        (folder / name).write_text(json.dumps(settings))
    yield folder
    shutil.rmtree(folder)


def called(name: str, inputs: Path, place: Path, out: str = "out") -> None:
    """Run a command with its inputs and output."""

    def filled(word: str) -> str:
        if word.startswith("OUT"):
            return out + word[3:]
        return str(place / "run") if word == "RUN" else word.replace("IN/", f"{inputs}/", 1)

    command(name, *(filled(word) for word in COMMANDS[name]))


def with_run(name: str, inputs: Path, place: Path) -> None:
    if "RUN" in COMMANDS[name]:
        shutil.copytree(inputs / "run", place / "run")


def place_cases(name: str, inputs: Path) -> Iterator[Case]:
    for place_name, (chosen, told) in PLACES.items():

        def make(place: Path, chosen: Callable[[Path], str] = chosen) -> None:
            with_run(name, inputs, place)
            (place / "chosen").write_text(chosen(place))

        def work(place: Path) -> None:
            without_privileges()
            called(name, inputs, place, (place / "chosen").read_text())

        must = "either" if place_name in ("a link that leads nowhere", "a folder of that name") else "refused"
        leaves = LEAVES["evaluate"] if name == "evaluate" else ()
        always = (name, place_name) == ("bids-app", "a loop of links")  # an error of its own until Python 3.13
        yield Case(f"into {place_name}", work, make, must, told if must == "refused" else "", leaves, always)


def limit_cases(name: str, inputs: Path) -> Iterator[Case]:
    """A quota or a file system that takes no file larger than so many bytes."""
    for size in (0, 1000, 10_000):

        def work(place: Path, size: int = size) -> None:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
            called(name, inputs, place)

        yield Case(
            f"files of at most {size} bytes",
            work,
            lambda place: with_run(name, inputs, place),
            told="",
            leaves=LEAVES.get(name, ()),
            always=size == 1000 and name in ("evaluate", "export", "predict"),
        )


def made(place: Path, out: str) -> dict[str, int]:
    """Names of what is there of an output, and the sizes of files that stand alone."""
    paths = [path for path in place.rglob("*") if path.relative_to(place).parts[0].startswith(out)]
    return {
        str(path.relative_to(place)).removeprefix(out): path.stat().st_size if path.parent == place else 0
        for path in paths
        if path.is_file()
    }


def stop_cases(name: str, inputs: Path, moments: int) -> Iterator[Case]:
    """A request to stop at a random moment of the first seconds."""
    rng = generator(11, "stops", name)
    for number in range(moments):
        after, how = float(rng.uniform(0.005, 1.5)), ("SIGTERM", "SIGINT")[number % 2]

        def work(place: Path, after: float = after, how: str = how) -> None:
            def stop(number: int, frame: FrameType | None) -> None:
                # a command asks for it from `__enter__` to `__exit__` of `Stoppable`; what is outside is the test's
                asked = signal.getsignal(signal.SIGTERM) != signal.SIG_DFL
                while frame is not None:
                    asked &= frame.f_code not in (Stoppable.__enter__.__code__, Stoppable.__exit__.__code__)
                    frame = frame.f_back
                if asked:
                    os.kill(os.getpid(), getattr(signal, how))

            signal.signal(signal.SIGALRM, stop)
            signal.setitimer(signal.ITIMER_REAL, after)
            try:
                called(name, inputs, place)
            except Told:
                left = made(place, "out")
                if name in LEAVES or not left:
                    raise
                # it came when the output was whole already
                called(name, inputs, place, "again")
                assert left == made(place, "again"), "a part of the output was left"

        make = lambda place: with_run(name, inputs, place)  # noqa: E731
        yield Case(f"{how} after {after:.3f} s", work, make, leaves=LEAVES.get(name, ()), always=number == 0)


def input_cases(name: str, inputs: Path) -> Iterator[Case]:
    """Each file that a command is given, or the main files of each folder, in every way that it cannot be."""
    files = [word for word in COMMANDS[name] if word.endswith((".json", ".vhdr"))]
    files += ["IN/run/config.json", "IN/run/weights.safetensors"] * ("IN/run" in COMMANDS[name])
    files += ["IN/run/split.json"] * (name == "explain")
    files += ["IN/store/manifest.json"] * ("IN/store" in COMMANDS[name])
    for file in files:
        for way, apply in INPUTS.items():
            if way == "empty" and file.removeprefix("IN/") in SETTINGS:
                continue  # the defaults

            def make(place: Path, file: str = file, apply: Callable[[Path], Any] = apply) -> None:
                with_run(name, inputs, place)
                folder = file.split("/")[1]
                source, target = inputs / folder, place / "in" / folder
                (place / "in").mkdir()
                for other in inputs.iterdir():
                    if other.name != folder:
                        (place / "in" / other.name).symlink_to(other)
                (shutil.copytree if source.is_dir() else shutil.copyfile)(source, target)
                apply(place / "in" / file.removeprefix("IN/"))

            def work(place: Path) -> None:
                called(name, place / "in", place)

            yield Case(f"{file} {way}", work, make, "refused", "", LEAVES["evaluate"] if name == "evaluate" else ())


@pytest.mark.parametrize("name", COMMANDS)
def test_command(name: str, inputs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cases = [*place_cases(name, inputs), *limit_cases(name, inputs), *input_cases(name, inputs)]
    if name not in ("tune", "crossvalidate", "benchmark"):  # minutes: their parts are stopped as commands of their own
        cases += stop_cases(name, inputs, 10)

    def honest(place: Path) -> None:
        with_run(name, inputs, place)
        called(name, inputs, place)

    judge(run_cases(name, cases, honest, every=11), capsys)
