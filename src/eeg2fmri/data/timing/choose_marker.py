"""Choose the marker of an EEG recording that is set at every volume: by its name, or by its regularity."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from eeg2fmri.core.errors import InputError, first_of
from eeg2fmri.data.timing.slices import per_slice, starts_of_volumes, without_echo
from eeg2fmri.data.timing.trains import Trains, find_trains

#: Volume markers by the names that recorders give them, most usual first.
KNOWN_MARKERS = ("R128", "R149", "T1", "Scan Start", "Volume", "TR")
#: Markers that recorders set by themselves: whether the clocks of scanner and amplifier run together, pauses.
_RECORDER = re.compile(r"sync ?status|sync ?o(n|ff)|new segment|(bad |edge )?boundary|bad_acq_skip|lost ?samples", re.I)
#: Pulses of which both edges are marked: the end goes with the beginning.
_END, _BEGINNING = re.compile(r"(.*)[_ ]off", re.I | re.S), "_on"
#: Share of the markers of a kind that must be at the TR, and the fewest of them.
MOST, FEWEST = 0.5, 3
#: Markers of a kind, for each TR that they span, with which they are no volume markers, doubled or not.
DENSE = 3.0
#: Kinds that are looked at together where no single one is at the TR.
MOST_KINDS = 4


@dataclass(frozen=True, eq=False)
class Marked:
    """The markers that stand for volumes.

    Attributes
    ----------
    name : str
        As the file has it.
    times : array, shape (marker,)
        s, rising.
    notes : tuple of str
        How they were found, where that is not plain.
    """

    name: str
    times: np.ndarray
    notes: tuple[str, ...] = ()


def find_marker(
    markers: Mapping[str, np.ndarray],
    tr: float,
    wanted: str | Sequence[str] | None,
    n_volumes: int | None = None,
    where: str = "",
) -> Marked:
    """Find the markers that stand for volumes.

    Known names go before others, markers at the TR before irregular ones; a kind whose number fits that of the
    volumes goes before one whose number does not. Kinds that take turns are read together.

    Parameters
    ----------
    markers : mapping of str to array, shape (marker,)
        Times (s, rising) by description.
    tr : float
        s.
    wanted : str, sequence of str or None
        The user's word: one kind, or several that together mark the volumes.
    n_volumes : int or None
        Volumes of the BOLD run.
    where : str
        EEG file, for the errors.

    Raises
    ------
    InputError
        If the wanted marker is absent, none looks like a volume marker, or several do.
    """
    if wanted is not None:
        names = [wanted] if isinstance(wanted, str) else list(wanted)
        return _by_slice(_together(markers, [named_marker(markers, name, where) for name in names]), tr, n_volumes)
    usable = _usable(markers)
    known = _known(usable)
    regular = [name for name in usable if _is_regular(usable[name], tr)]
    best = [name for name in known if name in regular][:1] or _distinct(regular, usable)
    if not best:
        turns = _taking_turns(usable, tr)
        slices = [name for name in known or usable if per_slice(usable[name], tr) is not None]
        if turns:
            return _together(usable, turns)
        best = _distinct(slices, usable) or known[:1]
    if not best:
        raise InputError(
            "there are no volume markers in the EEG",
            where=where,
            got=_present(markers),
            expected=f"a marker every {tr:g} s, such as {KNOWN_MARKERS[0]}",
            hint="name the marker with 'marker', a channel that has pulses with eeg: {trigger_channel: NAME}, or give "
            "the time of the first volume with 'first_volume_s'",
        )
    if len(best) == 1:
        return _completed(best[0], usable, tr, n_volumes)
    fitting = [name for name in best if n_volumes is not None and _exact(usable[name], tr, n_volumes)]
    if len(fitting) == 1:
        others = ", ".join(repr(name) for name in best if name != fitting[0])
        told = f"{fitting[0]!r} marks the volumes: it fits their number, unlike {others}, which come every TR too"
        return Marked(fitting[0], usable[fitting[0]], (told,))
    raise InputError(
        "several markers could be the volume marker",
        where=where,
        got=", ".join(f"{name!r} ({len(usable[name])}, the first at {usable[name][0]:.3f} s)" for name in best),
        expected="one",
        hint="name the right one: write one of " + ", ".join(f"'marker: {name}'" for name in best),
    )


def has_volume_marker(markers: Mapping[str, np.ndarray], tr: float) -> bool:
    """Tell whether a marker has the name or the regularity of a volume marker."""
    return bool(_known(_usable(markers))) or marks_volumes(markers, tr)


def marks_volumes(markers: Mapping[str, np.ndarray], tr: float) -> bool:
    """Tell whether a marker comes every TR, or at every slice."""
    return any(_is_regular(times, tr) or per_slice(times, tr) is not None for times in _usable(markers).values())


def _usable(markers: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name: np.asarray(times, float) for name, times in markers.items() if not _of_recorder(name)}


def _present(markers: Mapping[str, np.ndarray]) -> str:
    shown = ", ".join(f"{name!r} ({len(times)})" for name, times in markers.items()) or "no markers at all"
    return shown + ("; those of the recorder itself are no volumes" if any(map(_of_recorder, markers)) else "")


def _of_recorder(name: str) -> bool:
    return any(_RECORDER.match(" ".join(part.split())) for part in (name, name.rsplit("/", 1)[-1]))


def named_marker(markers: Mapping[str, np.ndarray], wanted: str, where: str) -> str:
    """Find the description that a name of the user's stands for.

    Raises
    ------
    InputError
        If it does not occur, or could be several.
    """
    found = [name for name in markers if _same_name(name, wanted)]
    if not found:
        raise InputError("the volume marker does not occur", where=where, got=_present(markers), expected=repr(wanted))
    exact = [name for name in found if name == wanted]
    if len(found) > 1 and not exact:
        raise InputError(
            "several markers have the name of the volume marker",
            where=where,
            got=", ".join(f"{name!r} ({len(markers[name])})" for name in found),
            expected="one",
            hint="give the whole description of the right one",
        )
    return (exact or found)[0]


def named_as(description: str, names: Sequence[str]) -> bool:
    """Tell whether a marker has one of some names."""
    return any(_same_name(description, name) for name in names)


def _known(markers: Mapping[str, np.ndarray]) -> list[str]:
    return [name for label in KNOWN_MARKERS for name in markers if _same_name(name, label)]


def _same_name(description: str, wanted: str) -> bool:
    """Compare without case and spaces, with or without the type that BrainVision puts before the slash."""
    full, name = (_plain(text) for text in (description, description.rsplit("/", 1)[-1]))
    return _plain(wanted) in (full, name)


def _plain(text: str) -> str:
    return "".join(text.split()).casefold()


def _is_regular(times: np.ndarray, tr: float, most: float = MOST) -> bool:
    """Tell whether most markers follow each other at the TR."""
    if len(times) < FEWEST or len(times) > DENSE * ((times[-1] - times[0]) / tr + 1):
        return False
    trains = [train for train in find_trains(times, tr).trains() if len(train.times) >= FEWEST]
    return sum(len(train.times) for train in trains if 3 * train.lost < train.extent) >= most * len(times)


def _exact(times: np.ndarray, tr: float, n_volumes: int) -> bool:
    """Tell whether a train without a lost marker has as many markers as there are volumes."""
    found: Trains = find_trains(times, tr)
    return any(last - first + 1 == n_volumes for chain in found.chains for first, last in chain.pieces())


def _distinct(names: Sequence[str], markers: Mapping[str, np.ndarray]) -> list[str]:
    """Leave out the ends of pulses whose beginnings are marked, and markers at the same samples as others."""
    ended = [name for name in names if (end := _END.fullmatch(name)) and f"{end[1]}{_BEGINNING}" in names]
    kept: list[str] = []
    for name in names:
        twin = any(
            len(markers[name]) == len(markers[other]) and np.allclose(markers[name], markers[other], rtol=0, atol=1e-6)
            for other in kept
        )
        if name not in ended and not twin:
            kept.append(name)
    return kept


def _completed(name: str, markers: Mapping[str, np.ndarray], tr: float, n_volumes: int | None) -> Marked:
    """Read the markers of one kind, with those that take turns with it where only so there is one for every volume."""
    alone = _by_slice(Marked(name, markers[name]), tr, n_volumes)
    if n_volumes is None or _exact(alone.times, tr, n_volumes):
        return alone
    for others in _kin(name, markers):
        both = _together(markers, others)
        if _is_regular(both.times, tr, 0.9) and _exact(both.times, tr, n_volumes):
            return both
    return alone


def _kin(name: str, markers: Mapping[str, np.ndarray]) -> list[list[str]]:
    kin = [other for other in markers if _stem(other) == _stem(name)]
    return [kin] if len(kin) > 1 else []


def _stem(name: str) -> str:
    """Name without its numbers: R128 and R129, S 1 and S 2 are of one stem."""
    return re.sub(r"[\d\s]+", "#", name)


def _taking_turns(markers: Mapping[str, np.ndarray], tr: float) -> list[str]:
    """Find kinds that together are at the TR, and none of them alone."""
    stems: dict[str, list[str]] = {}
    for name in markers:
        stems.setdefault(_stem(name), []).append(name)
    small = list(markers) if len(markers) <= MOST_KINDS else []
    pairs = [list(pair) for pair in combinations(small, 2)]
    found = [
        names
        for names in (*stems.values(), *pairs, small)
        if len(names) > 1 and _is_regular(_together(markers, names).times, tr, 0.9)
    ]
    # two of three that take turns are at the TR as well, with every third marker lost
    return min(found, key=lambda names: _lost(_together(markers, names).times, tr), default=[])


def _lost(times: np.ndarray, tr: float) -> int:
    return sum(train.lost for train in find_trains(times, tr).trains())


def _together(markers: Mapping[str, np.ndarray], names: Sequence[str]) -> Marked:
    if len(names) == 1:
        return Marked(names[0], np.asarray(markers[names[0]], float))
    times = np.unique(np.concatenate([np.asarray(markers[name], float) for name in names]))
    shown = first_of((f"{name!r} ({len(markers[name])})" for name in names), 6)
    return Marked(" + ".join(names[:6]), times, (f"several markers together mark the volumes: {shown}",))


def _by_slice(marked: Marked, tr: float, n_volumes: int | None) -> Marked:
    """Take the first marker of every volume where there is one for every slice, or each comes twice."""
    once = without_echo(marked.times)
    if once is not None:
        later = 1e3 * float(np.median(marked.times[1::2] - once))
        told = f"{marked.name!r} comes again {later:.0f} ms after each marker: the first of the two was taken"
        marked = Marked(marked.name, once, (*marked.notes, told))
    slices = per_slice(marked.times, tr)
    if slices is None:
        return marked
    starts = starts_of_volumes(marked.times, slices, tr, marked.name, n_volumes)
    told = f"{marked.name!r} comes {slices} times in a TR: the first of every {slices} was taken for the volume"
    return Marked(marked.name, starts, (*marked.notes, told))
