"""Reading the files of a run folder; whatever cannot be read becomes a problem that the report shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from eeg2fmri.core.config import read_mapping
from eeg2fmri.core.disk.parse import read_json
from eeg2fmri.core.errors import ConfigError
from eeg2fmri.data.store.blocks import Block
from eeg2fmri.results import explanation as explained
from eeg2fmri.results.courses import Courses
from eeg2fmri.results.examples import Examples, read_examples
from eeg2fmri.results.files import AbsentResultError, ResultError
from eeg2fmri.results.scores.evaluation import FOLDER, SCORES, Evaluation
from eeg2fmri.results.training import HISTORY, History, RecordingQuality, SplitProtocol

T = TypeVar("T")

#: Parts of a split, in the order in which they are shown.
PARTS = ("train", "validation", "test")

#: Entries of the files that hold mappings themselves.
INSIDE: Mapping[str, tuple[str, ...]] = {
    "config.json": ("model", "pairs", "prepare"),
    "train.yaml": ("model", "pairs", "split"),
    "environment.json": ("packages",),
}

#: Measures of quality in a store: how they are called, and the factor into the unit that is named.
MEASURES: Mapping[str, tuple[str, float]] = {
    "marker": ("Volume marker", 1),
    "trigger_jitter_s": ("Trigger jitter (ms)", 1e3),
    "drift_ppm": ("Clock drift (ppm)", 1),
    "bad_electrodes": ("Bad electrodes", 1),
    "eeg_std_v": ("EEG SD (\N{MICRO SIGN}V)", 1e6),
    "statistics_from_volume": ("Steady from volume", 1),
    "tsnr_median": ("Temporal SNR (median)", 1),
    "brain_voxels": ("Brain voxels", 1),
    "volume_locked_share": ("Share of EEG locked to volumes", 1),
    "cleaned": ("Cleaned", 1),
}


class RunFiles:
    """The files of one run folder.

    Parameters
    ----------
    folder : Path
        The run folder.

    Attributes
    ----------
    problems : list of str
        What was there and could not be read.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.problems: list[str] = []
        self._read: dict[str, Mapping[str, Any]] = {}

    def mapping(self, name: str) -> Mapping[str, Any]:
        """Read a YAML or JSON file that holds a mapping; empty if it is absent or damaged.

        An entry in which a mapping is read (`INSIDE`) is left out where it is none.
        """
        if name not in self._read:
            self._read[name] = self._mapping(name)
        return self._read[name]

    def _mapping(self, name: str) -> Mapping[str, Any]:
        path = self.folder / name
        if not path.is_file():
            return {}
        try:
            # numbers of JSON such as 1e-05 are text in YAML
            values = read_json(path) if path.suffix == ".json" else read_mapping(path)
            if not isinstance(values, dict):
                raise ValueError(f"a mapping was expected, not {type(values).__name__}")
        except ConfigError as error:
            self.problems.append(f"{name}: {error.problems[0].what} ({error.problems[0].got})")
            return {}
        except (OSError, ValueError) as error:
            self.problems.append(f"{name}: {type(error).__name__}: {error}")
            return {}
        wrong = [key for key in INSIDE.get(name, ()) if not isinstance(values.get(key, {}), dict)]
        self.problems += [f"{name}: {key} is no mapping ({type(values[key]).__name__})" for key in wrong]
        return {key: value for key, value in values.items() if key not in wrong}

    def split(self) -> Mapping[str, tuple[str, ...]]:
        """Read the recording ids of each part."""
        values = self.mapping("split.json")
        return {part: tuple(str(i) for i in values[part]) for part in PARTS if isinstance(values.get(part), list)}

    def protocol(self) -> SplitProtocol:
        """Read how the test part relates to the training."""
        values = self.mapping("split.json")
        fold, folds = (values.get(name) if isinstance(values.get(name), int) else None for name in ("fold", "folds"))
        name = str(values.get("protocol") or "")
        return SplitProtocol(name, str(values.get("protocol_label") or name.replace("-", " ")), fold, folds)

    def history(self) -> History | None:
        """Read the course of the training."""
        return self._result(lambda: History.read(self.folder), HISTORY)

    def quality(self) -> tuple[RecordingQuality, ...]:
        """Read the quality of the recordings: recordings.json, a list of mappings with ``id`` and ``quality``."""
        path = self.folder / "recordings.json"
        if not path.is_file():
            return ()
        # blocks of a recording may be in several parts
        part_of: dict[str, list[str]] = {}
        for part, ids in self.split().items():
            for recording in dict.fromkeys(Block.of(name).recording for name in ids):
                part_of.setdefault(recording, []).append(part)
        try:
            return tuple(
                _quality(
                    str(one["id"]),
                    "left out" if one.get("left_out") else ", ".join(part_of.get(str(one["id"]), ["unused"])),
                    one["quality"],
                )
                for one in read_json(path)
            )
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            self.problems.append(f"recordings.json: {type(error).__name__}: {error}")
            return ()

    def evaluation(self) -> Evaluation | None:
        """Read what evaluating the run found."""
        found: list[str] = []
        evaluation = self._result(lambda: Evaluation.read(self.folder / FOLDER, found), f"{FOLDER}/{SCORES}")
        self.problems += [f"{FOLDER}/{problem}" for problem in found]
        return evaluation

    def examples(self) -> tuple[tuple[Examples, ...], tuple[Courses, ...]]:
        """Read what is shown of the test recordings: volumes and maps, and time courses."""
        found: list[str] = []
        examples = read_examples(self.folder / FOLDER, found)
        self.problems += [f"{FOLDER}/{problem}" for problem in found]
        return examples

    def explanation(self) -> explained.Explanation | None:
        """Read what explaining the run found."""
        return self._result(lambda: explained.Explanation.read(self.folder / explained.FOLDER), explained.FOLDER)

    def _result(self, read: Callable[[], T], name: str) -> T | None:
        """Read a result; None if there is none, or it is damaged, which is then named."""
        try:
            return read()
        except AbsentResultError:
            return None
        except ResultError as error:
            self.problems.append(error.brief(name))
            return None


def _quality(recording: str, part: str, values: Mapping[str, Any]) -> RecordingQuality:
    measures = {}
    for name, value in values.items():
        label, factor = MEASURES.get(name, (name.replace("_", " "), 1))
        if name != "warnings":
            measures[label] = round(value * factor, 6) if isinstance(value, float) else value
    return RecordingQuality(recording, part, measures, tuple(str(warning) for warning in values.get("warnings", ())))
