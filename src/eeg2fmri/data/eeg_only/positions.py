"""Place electrodes, and interpolate some from others: by name and montage, with MNE."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from eeg2fmri.core.errors import InputError, first_of
from eeg2fmri.data.eeg.electrodes.template_positions import MONTAGES


def montage_positions(names: Sequence[str], montage: str = "auto") -> np.ndarray:
    """Look up electrodes by name, without case, in a montage that ships with MNE.

    Parameters
    ----------
    names : sequence of str
    montage : str
        Name of the montage, for example ``biosemi128``; ``auto`` is the 10-05 system.

    Returns
    -------
    array, shape (channel, 3)
        In MNE's head frame, m, so that electrodes of different montages share one frame; NaN for unknown names.

    Raises
    ------
    InputError
        If there is no such montage.
    """
    import mne

    built_in = mne.channels.get_builtin_montages()
    name = next(known for known in MONTAGES if known in built_in) if montage == "auto" else montage
    if name not in built_in:
        near = difflib.get_close_matches(name, built_in, n=1, cutoff=0.4)
        raise InputError(
            "there is no such montage",
            where="montage",
            got=repr(montage),
            expected="auto, or one of " + ", ".join(sorted(built_in)),
            hint=f"did you mean {near[0]!r}?" if near else "",
        )
    made = mne.channels.make_standard_montage(name)
    to_head = mne.channels.compute_native_head_t(made, verbose="error")["trans"]
    known = {
        electrode.casefold(): to_head[:3, :3] @ np.asarray(place, float) + to_head[:3, 3]
        for electrode, place in made.get_positions()["ch_pos"].items()
    }
    nowhere = np.full(3, np.nan)
    return np.array([known.get(electrode.strip().casefold(), nowhere) for electrode in names]).reshape(-1, 3)


def refuse_two_systems(names: Sequence[str], positions: np.ndarray, montage: str, where: str = "") -> None:
    """Refuse names of which some belong to the 10-05 system alone, and others to it and the montage at two places.

    BioSemi's C3, for example, is not where the C3 of the 10-05 system is: beside an Fp1, which BioSemi does not have,
    it is not known which of them is meant.

    Parameters
    ----------
    names : sequence of str
    positions : array, shape (channel, 3)
        What `montage_positions` found in `montage`.
    montage, where : str
        For the error.

    Raises
    ------
    InputError
        Naming both kinds.
    """
    if montage == "auto":
        return  # the 10-05 system itself
    general = montage_positions(names)
    known = list(zip(names, positions, general, strict=True))
    alone = [name for name, place, other in known if np.isnan(place).any() and not np.isnan(other).any()]
    both = [name for name, place, other in known if not _same_place(place, other)]
    if alone and both:
        raise InputError(
            "the electrodes have names of two systems, and some names mean two places",
            where=where,
            got=f"{first_of(alone, 5)} of the 10-05 system only; {first_of(both, 5)} at another place in {montage}",
            expected=f"the names of {montage}, or those of the 10-05 system",
            hint="set montage: auto if the names are of the 10-05 system, or exclude the electrodes of the other one",
        )


@dataclass(frozen=True, eq=False)
class ElectrodeMap:
    """How the electrodes of a synthesiser follow from those of a recording.

    Attributes
    ----------
    weights : array, shape (wanted, recorded)
        An electrode that was recorded under the same name has a 1 in its place.
    found, interpolated : tuple of str
        Wanted electrodes that were recorded, and those that were not.
    unused : tuple of str
        Recorded electrodes without a place in any montage, under no wanted name.
    """

    weights: np.ndarray
    found: tuple[str, ...]
    interpolated: tuple[str, ...]
    unused: tuple[str, ...]

    def sentence(self) -> str:
        """Say what was done."""
        n = len(self.found) + len(self.interpolated)
        if not self.interpolated:
            return f"All {n} electrodes of the synthesiser were recorded."
        text = (
            f"{len(self.found)} of the {n} electrodes of the synthesiser were recorded; {len(self.interpolated)} were "
            f"interpolated by spherical splines: {', '.join(self.interpolated)}."
        )
        return text if not self.unused else text + f" Of unknown place, not used: {', '.join(self.unused)}."


def electrode_map(
    recorded: Sequence[str], positions: np.ndarray, wanted: Sequence[str], where: str = ""
) -> ElectrodeMap:
    """Match electrodes by name, and interpolate those that were not recorded with MNE's spherical splines.

    Spherical splines (Perrin et al., Electroencephalogr Clin Neurophysiol 72, 1989) are linear in the signal, so that
    the map of a whole data set is one matrix.

    Parameters
    ----------
    recorded : sequence of str
    positions : array, shape (recorded, 3)
        Head frame, m; NaN where unknown.
    wanted : sequence of str
        Of the synthesiser, in the 10-05 system where they have to be interpolated.
    where : str
        For the error.

    Raises
    ------
    InputError
        If an electrode can neither be found nor interpolated.
    """
    places = {name.strip().casefold(): i for i, name in enumerate(recorded)}
    named = [places.get(name.strip().casefold()) for name in wanted]
    # a name of another system, such as BioSemi's A1, may mean another place: what is said of it by position counts
    goal = montage_positions(wanted)
    named = [i if i is not None and _same_place(positions[i], goal[k]) else None for k, i in enumerate(named)]
    missing = [k for k, i in enumerate(named) if i is None]
    weights = np.zeros((len(wanted), len(recorded)))
    for k, i in enumerate(named):
        if i is not None:
            weights[k, i] = 1
    placed = np.flatnonzero(~np.isnan(positions).any(axis=1))
    if missing:
        lost = [wanted[k] for k in missing if np.isnan(goal[k]).any()]
        if lost or len(placed) < 4:
            raise InputError(
                "electrodes of the synthesiser can neither be found nor interpolated",
                where=where,
                got=f"{', '.join(lost) or len(missing)}: not recorded"
                + (", and not in the 10-05 system" if lost else f"; {len(placed)} recorded electrodes have a place"),
                expected="names as the synthesiser has them, or places of at least 4 recorded electrodes",
                hint="rename the channels, or give the 'montage' of the cap when preparing",
            )
        weights[np.array(missing)[:, None], placed] = _splines(positions[placed], goal[missing])
    used = set(placed) | {i for i in named if i is not None}
    return ElectrodeMap(
        weights,
        tuple(wanted[k] for k, i in enumerate(named) if i is not None),
        tuple(wanted[k] for k in missing),
        tuple(name for i, name in enumerate(recorded) if i not in used) if missing else (),
    )


def _same_place(recorded: np.ndarray, wanted: np.ndarray, within_m: float = 0.03) -> bool:
    if np.isnan(recorded).any() or np.isnan(wanted).any():
        return True
    return bool(np.linalg.norm(recorded - wanted) < within_m)


def _splines(have: np.ndarray, want: np.ndarray) -> np.ndarray:
    """Weights (want, have) of MNE's interpolation of bad channels."""
    import mne

    n, m = len(have), len(want)
    names = [f"have{i}" for i in range(n)] + [f"want{k}" for k in range(m)]
    info = mne.create_info(names, 100.0, "eeg", verbose="error")
    info["bads"] = names[n:]
    raw = mne.io.RawArray(np.vstack([np.eye(n), np.zeros((m, n))]), info, verbose="error")
    places = dict(zip(names, np.vstack([have, want]), strict=True))
    raw.set_montage(mne.channels.make_dig_montage(places, coord_frame="head"), verbose="error")
    raw.interpolate_bads(reset_bads=True, mode="accurate", origin="auto", verbose="error")
    made: np.ndarray = raw.get_data(picks=names[n:])
    return made
