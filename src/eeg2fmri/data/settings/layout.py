"""Recordings in folders that are not BIDS: found by patterns of their paths."""

from __future__ import annotations

import os
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, NoReturn

from pydantic import Field, model_validator

from eeg2fmri.core.config import Config
from eeg2fmri.core.errors import InputError, Problem, first_of

LABELS = ("subject", "session", "task", "run")
_PIECE = re.compile(r"\{(\w+)\}|(\*\*/|\*)|(\[)|(\])")
#: Signs of a label. The usual ones are tried first, then what else people write in names of folders, with an underscore
#: only where the label is the whole name of a folder: elsewhere the underscore may begin something else.
USUAL, ANY_SIGN = "[A-Za-z0-9.+-]", "[^/_]"

#: Files without a partner that are named.
MOST_NAMED = 20

Pattern = Annotated[str, Field(min_length=1)]


class LayoutConfig(Config):
    """Where the files of a data set are, as paths below its folder.

    In a pattern ``{subject}``, ``{session}``, ``{task}`` and ``{run}`` stand for labels, ``*`` for any characters
    within a name, ``**/`` for any folders, and a part in ``[...]`` may be absent. EEG and BOLD belong together if the
    labels that both patterns have agree. A label may have an underscore only where it is the whole name of a folder.

    Attributes
    ----------
    eeg : str
        Pattern of the EEG files, for example ``EEG*/{subject}/export/*.vhdr``.
    bold : str or None
        Pattern of the BOLD files, for example ``fMRI/{subject}/*_cross.nii.gz``; None for EEG alone.
    """

    eeg: Pattern
    bold: Pattern | None = None

    @model_validator(mode="after")
    def _sound(self) -> LayoutConfig:
        for pattern in (self.eeg, self.bold):
            if pattern is not None and "{subject}" not in pattern:
                raise ValueError(f"the pattern {pattern!r} has no {{subject}}")
            if pattern is not None:
                path_expression(pattern)
        return self


def path_expression(pattern: str, sign: str = USUAL) -> re.Pattern[str]:
    """Compile a pattern of `LayoutConfig`; a label is one or more times `sign`.

    Raises
    ------
    ValueError
        If it has an unknown label, or brackets that do not close.
    """
    text, last, depth, seen = "", 0, 0, set()
    for found in _PIECE.finditer(pattern):
        text += re.escape(pattern[last : found.start()])
        last = found.end()
        label, star, opening, _ = found.groups()
        if label is not None:
            if label not in LABELS:
                raise ValueError(f"unknown label {{{label}}} in {pattern!r}: use {', '.join(LABELS)}")
            before = pattern[: found.start()]
            whole = (not before or before[-1] in "/[") and pattern[last : last + 1] == "/"
            one = "[^/]" if whole and sign != USUAL else sign
            text += f"(?P={label})" if label in seen else f"(?P<{label}>{one}+?)"
            seen.add(label)
        elif star is not None:
            text += "(?:[^/]+/)*" if star == "**/" else "[^/]*?"
        else:
            depth += 1 if opening else -1
            if depth not in (0, 1):
                raise ValueError(f"brackets do not close, or are nested, in {pattern!r}")
            text += "(?:" if opening else ")?"
    if depth:
        raise ValueError(f"brackets do not close in {pattern!r}")
    return re.compile(text + re.escape(pattern[last:]))


def matching(root: Path, pattern: str) -> tuple[dict[Path, dict[str, str]], list[str]]:
    """Find the files below a folder whose paths fit a pattern; links to folders are not followed.

    Returns
    -------
    found : dict
        Labels of each file.
    notes : list of str
        Which files would fit, were it not for an underscore that may end a label.
    """
    usual, any_sign = path_expression(pattern), path_expression(pattern, ANY_SIGN)
    loose = path_expression(pattern, "[^/]")
    found, unclear = {}, []
    for path in _files(root):
        name = unicodedata.normalize("NFC", path.relative_to(root).as_posix())
        fit = usual.fullmatch(name) or any_sign.fullmatch(name)
        if fit is not None:
            found[path] = {label: value for label, value in fit.groupdict().items() if value is not None}
        elif loose.fullmatch(name):
            unclear.append(name)
    why = (
        f"files whose labels would have an underscore, which may begin something else, left out: {first_of(unclear, 5)}"
    )
    return found, [why + f" (the pattern is {pattern})"] if unclear else []


def pairs(root: Path, layout: LayoutConfig) -> tuple[list[tuple[Path, Path, dict[str, str]]], list[str]]:
    """Join EEG and BOLD files by their labels.

    Returns
    -------
    pairs : list of (Path, Path, dict)
        EEG file, BOLD file, labels of both together.
    notes : list of str
        What was left over.

    Raises
    ------
    InputError
        If one side has no files, a file has several partners, or nothing belongs together.
    """
    if layout.bold is None:
        raise InputError("the layout names no BOLD", where=str(root), hint="give 'bold' in the layout")
    (eeg, eeg_unclear), (bold, bold_unclear) = matching(root, layout.eeg), matching(root, layout.bold)
    problems = [
        Problem(f"no {kind} file fits the pattern of the layout", str(root), "; ".join(unclear), pattern)
        for kind, files, unclear, pattern in (
            ("EEG", eeg, eeg_unclear, layout.eeg),
            ("BOLD", bold, bold_unclear, layout.bold),
        )
        if not files
    ]
    if problems:
        raise InputError.of(problems)
    joined = []
    partners: defaultdict[Path, list[Path]] = defaultdict(list)
    for one, labels in eeg.items():
        for other, others in bold.items():
            if all(_plain(value) == _plain(others.get(key, value)) for key, value in labels.items()):
                partners[one].append(other)
                partners[other].append(one)
                joined.append((one, other, {**others, **labels}))
    problems = [
        Problem(
            "a file has several partners",
            str(file),
            ", ".join(str(path.relative_to(root)) for path in others[:4]),
            "one",
            "name the labels that tell them apart in both patterns of the layout",
        )
        for file, others in partners.items()
        if len(others) > 1
    ]
    if problems:
        raise InputError.of(problems)
    if not joined:
        raise InputError(
            "no EEG file belongs to a BOLD file",
            where=str(root),
            got=f"labels of EEG: {_shown(eeg)}; of BOLD: {_shown(bold)}",
            expected="the same labels in both paths",
        )
    notes = [
        note
        for kind, other, files in (("EEG", "BOLD", eeg), ("BOLD", "EEG", bold))
        for note in without_partner(
            kind, other, [str(path.relative_to(root)) for path in files if path not in partners]
        )
    ]
    return joined, [*notes, *eeg_unclear, *bold_unclear]


def without_partner(kind: str, other: str, files: Sequence[str]) -> list[str]:
    """Name the files that have no partner: each by itself, or the first of many."""
    if len(files) > MOST_NAMED:
        return [f"{kind} without {other}, left out: {first_of(files, MOST_NAMED)}"]
    return [f"{kind} without {other}, left out: {file}" for file in files]


def unread_folder(error: OSError) -> NoReturn:
    """Refuse a folder that cannot be listed: what is in it would be left out without a word.

    Raises
    ------
    InputError
    """
    raise InputError(
        "a folder of the data set cannot be read",
        where=str(error.filename),
        got=str(error.strerror),
        hint="ask for the permission to read it, or move it out of the data set",
    ) from None


def _files(root: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(root, onerror=unread_folder):
        # of the file system or of tools, no part of a data set
        folders[:] = sorted(name for name in folders if name != "lost+found" and not name.startswith("."))
        for name in sorted(names):
            path = Path(folder) / name
            if path.is_file() or (path.is_symlink() and not path.exists()):  # a link without content was not fetched
                yield path


def _plain(label: str) -> str:
    return str(int(label)) if label.isdigit() else label


def _shown(files: dict[Path, dict[str, str]]) -> str:
    return "; ".join(" ".join(f"{key}-{value}" for key, value in labels.items()) for labels in list(files.values())[:3])
