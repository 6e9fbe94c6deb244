"""List the files that an archive has of a data set: OpenNeuro's bucket, OSF's API, OpenfMRI's archives."""

from __future__ import annotations

import json
import time
import urllib.parse
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from eeg2fmri.core.errors import InputError
from eeg2fmri.data.public.answer import ask, pieces
from eeg2fmri.data.public.recipe import Recipe

if TYPE_CHECKING:
    import requests

#: Public bucket of OpenNeuro, API of OSF, archives of OpenfMRI.
OPENNEURO = "https://s3.amazonaws.com/openneuro.org"
OSF = "https://api.osf.io/v2"
OPENFMRI = "https://openfmri.s3.amazonaws.com/tarballs"
#: Bytes and seconds of a page, pages of a list, and characters of a path that are more than any real one has.
LARGEST_PAGE, PAGE_S = 64_000_000, 300
MOST_PAGES, LONGEST_PATH = 20_000, 1_000


@dataclass(frozen=True)
class RemoteFile:
    """A file of an archive.

    Attributes
    ----------
    path : str
        Below the data set.
    url : str
    size : int
        Bytes.
    md5 : str
        Empty where it is not known.
    """

    path: str
    url: str
    size: int
    md5: str = ""


def address(recipe: Recipe, server: str | None) -> str:
    """Give the address of the archive of a data set."""
    if server is not None:
        return server
    return OSF if recipe.source.osf is not None else OPENFMRI if recipe.source.openfmri is not None else OPENNEURO


def list_files(session: requests.Session, recipe: Recipe, server: str | None = None) -> list[RemoteFile]:
    """List every file of a data set.

    Parameters
    ----------
    session : requests.Session
    recipe : Recipe
    server : str, optional
        Address to use in place of that of the archive.

    Raises
    ------
    InputError
        If the server's answer is no list, or names a file outside of the data set.
    requests.RequestException
        If it does not answer, or refuses.
    """
    where, source = address(recipe, server), recipe.source
    if source.osf is not None:
        found = _osf(session, f"{where}/nodes/{source.osf}/files/osfstorage/")
    elif source.openfmri is not None:
        names = [name.format(number=k + 1) for name in source.files for k in range(recipe.facts.subjects)]
        found = (_head(session, f"{where}/{name}", name) for name in names)
    else:
        found = _bucket(session, where, source.number)
    files = list(found)
    for file in files:
        check_path(file.path, where)
    return files


def check_path(path: str, where: str) -> None:
    """Refuse a path that leads out of the folder it is put into.

    Raises
    ------
    InputError
        If it does.
    """
    parts = path.split("/")
    odd = any(mark in path for mark in "\\\0\n\r") or ":" in parts[0] or len(path) > LONGEST_PATH
    if odd or any(part in ("", ".", "..") for part in parts):
        raise InputError("the archive names a file outside of itself", where=where, got=repr(path[:200]))


def _bucket(session: requests.Session, server: str, dataset: str) -> Iterator[RemoteFile]:
    """List the files below a prefix of an S3 bucket (ListObjectsV2), page by page."""
    token, seen = "", {""}
    while True:
        query = {"list-type": "2", "prefix": f"{dataset}/", **({"continuation-token": token} if token else {})}
        content = _page(session, f"{server}?{urllib.parse.urlencode(query)}", len(seen))
        try:
            page = ElementTree.fromstring(content)
            entries = [{_tag(child): (child.text or "") for child in e} for e in page.iter() if _tag(e) == "Contents"]
            sizes = [int(entry["Size"]) for entry in entries]
            keys = [entry["Key"] for entry in entries]
        except (ElementTree.ParseError, KeyError, ValueError) as error:
            raise InputError("the archive gives no list of files", where=server, got=str(error)) from None
        for key, size, entry in zip(keys, sizes, entries, strict=True):
            path = key.removeprefix(f"{dataset}/")
            if not path or path.endswith("/"):
                continue
            etag = entry.get("ETag", "").strip('"')
            # the tag of a file that was uploaded in parts is not its MD5
            yield RemoteFile(path, f"{server}/{urllib.parse.quote(key)}", size, "" if "-" in etag else etag)
        token = next((element.text or "" for element in page if _tag(element) == "NextContinuationToken"), "")
        if not token:
            return
        if token in seen:
            raise InputError("the archive's list of files goes round in a circle", where=server, got=token)
        seen.add(token)


def _osf(session: requests.Session, url: str) -> Iterator[RemoteFile]:
    """List the files of an OSF project (API version 2), folder by folder, page by page."""
    seen: set[str] = set()
    waiting: list[tuple[str, str]] = [(url, "")]
    while waiting:
        following, folder = waiting.pop()
        if following in seen:
            raise InputError("the archive's list of files goes round in a circle", where=url, got=following)
        seen.add(following)
        content = _page(session, following, len(seen))
        try:
            page = json.loads(content)
            for entry in page["data"]:
                facts = entry["attributes"]
                path = f"{folder}{facts['name']}"
                if facts["kind"] == "folder":
                    inner = entry["relationships"]["files"]["links"]["related"]["href"]
                    waiting.append((inner, f"{path}/"))
                else:
                    md5 = ((facts.get("extra") or {}).get("hashes") or {}).get("md5") or ""
                    yield RemoteFile(path, str(entry["links"]["download"]), int(facts["size"]), md5)
            if (page.get("links") or {}).get("next"):
                waiting.append((page["links"]["next"], folder))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise InputError(
                "the archive gives no list of files", where=following, got=f"{type(error).__name__}: {error}"[:200]
            ) from None


def _page(session: requests.Session, url: str, pages: int) -> bytes:
    """Get one page of a list: a server may neither fill the memory nor keep the program for ever."""
    if pages > MOST_PAGES:
        raise InputError(
            "the archive's list of files does not end", where=url[:200], got=f"more than {MOST_PAGES} pages"
        )
    began, content = time.monotonic(), bytearray()
    with ask(session.get, url, stream=True) as answer:
        for piece in pieces(answer, decode=True):
            content += piece
            slow = time.monotonic() - began > PAGE_S
            if slow or len(content) > LARGEST_PAGE:
                raise InputError(
                    "the archive's list of files does not end",
                    where=url[:200],
                    got=f"{len(content)} bytes of one page after {time.monotonic() - began:.0f} s",
                    hint="start again later, or give another --server",
                )
    return bytes(content)


def _head(session: requests.Session, url: str, name: str) -> RemoteFile:
    answer = ask(session.head, url, allow_redirects=True)
    etag = answer.headers.get("ETag", "").strip('"')
    size = answer.headers.get("Content-Length", "")
    return RemoteFile(name, url, int(size) if size.isdecimal() else -1, "" if "-" in etag else etag)


def _tag(element: Any) -> str:
    return str(element.tag).rsplit("}", 1)[-1]
