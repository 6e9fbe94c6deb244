"""Find the files that a store was made of, and tell whether they are still the same.

A store knows the size, the time of change and the digest of each of its sources. Looking at size and time is cheap; a
file is read only where its time differs. Sources that are not there say nothing: a store is of use without them.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from eeg2fmri.core.disk.digest import CONTENT, content_digest
from eeg2fmri.core.disk.files import OutputError, write_json
from eeg2fmri.core.disk.parse import read_json
from eeg2fmri.core.errors import Problem, StoreError
from eeg2fmri.data.store.format import AGAIN, MANIFEST, damaged, read_manifest

#: File beside the manifest: times of sources whose content was found unchanged, or that they do not matter any more.
SEEN = ".sources.json"

State = Literal["same", "changed", "missing", "away", "unknown", "detached"]

#: What each state means, for the user.
WORDS: dict[State, str] = {
    "same": "as they were when the store was made",
    "changed": "changed since the store was made: the store is stale",
    "missing": "as they were, as far as they are still there",
    "away": "not within reach, not compared",
    "unknown": "not recorded, not compared",
    "detached": "not compared any more, by choice",
}


@dataclass(frozen=True)
class Sources:
    """What was found of the sources of a store.

    Attributes
    ----------
    state : str
        See `WORDS`.
    root : str
        Folder of the data set when the store was made; empty if unknown.
    problems : tuple of Problem
        The files that changed.
    """

    state: State
    root: str = ""
    problems: tuple[Problem, ...] = ()


def origin(root: Path, files: Iterable[dict[str, Any]], key: str) -> dict[str, Any]:
    """Make the entry of a manifest that says where its sources are.

    Parameters
    ----------
    root : Path
        Folder of the data set.
    files : iterable of dict
        ``path`` as among the sources, ``file`` (absolute) and ``modified_ns`` of each.
    key : str
        By which the same files and settings are known again without reading the files.
    """
    return {
        "root": str(_absolute(root)),
        "key": key,
        "files": {each["path"]: {"file": each["file"], "modified_ns": each["modified_ns"]} for each in files},
    }


def source_entry(file: Path, root: Path) -> dict[str, Any]:
    """Look at a source before it is read: path relative to the data set (its name if elsewhere), size and times.

    Raises
    ------
    OSError
        If it is not there.
    """
    facts, absolute = file.stat(), _absolute(file)
    inside = absolute.is_relative_to(_absolute(root))
    return {
        "path": absolute.relative_to(_absolute(root)).as_posix() if inside else file.name,
        "file": str(absolute),
        "size": facts.st_size,
        "modified_ns": facts.st_mtime_ns,
    }


def look(store: Path, manifest: dict[str, Any]) -> Sources:
    """Compare the sources of a store with what they were, as far as they are within reach.

    Raises
    ------
    StoreError
        If the manifest does not tell what they were.
    """
    known = manifest.get("origin")
    if not known:
        return Sources("unknown")
    try:
        return _compared(store, manifest, known)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise damaged(store / MANIFEST, f"sources: {type(error).__name__}: {error}") from None


def _compared(store: Path, manifest: dict[str, Any], known: dict[str, Any]) -> Sources:
    seen = recall(store)
    root = str(known["root"])
    if seen.get("detached"):
        return Sources("detached", root)
    if not Path(root).is_dir():
        return Sources("away", root)
    problems: list[Problem] = []
    unchanged: dict[str, int] = {}
    missing = False
    for source in manifest["sources"]:
        place = known["files"][source["path"]]
        file = Path(place["file"])
        try:
            facts = file.stat()
            # a pipe or device in the place of a file would be read without end
            if stat.S_ISREG(facts.st_mode) and facts.st_size == source["size"]:
                if facts.st_mtime_ns in (place["modified_ns"], seen.get("modified_ns", {}).get(source["path"])):
                    continue
                if content_digest(file) == source[CONTENT]:
                    unchanged[source["path"]] = facts.st_mtime_ns
                    continue
        except OSError:
            missing = True
            continue
        problems.append(Problem("the store is stale: a file that it was made of has changed", str(file)))
    if unchanged:
        remember(store, {**seen, "modified_ns": {**seen.get("modified_ns", {}), **unchanged}})
    if problems:
        return Sources("changed", root, tuple(problems))
    return Sources("missing" if missing else "same", root)


def refuse_stale(store: Path, manifest: dict[str, Any]) -> None:
    """Refuse a store whose sources have changed.

    Raises
    ------
    StoreError
        Naming every source that has changed, and the ways out.
    """
    found = look(store, manifest)
    if found.problems:
        way_out = f"{AGAIN} under another name; to go on with it as it is: eeg2fmri store detach {store}"
        last = found.problems[-1]
        raise StoreError.of([*found.problems[:-1], Problem(last.what, last.where, hint=way_out)])


def detach(store: Path) -> None:
    """Let a store be used whatever becomes of its sources.

    Raises
    ------
    StoreError
        If it is no store, or cannot be written.
    """
    read_manifest(store)
    if not remember(store, {**recall(store), "detached": True}):
        raise StoreError("the store cannot be written", where=str(store / SEEN), hint="check that you may write there")


def compare(manifest: dict[str, Any], root: Path) -> None:
    """Compare every source with the files below a folder, byte by byte.

    Raises
    ------
    StoreError
        Naming every source that is missing or has another content.
    """
    problems = []
    places = (manifest.get("origin") or {}).get("files", {})
    for source in manifest["sources"]:
        file = root / source["path"]
        elsewhere = Path(places.get(source["path"], {}).get("file", file))
        if not file.is_file() and elsewhere.name == source["path"]:
            file = elsewhere
        if not file.is_file():
            problems.append(Problem("a file that the store was made of is missing", str(file)))
        elif content_digest(file) != source[CONTENT]:
            problems.append(
                Problem("the store is stale: a file that it was made of has changed", str(file), hint=AGAIN)
            )
    if problems:
        raise StoreError.of(problems)


def _absolute(path: Path) -> Path:
    return Path(os.path.abspath(path))  # noqa: PTH100 - links are not followed


def recall(store: Path) -> dict[str, Any]:
    """Read what was remembered of a store; empty where there is nothing sound."""
    try:
        seen = dict(read_json(store / SEEN))
    except (OSError, ValueError, TypeError):
        return {}
    # what is of another type was not written by `remember`
    return {name: value for name, value in seen.items() if value is True or isinstance(value, dict)}


def remember(store: Path, seen: dict[str, Any]) -> bool:
    """Write down what was found of a store; tell whether it could be written."""
    try:
        write_json(store / SEEN, seen)
    except OutputError:  # a store that may only be read is compared again the next time
        return False
    return True
