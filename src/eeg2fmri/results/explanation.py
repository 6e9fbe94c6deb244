"""Keep what explaining a run found, in two files: ``explain.json`` and ``explain.npz``.

``explain.npz`` holds ``electrodes`` (channel,), ``frequencies`` (freq,) in Hz, ``times`` (time,) in s before the
volume, ``subjects`` (subject,); ``bands`` (freq,) and ``band_limits`` (freq, 2) in Hz where each place of the axis is
a band; ``signed``, ``magnitude``, ``fluctuation``, ``pattern`` and, with recentred EEG, ``sensor_pattern`` (subject,
channel, freq, time); ``attention`` and ``pairs`` (subject, channel, channel) where the model has attention;
``latent`` (subject, x, y, z) and ``affine`` (4, 4); ``target`` (x, y, z), the weights of the voxels that are
explained; ``curve_fractions`` (step,), and ``curve_deletion``, ``curve_insertion``, ``curve_random_deletion``,
``curve_random_insertion``, ``curve_untrained_deletion``, ``curve_untrained_insertion`` where the relevance was
checked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np

from eeg2fmri.core.disk.files import write_json
from eeg2fmri.core.disk.npz import read_npz, save_npz
from eeg2fmri.core.disk.parse import read_json
from eeg2fmri.results.files import as_float, check_version, reading

#: Folder of the results in a run.
FOLDER = "explain"
SUMMARY, ARRAYS = "explain.json", "explain.npz"
FORMAT = 1
AGAIN = "explain the run again: eeg2fmri explain RUN STORE"
#: Orders in which parts of the windows are taken away or put in: how they are called, and the prefix in the file.
ORDERS = {"by relevance": "curve_", "by the untrained model": "curve_untrained_", "random": "curve_random_"}


@dataclass(frozen=True)
class Conservation:
    """Where the explained output of one subject went; each as a share of it.

    Attributes
    ----------
    subject : str
    windows : int
    from_biases : float
        Absolute part of biases over that of biases and EEG together: no EEG is responsible for it.
    error : float
        Did not arrive at the EEG, biases included.
    unaccounted : float
        Is found nowhere.
    """

    subject: str
    windows: int
    from_biases: float
    error: float
    unaccounted: float


@dataclass(frozen=True, eq=False)
class Curves:
    """Outputs (step,) when `fractions` (step,) of a window are taken away or put in, in orders by name."""

    fractions: np.ndarray
    deletion: Mapping[str, np.ndarray]
    insertion: Mapping[str, np.ndarray]


@dataclass(frozen=True, eq=False, repr=False)
class Explanation:
    """Relevance of the EEG for synthesised volumes.

    Parameters
    ----------
    content : mapping
        Everything but the arrays, as JSON has it.
    arrays : mapping of str to array
        See the module.

    Raises
    ------
    ValueError
        If the arrays do not fit their axes.
    """

    content: Mapping[str, Any]
    arrays: Mapping[str, np.ndarray]

    def __post_init__(self) -> None:
        shape = (len(self.subjects), len(self.electrodes), len(self.frequencies), len(self.times))
        maps = {"relevance": self.magnitude, "signed relevance": self.signed, "pattern": self.pattern}
        for name, found in maps.items():
            if found is not None and found.shape != shape:
                raise ValueError(f"{name} has the shape {found.shape}, its axes {shape}")
        for part in ("target", "part", "conservation", "tests", "fidelity", "truth", "curves", "notes", "bands"):
            getattr(self, part)  # whatever they stand on must be there

    def __repr__(self) -> str:
        return f"<Explanation of the {self.target}: {len(self.subjects)} subjects, {len(self.electrodes)} electrodes>"

    def write(self, folder: str | Path) -> None:
        """Write both files into a folder that exists.

        Raises
        ------
        OutputError
            If one cannot be written.
        """
        save_npz(Path(folder) / ARRAYS, self.arrays)
        write_json(Path(folder) / SUMMARY, self.content)

    @classmethod
    def read(cls, folder: str | Path) -> Self:
        """Read what `write` wrote.

        Raises
        ------
        AbsentResultError
            If the folder holds no explanation.
        ResultError
            If it is damaged, or of another version.
        """
        path = Path(folder) / SUMMARY
        with reading(path, "the explanation", AGAIN, "the folder holds no explanation"):
            content = dict(read_json(path))
            check_version(path, content.get("format"), FORMAT)
            with reading(path.with_name(ARRAYS), "the relevance", AGAIN):
                arrays = read_npz(path.with_name(ARRAYS))
            return cls(content, arrays)

    @property
    def target(self) -> str:
        """What was explained."""
        return str(self.content["target"]["what"])

    @property
    def part(self) -> str:
        """Recordings that were explained: "test", ..."""
        return str(self.content["facts"].get("part", ""))

    @property
    def electrodes(self) -> tuple[str, ...]:
        """Names of the electrodes, length channel."""
        return tuple(str(name) for name in self.arrays["electrodes"])

    @property
    def frequencies(self) -> np.ndarray:
        """Hz, shape (freq,)."""
        return self.arrays["frequencies"]

    @property
    def times(self) -> np.ndarray:
        """Seconds before the volume, shape (time,)."""
        return self.arrays["times"]

    @property
    def subjects(self) -> tuple[str, ...]:
        """Test subjects, such as ``sub-03``."""
        return tuple(f"sub-{subject}" for subject in self.arrays["subjects"])

    @property
    def magnitude(self) -> np.ndarray:
        """Shares of absolute relevance, sum 1 a subject, shape (subject, channel, freq, time)."""
        return self.arrays["magnitude"]

    @property
    def signed(self) -> np.ndarray:
        """Shares of signed relevance over the sum of the absolute one, shape (subject, channel, freq, time)."""
        return self.arrays["signed"]

    @property
    def pattern(self) -> np.ndarray | None:
        """Correlation of each part of the EEG with the target, as single electrodes see it, shaped as `signed`."""
        # where a model reads recentred electrodes, single ones are what a head can show
        return self.arrays.get("sensor_pattern", self.arrays.get("pattern"))

    @cached_property
    def bands(self) -> tuple[tuple[str, float, float], ...]:
        """Limits in Hz where each place of the frequency axis is a whole band (name, low, high); else empty."""
        return bands_of(self.arrays)

    @property
    def attention(self) -> np.ndarray | None:
        """Attention scores (subject, channel, channel) of a model that has them; rows sum to 1."""
        return self.arrays.get("attention")

    @property
    def pairs(self) -> np.ndarray | None:
        """Share of the absolute relevance of the attention of each electrode to each other."""
        return self.arrays.get("pairs")

    @property
    def latent(self) -> np.ndarray | None:
        """Relevance of the recorded BOLD for its latent, shape (subject, x, y, z)."""
        return self.arrays.get("latent")

    @property
    def affine(self) -> np.ndarray | None:
        """Voxel indices to mm, shape (4, 4)."""
        return self.arrays.get("affine")

    @cached_property
    def conservation(self) -> tuple[Conservation, ...]:
        """Where the explained output of each subject went."""
        return tuple(
            Conservation(
                subject=f"sub-{one['subject']}",
                windows=int(one["windows"]),
                from_biases=as_float(one["from_biases"]),
                error=as_float(one["conservation_error"]),
                unaccounted=as_float(one["unaccounted"]),
            )
            for one in self.content["subjects"]
        )

    @property
    def tests(self) -> Mapping[str, Mapping[str, Any]]:
        """Tests over subjects by measure and sum."""
        return dict(self.content["tests"])

    @property
    def fidelity(self) -> Mapping[str, Any]:
        """Numbers that say how far the relevance can be believed; empty if it was not checked."""
        return dict(self.content["fidelity"] or {})

    @property
    def truth(self) -> Mapping[str, Any]:
        """Agreement with the drivers of simulated recordings; empty where none are known."""
        return dict(self.content.get("truth") or {})

    @cached_property
    def curves(self) -> Curves | None:
        """Outputs when parts of the windows are taken away or put in; None if it was not checked."""
        if "curve_fractions" not in self.arrays:
            return None
        deletion, insertion = (
            {name: self.arrays[prefix + what] for name, prefix in ORDERS.items()} for what in ("deletion", "insertion")
        )
        return Curves(self.arrays["curve_fractions"], deletion, insertion)

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader must know."""
        return tuple(str(note) for note in self.content["notes"])


def bands_of(arrays: Mapping[str, np.ndarray]) -> tuple[tuple[str, float, float], ...]:
    """Name and limits (Hz) of each place of the frequency axis; empty where they are no bands."""
    if "bands" not in arrays:
        return ()
    limits = zip(arrays["bands"], arrays["band_limits"], strict=True)
    return tuple((str(name), float(low), float(high)) for name, (low, high) in limits)
