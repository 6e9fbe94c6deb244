"""Find what two parts of a split share although their protocol keeps it apart, from the ids alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations

from eeg2fmri.core.errors import Problem
from eeg2fmri.data.splits.claims import PROTOCOLS, ProtocolName
from eeg2fmri.data.store.blocks import Block

HINT = "make the split anew; do not write split.json by hand"


def shared_between_parts(parts: Mapping[str, Sequence[str]], protocol: ProtocolName, gap: int) -> list[Problem]:
    """Name what leaks from one part into another.

    Subjects where people are to be unseen, sessions across sessions, and always recordings and volumes: two blocks of
    one recording must be at least `gap` volumes apart.

    Parameters
    ----------
    parts : mapping of str to sequence of str
        Ids of recordings and blocks.
    protocol : str
    gap : int
        Volumes.
    """
    problems = list(_twice(parts))
    if PROTOCOLS[protocol].new_people:
        problems += _shared(parts, "subject", _subject)
    if protocol == "across-sessions":
        # validation may take the last minutes of the sessions that train
        problems += _shared({name: parts[name] for name in ("train", "test")}, "session", _session)
        problems += _shared({name: parts[name] for name in ("validation", "test")}, "session", _session)
    if problems:
        return problems
    return list(_near(parts, gap))


def _subject(name: str) -> str:
    return name.split("_")[0]


def _session(name: str) -> str:
    return "_".join(entity for entity in name.split("_") if entity.startswith(("sub-", "ses-")))


def _twice(parts: Mapping[str, Sequence[str]]) -> Iterator[Problem]:
    for part, ids in parts.items():
        for name in sorted({name for name in ids if list(ids).count(name) > 1}):
            yield Problem("a recording stands twice in one part of the split", name, part, "once", HINT)


def _shared(parts: Mapping[str, Sequence[str]], what: str, key: Callable[[str], str]) -> list[Problem]:
    members = {part: {key(name) for name in ids} for part, ids in parts.items()}
    return [
        Problem(f"{found} is in both {a} and {b}", what, f"a {what} that the model has seen", f"an unseen {what}", HINT)
        for a, b in combinations(parts, 2)
        for found in sorted(members[a] & members[b])
    ]


def _near(parts: Mapping[str, Sequence[str]], gap: int) -> Iterator[Problem]:
    blocks = [(part, Block.of(name)) for part, ids in parts.items() for name in ids]
    by_recording: dict[str, list[tuple[str, Block]]] = {}
    for part, block in blocks:
        by_recording.setdefault(block.recording, []).append((part, block))
    for recording, members in by_recording.items():
        for (part, one), (other_part, other) in combinations(members, 2):
            where = f"{recording}: {part} and {other_part}"
            if one.span is None or other.span is None:
                yield Problem("a recording is in two parts of the split", where, f"{one.id}, {other.id}", hint=HINT)
                continue
            apart = _apart(one.span, other.span)
            if apart < 0 or (part != other_part and apart < gap):
                what = (
                    "blocks of a recording overlap" if apart < 0 else "blocks of two parts are too near to each other"
                )
                got = f"{one.id}, {other.id}: " + (f"{-apart} volumes in both" if apart < 0 else f"{apart} between")
                yield Problem(what, where, got, f"at least {gap} volumes between them", HINT)


def _apart(one: tuple[int, int], other: tuple[int, int]) -> int:
    """Volumes between two spans (first, last); negative for those that overlap."""
    return max(other[0] - one[1], one[0] - other[1]) - 1
