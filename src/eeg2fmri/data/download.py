"""Public data sets fetched from their archives: what is there already and sound is not fetched again."""

from __future__ import annotations

import shutil
import urllib.parse
import xml.etree.ElementTree as ElementTree
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from eeg2fmri.core.errors import InputError
from eeg2fmri.core.progress import Progress, silent
from eeg2fmri.data.recipe import Recipe
from eeg2fmri.data.store_writer import write_error

if TYPE_CHECKING:
    import requests

#: Public bucket of OpenNeuro, and files of OSF.
OPENNEURO = "https://s3.amazonaws.com/openneuro.org"
OSF = "https://files.osf.io/v1/resources"
#: Seconds after which a server that says nothing is given up.
TIMEOUT_S = 60


@dataclass(frozen=True)
class RemoteFile:
    """A file of an archive: path below the data set, address, bytes, MD5 (empty where it is not known)."""

    path: str
    url: str
    size: int
    md5: str


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
        Patterns of paths to fetch (``sub-01/*``); none fetches all. Not possible for OSF, which gives one archive.
    server : str, optional
        Address to use in place of that of OpenNeuro or OSF.
    progress : Progress
        Told the number of files.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    InputError
        If the server does not answer, has no such data set, or a file comes damaged twice.
    """
    import requests

    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with requests.Session() as session:
            if recipe.source.osf is not None:
                _fetch_archive(session, f"{server or OSF}/{recipe.source.osf}/providers/osfstorage/?zip=", folder)
                progress("Downloading", 1, 1)
                return folder
            files = list(_listed(session, server or OPENNEURO, str(recipe.source.openneuro)))
            chosen = [file for file in files if not include or any(fnmatchcase(file.path, each) for each in include)]
            if not chosen:
                raise InputError(
                    "there is nothing to download",
                    where=f"{server or OPENNEURO}: {recipe.source.id}",
                    got=f"{len(files)} files, none of which fits {', '.join(include)}" if files else "no files",
                )
            for done, file in enumerate(chosen, 1):
                _fetch(session, file, folder / file.path)
                progress("Downloading", done, len(chosen))
    except OSError as error:
        if isinstance(error, requests.RequestException):
            raise InputError(
                "the archive cannot be reached",
                where=server or (OSF if recipe.source.osf else OPENNEURO),
                got=f"{type(error).__name__}: {error}",
                hint="check the connection and start again: what is complete is not fetched again",
            ) from None
        raise write_error(error, folder) from None
    return folder


def _listed(session: requests.Session, server: str, dataset: str) -> Iterator[RemoteFile]:
    """List the files below a prefix of an S3 bucket (ListObjectsV2), page by page."""
    token = ""
    while True:
        query = {"list-type": "2", "prefix": f"{dataset}/", **({"continuation-token": token} if token else {})}
        answer = session.get(f"{server}?{urllib.parse.urlencode(query)}", timeout=TIMEOUT_S)
        answer.raise_for_status()
        try:
            page = ElementTree.fromstring(answer.content)
        except ElementTree.ParseError as error:
            raise InputError("the archive gives no list of files", where=server, got=str(error)) from None
        for entry in page.iter():
            if _tag(entry) != "Contents":
                continue
            facts = {_tag(child): (child.text or "") for child in entry}
            path = facts["Key"].removeprefix(f"{dataset}/")
            if not path or path.endswith("/"):
                continue
            _check_path(path, server)
            etag = facts.get("ETag", "").strip('"')
            url = f"{server}/{urllib.parse.quote(facts['Key'])}"
            # the tag of a file that was uploaded in parts is not its MD5
            yield RemoteFile(path, url, int(facts["Size"]), "" if "-" in etag else etag)
        token = next((element.text or "" for element in page if _tag(element) == "NextContinuationToken"), "")
        if not token:
            return


def _fetch(session: requests.Session, file: RemoteFile, path: Path) -> None:
    if _sound(file, path):
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    try:
        for _ in range(2):
            _stream(session, file.url, partial)
            if _sound(file, partial):
                partial.replace(path)
                return
    finally:
        partial.unlink(missing_ok=True)
    raise InputError(
        "a file comes damaged from the archive", where=file.url, expected=f"{file.size} bytes, MD5 {file.md5}"
    )


def _fetch_archive(session: requests.Session, url: str, folder: Path) -> None:
    partial = folder / ".archive.zip.partial"
    try:
        _stream(session, url, partial)
        with zipfile.ZipFile(partial) as archive:
            for member in archive.infolist():
                if member.is_dir():
                    continue
                _check_path(member.filename, url)
                path = folder / member.filename
                if path.is_file() and path.stat().st_size == member.file_size:
                    continue
                path.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(member) as source, path.open("wb") as target:
                    shutil.copyfileobj(source, target)
    except zipfile.BadZipFile as error:
        raise InputError("the archive comes damaged", where=url, got=str(error), hint="start again") from None
    finally:
        partial.unlink(missing_ok=True)


def _stream(session: requests.Session, url: str, path: Path) -> None:
    import pooch  # type: ignore[import-untyped]

    pooch.HTTPDownloader(timeout=TIMEOUT_S, progressbar=False)(url, str(path), _Quiet())


class _Quiet:
    """Stands for the registry that pooch's downloader would report to."""


def _sound(file: RemoteFile, path: Path) -> bool:
    import pooch

    if not path.is_file() or path.stat().st_size != file.size:
        return False
    return not file.md5 or pooch.file_hash(str(path), alg="md5") == file.md5


def _check_path(path: str, where: str) -> None:
    parts = PurePosixPath(path).parts
    if path.startswith("/") or ".." in parts or "\\" in path:
        raise InputError("the archive names a file outside of itself", where=where, got=path)


def _tag(element: Any) -> str:
    return str(element.tag).rsplit("}", 1)[-1]
