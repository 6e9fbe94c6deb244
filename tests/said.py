"""What rooms say of faults: every message is kept word for word, so that no change of one goes unread.

The messages are in ``tests/unit/said``, one file a room, one a line. A test of the room that meets another one fails.
``EEG2FMRI_SAID=write pytest TESTS`` adds those that are new; a message that nothing says any more is taken out by hand.

In ``tests/unit/said/outcomes`` are whole outcomes of cases, numbers and all (`all_kept`).
"""

import dataclasses
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from eeg2fmri.core.errors import Eeg2FmriError, Problem

FOLDER = Path(__file__).parent / "unit" / "said"
WRITE = os.environ.get("EEG2FMRI_SAID") == "write"
#: Rooms of tests whose messages are kept.
ROOMS = ("data/timing", "data/splits", "data/pairs", "data/prepare", "evaluate/significance")


def room_of(path: Path) -> str | None:
    """Name the room of a test file; None where its messages are not kept, or whole outcomes are."""
    if path.name == "test_outcomes.py":
        return None
    here = path.resolve().as_posix()
    return next((room for room in ROOMS if f"/tests/unit/{room}/" in here), None)


@contextmanager
def recorded(monkeypatch, folders: tuple[Path, ...]) -> Iterator[set[str]]:
    """Give the messages that are made inside, without the folders of the test and with N for every number."""
    from eeg2fmri.data.store.recording import Recording
    from eeg2fmri.data.timing.volume_onsets import Alignment

    found: set[str] = set()

    def keep(parts: dict[str, object]) -> None:
        text = json.dumps(parts, ensure_ascii=False, sort_keys=True)
        for folder in folders:
            text = text.replace(str(folder), "FOLDER")
        # numbers are what other tests are about, and folders have some that differ from run to run
        text = re.sub(r"FOLDER/[^/\"', ]+", "FOLDER", text)
        found.add(re.sub(r"N(, N)+", "N, N", re.sub(r"-?\b\d+(\.\d+)?(e-?\d+)?\b", "N", text)))

    def of_problem(self: Problem, *args: object, **kwargs: object) -> None:
        made(self, *args, **kwargs)
        keep({name: str(value) for name, value in dataclasses.asdict(self).items() if value})

    def of_alignment(self: Alignment, *args: object, **kwargs: object) -> None:
        aligned(self, *args, **kwargs)
        for note in self.notes:
            keep({"note": note})

    def of_recording(self: Recording, *args: object, **kwargs: object) -> None:
        stored(self, *args, **kwargs)
        for note in self.quality.get("warnings", ()):
            keep({"note": note})

    made, aligned, stored = Problem.__init__, Alignment.__init__, Recording.__init__
    with monkeypatch.context() as patch:
        patch.setattr(Problem, "__init__", of_problem)
        patch.setattr(Alignment, "__init__", of_alignment)
        patch.setattr(Recording, "__init__", of_recording)
        yield found


def compared(room: str, found: set[str]) -> None:
    """Fail where a message is not among those that are kept, or keep it."""
    file = FOLDER / f"{room.replace('/', '_')}.txt"
    kept = set(file.read_text(encoding="utf-8").splitlines()) if file.exists() else set()
    new = found - kept
    if new and WRITE:
        file.write_text("\n".join(sorted(kept | new)) + "\n", encoding="utf-8")
    else:
        assert not new, f"not in {file.name}; read them, then EEG2FMRI_SAID=write pytest:\n" + "\n".join(sorted(new))


def outcome(call: Callable[[], object]) -> str:
    """What a call gives, or the error that it raises, in words: numbers to six places, arrays as lists."""
    try:
        return _in_words(call())
    except Eeg2FmriError as error:
        return f"{type(error).__name__}: {error}"


def _in_words(value: object) -> str:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        value = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return "\n".join(f"{name}: {_in_words(one)}" for name, one in value.items())
    if isinstance(value, np.ndarray | list | tuple | set | frozenset):
        parts = sorted(value) if isinstance(value, set | frozenset) else list(value)
        return "[" + ", ".join(map(_in_words, parts)) + "]"
    if isinstance(value, float | np.floating):
        return f"{round(float(value), 6) + 0:g}" if abs(value) < 1e5 else f"{float(value):.6g}"
    return str(value)


def all_kept(file: str, cases: Mapping[str, Callable[[], object]], folder: Path | None = None) -> None:
    """Fail where the outcome of a case is not the one that is kept; cases of one outcome stand together.

    The folder of the test is kept as FOLDER.

    ``EEG2FMRI_SAID=write pytest TESTS`` keeps what there is now, to be read before it is committed.
    """
    together: dict[str, list[str]] = {}
    for name, call in cases.items():
        found = outcome(call)
        together.setdefault(found if folder is None else found.replace(str(folder), "FOLDER"), []).append(name)
    text = "\n".join(f"== {'; '.join(names)}\n{found}\n" for found, names in together.items())
    path = FOLDER / "outcomes" / f"{file}.txt"
    if WRITE:
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == text
