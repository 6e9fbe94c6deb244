"""The electrodes of a model in a recording that is new: by name, and interpolated where they were not recorded."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from eeg2fmri.core.errors import InputError, first_of
from eeg2fmri.data.eeg.channel_matrix import Derivation, simplified
from eeg2fmri.data.eeg.electrodes.channel_names import channel_of, channel_problems, electrode_names
from eeg2fmri.data.eeg.electrodes.positions import directions, named_directions
from eeg2fmri.data.eeg.electrodes.spline import spline_matrix
from eeg2fmri.data.eeg.electrodes.template_positions import electrode_positions

if TYPE_CHECKING:
    import mne

#: Electrodes with a place that are needed to interpolate others.
FEWEST_TO_INTERPOLATE = 4
#: Cosine of the angle at the centre of the head up to which electrodes of one name are one: 25 degrees, 4 cm.
NEAR = 0.906


def fitted(
    derivation: Derivation, wanted: Sequence[str], raw: mne.io.BaseRaw, path: Path, *, by_place: bool = False
) -> tuple[Derivation, tuple[str, ...]]:
    """Give the electrodes of a model: those of a recording by name, the others interpolated.

    Names agree without regard to case and to what stands around them (``EEG Fp1-REF``).

    Parameters
    ----------
    derivation : Derivation
        How the channels of the recording, in which the electrodes are looked for, come of those of the file.
    wanted : sequence of str
        Electrodes of the model, in order.
    raw : mne Raw
        The recording, with types and bad channels set.
    path : Path
        For positions and errors.
    by_place : bool
        Whether an electrode of the same name has to be at the place of the 10-05 system too: the C3 of other caps is
        elsewhere.

    Returns
    -------
    derivation : Derivation
        With `wanted` as outputs.
    notes : tuple of str
        What was done.

    Raises
    ------
    InputError
        If electrodes are missing and cannot be interpolated: their place, or that of four others, is not known.
    """
    present = list(derivation.outputs)
    good, places = _placed(raw, [name for name in present if name not in raw.info["bads"]], path, by_place)
    at = dict(zip(good, places, strict=True)) if by_place else {}
    found = {name: _partner(name, present, at) for name in wanted}
    missing = [name for name, partner in found.items() if partner is None]
    renamed = {name: partner for name, partner in found.items() if partner is not None and partner != name}
    notes = [f"electrodes by other names: {first_of([f'{old} is {new}' for new, old in renamed.items()], 12)}"]
    notes = notes if renamed else []
    matrix = np.eye(len(present)) if derivation.matrix is None else derivation.matrix
    rows = np.zeros((len(wanted), matrix.shape[1]))
    for k, name in enumerate(wanted):
        partner = found[name]
        if partner is not None:
            rows[k] = matrix[present.index(partner)]
    if missing:
        if len(good) < FEWEST_TO_INTERPOLATE or not np.isfinite(electrode_positions(missing)).all():
            raise InputError.of(
                channel_problems(wanted, [name for name in found.values() if name] or present, str(path))
            )
        known = matrix[[present.index(name) for name in good]]
        rows[[name in missing for name in wanted]] = spline_matrix(places, named_directions(missing)) @ known
        notes.append(
            f"{len(wanted) - len(missing)} of the {len(wanted)} electrodes of the model were recorded; interpolated by "
            f"spherical splines from {len(good)} others: {', '.join(missing)}"
        )
    if derivation.matrix is None and not missing:
        inputs = tuple(str(found[name]) for name in wanted)
        return Derivation(inputs, tuple(wanted), None, derivation.scale), tuple(notes)
    return simplified(Derivation(derivation.inputs, tuple(wanted), rows, derivation.scale)), tuple(notes)


def _placed(raw: mne.io.BaseRaw, names: Sequence[str], path: Path, by_place: bool) -> tuple[list[str], np.ndarray]:
    """Find the electrodes whose direction from the centre of the head is known, and these (channel, 3).

    Places of the 10-05 system, in which the electrodes of the model are known, go before digitised ones.
    """
    names = [name for name in names if name not in raw.ch_names or name in electrode_names(raw)]
    known = [name for name, at in zip(names, electrode_positions(names), strict=True) if np.isfinite(at).all()]
    if by_place or len(known) < len(names):
        try:
            return names, directions(raw, names, path)
        except InputError:
            pass
    return known, named_directions(known)


def _partner(name: str, present: Sequence[str], places: dict[str, np.ndarray]) -> str | None:
    """Find the channel that is an electrode by its name, and not at another place."""
    channel = channel_of(name, present)
    if channel is None:
        return None
    place, own = places.get(channel), electrode_positions([name])
    if place is None or not np.isfinite(own).all():
        return channel
    between = float(np.dot(place, direction := named_directions([name])[0]))
    return channel if between > NEAR * np.linalg.norm(place) * np.linalg.norm(direction) else None
