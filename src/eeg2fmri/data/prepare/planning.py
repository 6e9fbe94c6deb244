"""Decide which recordings of a data set are prepared: all of them, or those that nothing is wrong with."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, TypeVar, cast

from eeg2fmri.core.errors import InputError, Problem, first_of
from eeg2fmri.core.progress import Progress
from eeg2fmri.data.bids.links import is_empty_link, link_problem
from eeg2fmri.data.bids.recording_files import RecordingFiles
from eeg2fmri.data.eeg.read import named_files
from eeg2fmri.data.prepare.check_data_set import Common, agree
from eeg2fmri.data.prepare.check_recording import Plan, content_problems, inspect
from eeg2fmri.data.settings.prepare import PrepareConfig

Result = TypeVar("Result")


@dataclass(frozen=True, eq=False)
class Planned:
    """What is to be prepared.

    Attributes
    ----------
    plans : list of Plan
    common : Common
    notes : tuple of str
        Recordings that are left out, each with its reason.
    """

    plans: list[Plan]
    common: Common
    notes: tuple[str, ...]


def left_out(recording: str, reason: str) -> str:
    """Say that a recording is left out, and why."""
    return f"left out: {recording}: {reason}"


def reason_of(problems: Sequence[Problem]) -> str:
    """Put what is wrong with a recording into one line."""
    return "; ".join(dict.fromkeys(f"{one.what} ({one.got})" if one.got else one.what for one in problems))


def plan_all(
    recordings: Iterable[RecordingFiles], config: PrepareConfig, root: Path, n_jobs: int, progress: Progress
) -> Planned:
    """Read and check the headers of all recordings, and settle what they have in common.

    Parameters
    ----------
    recordings : iterable of RecordingFiles
    config : PrepareConfig
        `leave_out` and `problems` say which are left out.
    root : Path
        Folder of the data set.
    n_jobs : int
        Recordings read at the same time when problems are looked for.
    progress : Progress

    Raises
    ------
    InputError
        With every problem of every recording; or if nothing is left.
    """
    kept, notes = _asked_for(list(recordings), config.leave_out)
    plans: list[Plan] = []
    faults: dict[str, list[Problem]] = {}
    empty = {files.id: links for files in kept if (links := _links(files, config))}
    for done, files in enumerate(kept, 1):
        if files.id in empty:
            faults[files.id] = [link_problem(empty[files.id], root)]
        else:
            try:
                plans.append(inspect(files, config, root))
            except InputError as error:
                faults[files.id] = list(error.problems)
        progress("Reading headers", done, len(kept))
    common, rest = _agreed(plans, config, root, faults)
    if common is None or (config.problems == "error" and faults):
        problems = [one for name, each in faults.items() if name not in empty for one in each] + rest
        if empty:
            problems.insert(0, link_problem([link for links in empty.values() for link in links], root))
        readable = [files for files in kept if files.id not in empty]
        raise InputError.of(problems + _more_problems(readable, config, n_jobs, progress))
    notes += [left_out(name, reason_of(problems)) for name, problems in faults.items()]
    return Planned([plan for plan in plans if plan.files.id not in faults], common, tuple(notes))


def _asked_for(recordings: list[RecordingFiles], patterns: Sequence[str]) -> tuple[list[RecordingFiles], list[str]]:
    """Leave out the recordings that the user names."""
    names = [files.id for files in recordings]
    unknown = [pattern for pattern in patterns if not any(_fits(name, pattern) for name in names)]
    if unknown:
        near = difflib.get_close_matches(unknown[0], names, n=1, cutoff=0.4)
        raise InputError(
            "'leave_out' names recordings that are not there",
            got=", ".join(unknown),
            expected=f"labels or patterns of {first_of(names, 5)}",
            hint=f"did you mean {near[0]!r}?" if near else "check the labels",
        )
    chosen = {name: [pattern for pattern in patterns if _fits(name, pattern)] for name in names}
    notes = [left_out(name, "not asked for (setting 'leave_out')") for name, fitting in chosen.items() if fitting]
    kept = [files for files in recordings if not chosen[files.id]]
    if not kept:
        raise InputError("'leave_out' leaves no recording", got=", ".join(patterns))
    return kept, notes


def _fits(name: str, pattern: str) -> bool:
    """Tell whether every label of a pattern (``sub-xp1*_task-rest``) is one of a recording's."""
    labels = name.split("_")
    return all(any(fnmatchcase(label, wanted) for label in labels) for wanted in pattern.split("_"))


def _links(files: RecordingFiles, config: PrepareConfig) -> list[Path]:
    return [path for path in (*named_files(files.eeg, config.eeg), files.bold) if is_empty_link(path)]


def _agreed(
    plans: list[Plan], config: PrepareConfig, root: Path, faults: dict[str, list[Problem]]
) -> tuple[Common | None, list[Problem]]:
    """Settle the common facts; a problem that one recording causes goes to `faults`, and the others are tried again."""
    left = list(plans)
    while left:
        try:
            return agree(left, config, root), []
        except InputError as error:
            blamed = {plan.files.id: [one for one in error.problems if _concerns(one, plan)] for plan in left}
            blamed = {name: problems for name, problems in blamed.items() if problems}
            known = [one for problems in blamed.values() for one in problems]
            rest = [one for one in error.problems if one not in known]
            if config.problems == "error" or rest or not blamed:
                return None, list(error.problems)
            faults |= blamed
            left = [plan for plan in left if plan.files.id not in faults]
    return None, []


def _concerns(problem: Problem, plan: Plan) -> bool:
    return any(str(path) in problem.where for path in (plan.files.eeg, plan.files.bold))


def _more_problems(
    files: list[RecordingFiles], config: PrepareConfig, n_jobs: int, progress: Progress
) -> list[Problem]:
    """Look for more to mend, so that the user need not come back for it."""
    problems: list[Problem] = []
    found = run_jobs(content_problems, ((each, config) for each in files), n_jobs, ordered=True)
    for done, more in enumerate(found, 1):
        problems += more
        progress("Looking for more problems", done, len(files))
    return problems


def run_jobs(
    work: Callable[..., Result], jobs: Iterable[tuple[Any, ...]], n_jobs: int, *, ordered: bool = False
) -> Iterable[Result]:
    """Call a function for each tuple of arguments, `n_jobs` at a time, and give what it returns as it comes."""
    if n_jobs == 1:  # joblib would have to be imported
        return (work(*arguments) for arguments in jobs)
    from joblib import Parallel, delayed

    how = "generator" if ordered else "generator_unordered"
    return cast(
        Iterable[Result], Parallel(n_jobs=n_jobs, return_as=how)(delayed(work)(*arguments) for arguments in jobs)
    )
