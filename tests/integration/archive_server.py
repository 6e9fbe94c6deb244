"""A server on this machine that answers as the archives do: OpenNeuro's bucket, OSF's API, OpenfMRI's archives."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import tarfile
import threading
import time
import urllib.parse
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from xml.sax.saxutils import escape


class Archive:
    """Files by key, the requests that came, and how the server is broken.

    Attributes
    ----------
    files : dict of str to bytes
    asked : list of (str, str, str)
        Method, path, and header Range of each request.
    damaged : dict of str to int
        How many times yet a file comes with other content.
    cut : dict of str to int
        Bytes after which the connection breaks, once.
    failing : dict of str to int
        Status that is answered for a file.
    ranges : bool
        Whether a request for a part is understood.
    drips : {"", "head", "body"}
        What comes byte by byte, of every answer.
    md5, circle : bool
        Whether sums are told; whether the list of files leads back to its beginning.
    """

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.asked: list[tuple[str, str, str]] = []
        self.damaged: dict[str, int] = {}
        self.cut: dict[str, int] = {}
        self.failing: dict[str, int] = {}
        self.ranges, self.md5, self.circle = True, True, False
        self.listing: bytes | None = None
        self.drips = ""
        self.url = ""

    @property
    def fetched(self) -> list[str]:
        """Paths that were asked for, listings left out."""
        paths = [path for method, path, _ in self.asked if method == "GET"]
        return [path for path in paths if "list-type" not in path and "osfstorage" not in path]

    def answer(self, method: str, path: str, part: str) -> tuple[int, bytes, int | None]:
        """Give status, content, and the number of bytes after which the connection breaks."""
        self.asked.append((method, path, part))
        address = urllib.parse.urlsplit(path)
        query = urllib.parse.parse_qs(address.query, keep_blank_values=True)
        if self.listing is not None and ("list-type" in query or "osfstorage" in path):
            return 200, self.listing, None
        if "list-type" in query:
            return 200, self._page(query), None
        if address.path.startswith("/nodes/"):
            return 200, self._osf(address.path, int(query.get("page", ["1"])[0])), None
        key = urllib.parse.unquote(address.path).lstrip("/")
        if key in self.failing:
            return self.failing[key], b"out of order", None
        if key not in self.files:
            return 404, b"not found", None
        content = self.files[key]
        if method == "GET" and self.damaged.get(key, 0):
            self.damaged[key] -= 1
            content = content[::-1] + b"x"
        status = 200
        if part and self.ranges:
            first = int(part.removeprefix("bytes=").split("-")[0])
            if first >= len(content):
                return 416, b"", None
            status, content = 206, content[first:]
        return status, content, self.cut.pop(key, None) if method == "GET" else None

    def tag(self, key: str) -> str:
        """Sum of a file, as S3 tells it; that of parts where sums are not told."""
        return hashlib.md5(self.files[key]).hexdigest() if self.md5 else "d41d8cd98f00b204e9800998ecf8427e-2"

    def _page(self, query: dict[str, list[str]]) -> bytes:
        """Two keys a page, as S3 lists objects."""
        keys = sorted(key for key in self.files if key.startswith(query["prefix"][0]))
        first = int(query.get("continuation-token", ["0"])[0])
        entries = "".join(
            f"<Contents><Key>{escape(key)}</Key><Size>{len(self.files[key])}</Size>"
            f"<ETag>&quot;{self.tag(key)}&quot;</ETag></Contents>"
            for key in keys[first : first + 2]
        )
        following = 2 if self.circle else first + 2
        more = f"<NextContinuationToken>{following}</NextContinuationToken>" if first + 2 < len(keys) else ""
        if self.circle and first:
            more = "<NextContinuationToken>2</NextContinuationToken>"
        return (
            f'<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">{entries}{more}'
            "</ListBucketResult>"
        ).encode()

    def _osf(self, path: str, page: int) -> bytes:
        """Two entries a page, folders as links to lists of their own."""
        start = path.split("/osfstorage/", 1)[1]
        inside = sorted(key.removeprefix("osf/") for key in self.files if key.startswith(f"osf/{start}"))
        names = sorted({key.removeprefix(start).split("/")[0] for key in inside})
        entries: list[dict[str, Any]] = []
        for name in names[2 * page - 2 : 2 * page]:
            key = f"osf/{start}{name}"
            if key in self.files:
                facts: dict[str, Any] = {"name": name, "kind": "file", "size": len(self.files[key])}
                facts["extra"] = {"hashes": {"md5": hashlib.md5(self.files[key]).hexdigest()}}
                link = f"{self.url}/{urllib.parse.quote(key)}"
                entries.append({"attributes": facts, "links": {"download": link}})
            else:
                link = f"{self.url}{path}{urllib.parse.quote(name)}/"
                related = {"files": {"links": {"related": {"href": link}}}}
                entries.append({"attributes": {"name": name, "kind": "folder"}, "relationships": related})
        more = f"{self.url}{path}?page={page + 1}" if len(names) > 2 * page else None
        return json.dumps({"data": entries, "links": {"next": more}}).encode()


@contextmanager
def serving() -> Iterator[Archive]:
    """Serve an archive on a free port of 127.0.0.1."""
    held = Archive()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, content, cut = held.answer(self.command, self.path, self.headers.get("Range", ""))
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            key = urllib.parse.unquote(urllib.parse.urlsplit(self.path).path).lstrip("/")
            if key in held.files:
                self.send_header("ETag", f'"{held.tag(key)}"')
            if held.drips == "head":
                self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
            else:
                self.end_headers()
            if held.drips:
                return self.drip()
            if self.command == "GET":
                self.wfile.write(content[:cut])
            if cut is not None:
                self.close_connection = True

        def drip(self) -> None:
            self.close_connection = True
            with contextlib.suppress(OSError):  # until the other side has gone
                for _ in range(400):
                    self.wfile.write(b" ")
                    time.sleep(0.05)

        do_HEAD = do_GET

        def log_message(self, *_: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    held.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield held
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def zipped(files: dict[str, bytes]) -> bytes:
    """Make a zip archive."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return held.getvalue()


def tarred(files: dict[str, bytes], links: dict[str, str] | None = None) -> bytes:
    """Make a compressed tar archive, with symbolic links by their names."""
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w:gz") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
        for name, target in (links or {}).items():
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = tarfile.SYMTYPE, target
            archive.addfile(entry)
    return held.getvalue()
