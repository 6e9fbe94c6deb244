"""Errors that tell what is wrong, where, what was found, what was expected, and what to do next."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with an input.

    Attributes
    ----------
    what : str
        The fault in one sentence, without the place.
    where : str
        File, subject, volume index, time: whatever lets the user find it. May be empty.
    got, expected : str
        What was found, and what was expected instead. May be empty.
    hint : str
        The next step for the user. May be empty.
    """

    what: str
    where: str = ""
    got: str = ""
    expected: str = ""
    hint: str = ""

    def __str__(self) -> str:
        lines = [self.what]
        for name, value in (("where", self.where), ("got", self.got), ("expected", self.expected), ("do", self.hint)):
            if value:
                lines.append(f"  {name + ':':<10}{shortened(value)}")
        return "\n".join(lines)


#: Characters of one part of a message; and kinds of problems in one error.
LONGEST, MOST_KINDS = 2000, 20


def shortened(text: str) -> str:
    """Cut a text that is longer than a person reads, and say how much is missing.

    >>> shortened("a" * 3000)[-30:]
    'aaa ... (1000 characters more)'
    """
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} ... ({len(text) - LONGEST} characters more)"


def first_of(items: Iterable[object], at_most: int) -> str:
    """Name the first of many things, and say how many more there are: ``1, 2, 3 and 4 more``."""
    found = [str(item) for item in items]
    more = len(found) - at_most
    return ", ".join(found[:at_most]) + (f" and {more} more" if more > 0 else "")


#: Problems of one kind that are shown one by one.
SHOWN = 3


def _together(problems: Sequence[Problem]) -> str:
    """Say problems of one kind: a few one by one, many at once."""
    if len(problems) <= SHOWN:
        return "\n".join(str(problem) for problem in problems)
    first = problems[0]
    lines = [f"{first.what}: {len(problems)} times"]
    for problem in problems[:SHOWN]:
        lines.append("  where:    " + shortened(problem.where + (f": {problem.got}" if problem.got else "")))
    lines.append(f"            and {len(problems) - SHOWN} more")
    if all(problem.expected == first.expected for problem in problems) and first.expected:
        lines.append(f"  expected: {first.expected}")
    if first.hint:
        lines.append(f"  do:       {first.hint}")
    return "\n".join(lines)


class Eeg2FmriError(Exception):
    """Base of every error that this package raises on purpose.

    The command line prints it without a traceback and exits with status 1.

    Parameters
    ----------
    what, where, got, expected, hint : str
        See `Problem`.

    Examples
    --------
    >>> raise InputError("the file is truncated", where="a.nii", got="10 bytes", expected="20 bytes")
    Traceback (most recent call last):
        ...
    eeg2fmri.core.errors.InputError: the file is truncated
      where:    a.nii
      got:      10 bytes
      expected: 20 bytes
    """

    #: Whether the text leaves some of the problems out, because they are like others.
    shortened = False

    def __init__(self, what: str, *, where: str = "", got: str = "", expected: str = "", hint: str = "") -> None:
        self.problems: tuple[Problem, ...] = (Problem(what, str(where), str(got), str(expected), hint),)
        super().__init__(str(self.problems[0]))

    @classmethod
    def of(cls, problems: Iterable[Problem], *, listed_in: str = "") -> Self:
        """Make one error of several problems, so that the user sees all of them at once.

        The same problem in many places is said once, with the first places.

        Parameters
        ----------
        problems : iterable of Problem
        listed_in : str
            File that lists all of them, where the text does not.

        Raises
        ------
        ValueError
            If there is no problem to report.
        """
        found = tuple(problems)
        if not found:
            raise ValueError("an error needs at least one problem")
        error = cls(found[0].what)
        error.problems = found
        groups: dict[tuple[str, str], list[Problem]] = {}
        for problem in found:
            groups.setdefault((problem.what, problem.hint), []).append(problem)
        error.shortened = any(len(group) > SHOWN for group in groups.values())
        text = "\n".join(_together(group) for group in list(groups.values())[:MOST_KINDS])
        if len(groups) > MOST_KINDS:
            text += f"\nand {len(groups) - MOST_KINDS} other problems"
            error.shortened = True
        if error.shortened and listed_in:
            text += f"\nall of them: {listed_in}"
        error.args = (text if len(found) == 1 else f"{len(found)} problems\n{text}",)
        return error


class InputError(Eeg2FmriError, ValueError):
    """An input file, folder or array cannot be used."""


class LeakageError(InputError):
    """What tests a model would reach what trains it."""


class StoreError(Eeg2FmriError):
    """A store is absent, incomplete, damaged, stale or foreign."""


class CheckpointError(Eeg2FmriError):
    """A run or checkpoint is absent, damaged or foreign."""


class ConfigError(Eeg2FmriError, ValueError):
    """Settings that are unknown, out of range or contradict each other."""


class ShapeError(ConfigError):
    """An architecture that is not valid for the shapes it is asked for."""
