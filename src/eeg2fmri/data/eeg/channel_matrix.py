"""From the channels of a file to the channels of a store: picked, mended, re-referenced, moved on the head.

All of it is one matrix, applied to a block of samples at a time: nothing needs the whole recording in memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from eeg2fmri.core.errors import InputError, Problem
from eeg2fmri.data.eeg.electrodes.channel_names import channel_of, channel_problems, electrode_names
from eeg2fmri.data.eeg.electrodes.positions import directions, named_directions
from eeg2fmri.data.eeg.electrodes.spline import spline_matrix
from eeg2fmri.data.eeg.formats.units import volts
from eeg2fmri.data.settings.eeg import EegConfig

if TYPE_CHECKING:
    import mne


@dataclass(frozen=True, eq=False)
class Derivation:
    """Output channels as sums of input channels.

    Attributes
    ----------
    inputs, outputs : tuple of str
        Channels of the file that are read, and channels that come of them.
    matrix : array, shape (output, input), or None
        None where each output is the input of the same place.
    scale : float
        V in a unit of the numbers read.
    """

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    matrix: np.ndarray | None = None
    scale: float = 1.0

    @classmethod
    def picking(cls, names: Sequence[str]) -> Derivation:
        """Take channels as they are."""
        return cls(tuple(names), tuple(names))

    def pick(self, names: Sequence[str]) -> Derivation:
        """Keep some of the outputs, in the order of `names`."""
        rows = [self.outputs.index(name) for name in names]
        if self.matrix is None:
            return Derivation(tuple(names), tuple(names), None, self.scale)
        matrix = self.matrix[rows]
        used = np.flatnonzero(np.any(matrix != 0, axis=0))
        return Derivation(tuple(self.inputs[k] for k in used), tuple(names), matrix[:, used], self.scale)

    def apply(self, block: np.ndarray) -> np.ndarray:
        """Compute outputs (output, time) of inputs (input, time), both V."""
        return block if self.matrix is None else self.matrix @ block


def derive(
    raw: mne.io.BaseRaw, config: EegConfig, path: Path, *, montage: Sequence[str] = (), exclude: Sequence[str] = ()
) -> tuple[Derivation, tuple[str, ...]]:
    """Settle how the channels of a store come of those of a file.

    Parameters
    ----------
    raw : mne Raw
        With types and bad channels set.
    config : EegConfig
        Bad electrodes, reference, kept channels, unit.
    path : Path
        The EEG file, for positions and errors.
    montage : sequence of str
        Electrodes to interpolate to; none keeps those of the file.
    exclude : sequence of str
        Electrodes that are left out before anything is computed of them (only with `montage`).

    Returns
    -------
    derivation : Derivation
    notes : tuple of str
        What was done.

    Raises
    ------
    InputError
        If there are no good electrodes, a reference electrode is missing, or positions are not known.
    """
    names = [name for name in electrode_names(raw) if not (montage and name in exclude)]
    bads = [name for name in names if name in raw.info["bads"]]
    if not [name for name in names if name not in bads]:
        raise InputError.of([Problem("the file has no good EEG channels", str(path), ", ".join(bads)[:200])])
    matrix, outputs, notes = np.eye(len(names)), list(names), []
    usable = np.array([config.bads == "keep" or name not in bads for name in names])
    if bads and config.bads == "drop":
        matrix, outputs = matrix[usable], [name for name in names if name not in bads]
        notes.append(f"bad electrodes left out: {', '.join(bads)}")
    elif bads and config.bads == "interpolate":
        places = directions(raw, names, path)
        matrix[~usable] = 0
        matrix[np.ix_(~usable, usable)] = spline_matrix(places[usable], places[~usable])
        notes.append(f"bad electrodes interpolated: {', '.join(bads)}")
    matrix, outputs = _referenced(matrix, outputs, bads, config, path)
    if montage:
        places = directions(raw, [name for name in outputs if name not in bads], path)
        good = [k for k, name in enumerate(outputs) if name not in bads]
        matrix = spline_matrix(places, named_directions(montage, "montage")) @ matrix[good]
        outputs = list(montage)
        notes.append(f"{len(montage)} electrodes interpolated from the places of {len(good)}")
    kept = [
        name
        for name, kind in zip(raw.ch_names, raw.get_channel_types(), strict=True)
        if kind in config.keep and name not in outputs
    ]
    inputs = [*names, *kept]
    whole = np.zeros((len(outputs) + len(kept), len(inputs)))
    whole[: len(outputs), : len(names)] = matrix
    whole[len(outputs) :, len(names) :] = np.eye(len(kept))
    scale, told = volts(raw, path, config)
    derivation = Derivation(tuple(inputs), (*outputs, *kept), whole, scale)
    return simplified(derivation), (*notes, *told)


def _referenced(
    matrix: np.ndarray, outputs: list[str], bads: list[str], config: EegConfig, path: Path
) -> tuple[np.ndarray, list[str]]:
    if config.reference == "keep":
        return matrix, outputs
    if config.reference == "average":
        good = [k for k, name in enumerate(outputs) if name not in bads]
        return matrix - matrix[good].mean(axis=0), outputs
    named = [channel_of(name, outputs) or name for name in config.reference]
    problems = channel_problems(named, outputs, f"{path}: reference")
    if problems:
        raise InputError.of(problems)
    chosen = [outputs.index(name) for name in named]
    others = [k for k in range(len(outputs)) if k not in chosen]
    return matrix[others] - matrix[chosen].mean(axis=0), [outputs[k] for k in others]


def simplified(derivation: Derivation) -> Derivation:
    """Recognise a derivation that only picks channels, and drop inputs that nothing uses."""
    matrix = derivation.matrix
    assert matrix is not None
    used = np.flatnonzero(np.any(matrix != 0, axis=0))
    matrix = matrix[:, used]
    inputs = tuple(derivation.inputs[k] for k in used)
    same = inputs == derivation.outputs and np.array_equal(matrix, np.eye(len(inputs)))
    return Derivation(inputs, derivation.outputs, None if same else matrix, derivation.scale)
