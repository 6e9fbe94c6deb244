"""Keep the recordings of some subjects, sessions and tasks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from eeg2fmri.core.errors import InputError, Problem, first_of

T = TypeVar("T")


@dataclass(frozen=True)
class Labels:
    """Labels that are asked for, with or without their prefix; where there are none of a kind, all are.

    Attributes
    ----------
    subjects, sessions, tasks : sequence of str
        For example ``("01", "sub-02")``.

    Examples
    --------
    >>> found = [("a", {"sub": "01", "task": "rest"}), ("b", {"sub": "02", "task": "rest"})]
    >>> Labels(subjects=("sub-02",)).chosen(found)
    ['b']
    """

    subjects: Sequence[str] = ()
    sessions: Sequence[str] = ()
    tasks: Sequence[str] = ()

    def chosen(self, found: Iterable[tuple[T, Mapping[str, str]]]) -> list[T]:
        """Keep of things with labels (``sub``, ``ses``, ``task``) those that are asked for.

        Raises
        ------
        InputError
            If a label is asked for that nothing has, or nothing has all of them.
        """
        pairs = list(found)
        wanted = {"sub": self.subjects, "ses": self.sessions, "task": self.tasks}
        asked = {key: [one.removeprefix(f"{key}-") for one in given] for key, given in wanted.items() if given}
        problems = []
        for key, given in asked.items():
            known = sorted({labels[key] for _, labels in pairs if key in labels})
            problems += [
                Problem("no recording has this label", f"{key}-{one}", expected=f"one of {first_of(known, 10)}")
                for one in given
                if one not in known
            ]
        if problems:
            raise InputError.of(problems)
        kept = [one for one, labels in pairs if all(labels.get(key) in given for key, given in asked.items())]
        if not kept:
            said = "; ".join(f"{key}: {', '.join(given)}" for key, given in asked.items())
            raise InputError("no recording has all labels that are asked for", got=said, hint="ask for fewer labels")
        return kept
