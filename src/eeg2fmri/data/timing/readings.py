"""Settle which volume the first marker of a train belongs to: by their number, where the EEG lies, or the user."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from eeg2fmri.core.errors import InputError
from eeg2fmri.data.settings.first_volume import COUNTS, ClockConfig
from eeg2fmri.data.timing.pauses import Span
from eeg2fmri.data.timing.trains import Train, Trains

#: Fewest markers of a train that can be chosen by its number.
FEWEST = 3
#: Share of the markers of the longest train that another one must have to be taken into account.
MAIN = 0.5
#: Share of the volumes by which a train may be shorter or longer to be a rival of one that fits.
RIVAL = 0.25
#: Share of the volumes that must be marked where only the markers from the first to the last are as many as volumes.
MARKED = 0.5


@dataclass(frozen=True, eq=False)
class Reading:
    """A train of markers, and what its first marker is.

    Attributes
    ----------
    train : Train
    first : int
        Volume of the first marker; negative for markers before the first volume.
    write : str
        What to write in the settings to choose it.
    words : str
        What it says.
    """

    train: Train
    first: int
    write: str = ""
    words: str = ""

    @property
    def last(self) -> int:
        """Volume of the last marker."""
        return self.first + self.train.extent - 1


@dataclass(frozen=True, eq=False)
class Scan:
    """What is known of the scan whose volumes are looked for.

    Attributes
    ----------
    n_volumes : int
    tr : float
        s.
    span : Span
        The EEG.
    discarded : int or None
        Volumes that were taken out of the image at its beginning, as its sidecar says.
    """

    n_volumes: int
    tr: float
    span: Span
    discarded: int | None = None


def choose_reading(trains: Trains, scan: Scan, clock: ClockConfig, where: str) -> tuple[Reading, tuple[str, ...]]:
    """Choose the train of a scan, and the volume of its first marker.

    A train of as many markers as there are volumes is taken, if no other one could be the scan with some of its markers
    lost; one of more markers, if the sidecar of the image tells of so many dummy scans. All else is left to the user:
    that EEG ended within a volume, or was paused before one, does not say that no other marker is lost.

    Returns
    -------
    Reading, notes

    Raises
    ------
    InputError
        If several readings fit; it says what to write for each.
    """
    chains = trains.chains
    numbered = [train for train in trains.trains() if len(train.times) >= FEWEST]
    if clock.train is not None:
        if clock.train > len(numbered):
            raise InputError(
                "there is no such train of volume markers",
                where=where,
                got="; ".join(filter(None, (f"train: {clock.train}", _listed(numbered, scan)))),
                expected=_numbers(len(numbered)),
                hint="" if numbered else "leave 'train' out: the error then tells what fits",
            )
        chains = [numbered[clock.train - 1]]
    shift = (clock.volumes_before or 0) - (clock.dummies or 0)
    exact = _exact(chains, scan.n_volumes - shift)
    said = any(getattr(clock, name) is not None for name in COUNTS)
    if said:  # what is said counts from the first marker of a train
        exact = [train for train in exact if not train.lost and any(train.times[0] == one.times[0] for one in numbered)]
    if exact:
        exact += _rivals(exact, numbered, scan.n_volumes) if clock.train is None else []
        fitting = [Reading(train, shift, write) for train, write in zip(exact, _ways(exact, numbered), strict=True)]
        if clock.count_from is not None and not fitting[0].write.startswith("train"):
            fitting = fitting[:1] if clock.count_from == "first" else fitting[-1:]
    elif said:
        fitting = _said(chains, scan, clock, shift)
    else:
        fitting = [reading for train in _main(chains) for reading in _readings(train, scan)]
    if fitting and not any(_has_markers(reading, scan.n_volumes) for reading in fitting):
        raise InputError(
            "no volume marker would be one of the volumes",
            where=where,
            got="; ".join(f"{name}: {value}" for name in COUNTS if (value := getattr(clock, name)) is not None)
            + f"; {_listed([reading.train for reading in fitting], scan)}",
            expected=f"{_volumes(scan.n_volumes)}, and markers of them",
            hint="lower dummies or volumes_before, or leave them out: the errors then tell what fits",
        )
    if len(fitting) == 1:
        return fitting[0], (fitting[0].words,) if fitting[0].words else ()
    raise _ambiguous(fitting, numbered, scan, where)


def _has_markers(reading: Reading, n_volumes: int) -> bool:
    return any(0 <= number + reading.first < n_volumes for number in reading.train.numbers.tolist())


def _exact(chains: Sequence[Train], extent: int) -> list[Train]:
    """Find parts of trains that have as many markers as there are volumes; or, where none has, with lost ones."""
    found = []
    for chain in chains:
        pieces = chain.pieces()
        for k, (first, _) in enumerate(pieces):
            for _, last in pieces[k:]:
                length = int(chain.numbers[last] - chain.numbers[first]) + 1
                if length > extent:
                    break
                if length == extent and last - first + 1 >= MARKED * extent:
                    found.append(chain.part(first, last))
    whole = [train for train in found if train.lost == 0]
    return sorted(whole or [train for train in found if _core(train) is train], key=lambda train: train.times[0])


def _core(train: Train) -> Train:
    """Leave out markers at the ends that stand alone: fewer of them than are lost beside them."""
    pieces = train.pieces()
    first, last = 0, len(pieces) - 1
    if last > 0 and _alone(pieces[0], train.numbers[pieces[1][0]] - train.numbers[pieces[0][1]] - 1):
        first += 1
    if last > first and _alone(pieces[-1], train.numbers[pieces[-1][0]] - train.numbers[pieces[-2][1]] - 1):
        last -= 1
    return train if (first, last) == (0, len(pieces) - 1) else train.part(pieces[first][0], pieces[last][1])


def _alone(piece: tuple[int, int], lost: int) -> bool:
    return piece[1] - piece[0] + 1 < lost


def _rivals(exact: Sequence[Train], numbered: Sequence[Train], n_volumes: int) -> list[Train]:
    """Find other trains that could be the scan, with markers lost or too many, beside one that fits."""
    holders = {_holder(train, numbered) for train in exact}
    return [
        train
        for number, train in enumerate(numbered, 1)
        if len(exact) == 1 and number not in holders and abs(train.extent - n_volumes) <= RIVAL * n_volumes
    ]


def _main(chains: Sequence[Train]) -> list[Train]:
    """Trains that are about as long as the longest."""
    trains = [train for chain in chains for train in chain.broken()]
    most = max(len(train.times) for train in trains)
    return sorted((each for each in trains if len(each.times) >= MAIN * most), key=lambda train: train.times[0])


def _said(chains: Sequence[Train], scan: Scan, clock: ClockConfig, shift: int) -> list[Reading]:
    """List the readings of what the user says of the first marker or the last: one of each train."""
    long = [chain for chain in chains if len(chain.times) >= FEWEST or scan.span.pauses] or list(chains)
    found = []
    for train in (each for chain in long for each in chain.broken()):
        first = scan.n_volumes - train.extent if clock.count_from == "last" else shift
        short = len(train.times) < FEWEST
        way = f"first_volume_s: {scan.span.file(train.times[:1])[0] - first * scan.tr:.6g}" if short else ""
        found.append(Reading(train, first, way))
    return found


def _readings(train: Train, scan: Scan) -> list[Reading]:
    """List how a train with another number of markers than there are volumes can be read."""
    more = train.extent - scan.n_volumes
    if more > 0:
        if scan.discarded == more:
            told = f"the sidecar of the BOLD says that {_volumes(more)} were discarded: volume 0 is marker {more}"
            return [Reading(train, -more, words=told)]
        return [
            Reading(train, -more, f"dummies: {more}", f"markers of dummy scans: {more}"),
            Reading(train, 0, "dummies: 0", f"markers after the last volume: {more}"),
        ]
    if more == 0:
        return _with_lone_markers(train, scan)
    fewer = -more
    return [
        Reading(train, fewer, f"volumes_before: {fewer}", f"volumes without marker before the first: {fewer}"),
        Reading(train, 0, "volumes_before: 0", f"volumes without marker after the last: {fewer}"),
    ]


def _with_lone_markers(train: Train, scan: Scan) -> list[Reading]:
    """List how a train can be read that is as long as the scan only with a marker that stands alone at its end."""
    core = _core(train)
    before, fewer = int(train.numbers[np.searchsorted(train.times, core.times[0])]), scan.n_volumes - core.extent
    found = [Reading(train, 0, "volumes_before: 0", f"volumes without marker in between: {train.lost}")]
    if before > 0:
        found.append(Reading(train, -before, f"dummies: {before}", "what comes first, alone, is none of the scan"))
    if fewer > before:
        found.append(Reading(core, fewer, f"volumes_before: {fewer}", "what comes last, alone, is none of the scan"))
    return found


def _ways(exact: Sequence[Train], numbered: Sequence[Train]) -> list[str]:
    """Say what to write for each of several trains that fit."""
    holders = [_holder(train, numbered) for train in exact]
    if len(set(holders)) == len(exact):
        return [f"train: {holder}" for holder in holders]
    if len(exact) == 2:
        return ["count_from: first", "count_from: last"]
    return [f"first_volume_s: {train.times[0]:.6g}" for train in exact]


def _holder(train: Train, numbered: Sequence[Train]) -> int:
    """Tell which train a part belongs to, from 1 on."""
    return next((k for k, whole in enumerate(numbered, 1) if train.times[0] in whole.times), 1)


def _ambiguous(fitting: Sequence[Reading], numbered: Sequence[Train], scan: Scan, where: str) -> InputError:
    several = len({float(reading.train.times[0]) for reading in fitting}) > 1
    ways = []
    for reading in fitting:
        lines = [reading.write] if reading.write else []
        if (several or len(numbered) > 1) and not reading.write.startswith(("train", "count_from", "first_volume_s")):
            lines.insert(0, f"train: {_holder(reading.train, numbered)}")
        if reading.first > 0 or reading.last < scan.n_volumes - 1 or reading.train.lost:
            lines.append("triggers: trim" if scan.span.pauses else "triggers: repair")
        start = reading.train.expected(-reading.first) if len(reading.train.times) > 1 else reading.train.times[0]
        shown = float(scan.span.file(np.array([start]))[0])
        at = f"volume 0 at {shown:.3f} s" if np.isfinite(shown) else "volume 0 in a pause of the EEG"
        ways.append(f"{' and '.join(repr(line) for line in lines)} ({reading.words or 'this train'}; {at})")
    between = not several and any("volumes_before" in reading.write for reading in fitting)
    extents = {int(np.sign(reading.train.extent - scan.n_volumes)) for reading in fitting}
    fault = {-1: "there are fewer volume markers than volumes: ", 1: "there are more volume markers than volumes: "}
    return InputError(
        (fault.get(extents.pop(), "") if len(extents) == 1 else "") + "which one is the first volume cannot be told",
        where=where,
        got=_listed(numbered or [reading.train for reading in fitting[:1]], scan),
        expected=_volumes(scan.n_volumes),
        hint="write what is right: "
        + ", or ".join(ways)
        + ("; any number of volumes between can be given too" if between else "")
        + "; where it differs between recordings, in a table: first_volumes",
    )


def _listed(trains: Sequence[Train], scan: Scan) -> str:
    found = []
    for k, train in enumerate(trains, 1):
        first, last = scan.span.file(train.times[[0, -1]])
        lost = f" ({train.lost} lost between)" if train.lost else ""
        found.append(f"train {k}: {_markers(len(train.times))}{lost} from {first:.3f} s to {last:.3f} s")
    return "; ".join(found)


def _numbers(count: int) -> str:
    if count > 1:
        return f"1 to {count}"
    return "1: there is one alone" if count else f"a train of {FEWEST} markers or more, of which there is none"


def _volumes(count: int) -> str:
    return f"{count} volume" + ("" if count == 1 else "s")


def _markers(count: int) -> str:
    return f"{count} marker" + ("" if count == 1 else "s")
