"""Public data sets fetched from their archives: what is there already and sound is not fetched again.

With pooch, from the archives' own public listings. openneuro-py would do for OpenNeuro alone, while two data sets with
recipes are elsewhere (OSF, OpenfMRI), and its licence is GPL 3, which this package's own would have to follow.
"""

from __future__ import annotations

import errno
import os
from fnmatch import fnmatchcase
from pathlib import Path

from eeg2fmri.core.errors import InputError
from eeg2fmri.core.progress import Progress, silent
from eeg2fmri.data.public.fetch import fetch
from eeg2fmri.data.public.listing import RemoteFile, address, list_files
from eeg2fmri.data.public.recipe import Recipe
from eeg2fmri.data.public.unpack import is_unpacked, unpack


def download(
    recipe: Recipe,
    folder: str | Path,
    *,
    include: tuple[str, ...] = (),
    server: str | None = None,
    progress: Progress = silent,
) -> Path:
    """Fetch a data set.

    Parameters
    ----------
    recipe : Recipe
        Of the data set.
    folder : path
        Where to put it; what is there already with the right size and sum stays.
    include : tuple of str
        Patterns of paths to fetch (``sub-01/*``), below the data set or of its archives (``ds116_sub001.tgz``); none
        fetches all that the recipe needs.
    server : str, optional
        Address to use in place of that of OpenNeuro, OSF or OpenfMRI.
    progress : Progress
        Told the number of files.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    InputError
        If the data set has a page alone, pooch is not installed, the server does not answer, has no such data set, a
        file comes damaged twice, or cannot be written, for example because the disk is full.
    """
    if recipe.source.page is not None:
        raise InputError(
            "this data set is not fetched by name",
            where=recipe.source.page,
            hint="fetch it from there, then: eeg2fmri prepare DIR STORE --recipe " + recipe.name,
        )
    try:
        import pooch  # type: ignore[import-untyped]  # noqa: F401
        import requests
    except ImportError as error:
        raise InputError(
            "downloading needs a package that is not installed",
            got=str(error),
            hint="pip install 'eeg2fmri[download]'",
        ) from None
    folder = Path(folder)
    where = address(recipe, server)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with requests.Session() as session:
            files = list_files(session, recipe, server)
        chosen = _chosen(files, recipe, include)
        if not chosen:
            raise InputError(
                "there is nothing to download",
                where=f"{where}: {recipe.source.id}",
                got=f"{len(files)} files, none of which fits {', '.join(include or recipe.source.files)}"
                if files
                else "no files",
            )
        for done, file in enumerate(chosen, 1):
            _bring(file, folder, recipe, include)
            progress("Downloading", done, len(chosen))
    except requests.RequestException as error:
        raise InputError(
            "the archive cannot be reached",
            where=where,
            got=f"{type(error).__name__}: {error}",
            hint="check the connection and start again: what is complete is not fetched again, what was begun goes on",
        ) from None
    except OSError as error:
        raise _write_problem(error, folder) from None
    return folder


def _bring(file: RemoteFile, folder: Path, recipe: Recipe, include: tuple[str, ...]) -> None:
    into = _unpacked_to(file, recipe)
    path = folder / file.path
    if into is None:
        fetch(file, path)
    elif not is_unpacked(folder, file):
        fetch(file, path)
        whole = not include or _fits(file.path, include)
        unpack(path, folder, into, file, lambda member: whole or _fits(member, include))


def _chosen(files: list[RemoteFile], recipe: Recipe, include: tuple[str, ...]) -> list[RemoteFile]:
    if not include:
        listed = recipe.source.files if recipe.source.openfmri is None else ()
        return [file for file in files if not listed or _fits(file.path, listed)]
    named = [file for file in files if _fits(file.path, include)]
    # what the patterns ask for may lie within archives
    return named or [file for file in files if _unpacked_to(file, recipe) is not None]


def _unpacked_to(file: RemoteFile, recipe: Recipe) -> str | None:
    return next((into for name, into in recipe.source.unpack.items() if fnmatchcase(file.path, name)), None)


def _fits(path: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(path, each) for each in patterns)


def _write_problem(error: OSError, folder: Path) -> InputError:
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    return InputError(
        "the disk is full" if full else "the data set cannot be written",
        where=str(folder if full else error.filename or folder),
        got=os.strerror(error.errno) if error.errno else str(error),
        hint="free some space and start again: what has come is kept"
        if full
        else "check that the folder is one, and that you may write there",
    )
