"""Serve a small page with the courses as they come, to this machine alone; it loads nothing from elsewhere."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import resources
from threading import Lock, Thread
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

import numpy as np

from eeg2fmri.core.disk.files import OutputError
from eeg2fmri.predict.live.synthesis import LiveVolume

#: The only address that is listened at.
HOST = "127.0.0.1"
#: Volumes that the page shows.
SHOWN = 300
POLICY = "default-src 'none'; connect-src 'self'; script-src 'unsafe-inline'; style-src 'unsafe-inline'"


class LivePage:
    """A page on 127.0.0.1, which ends with its context.

    Parameters
    ----------
    name : str
        Title.
    courses : sequence of str
    port : int
        0 takes one that is free.

    Attributes
    ----------
    address : str
        Where a browser finds it.

    Raises
    ------
    OutputError
        If the port is taken.
    """

    def __init__(self, name: str, courses: Sequence[str], port: int = 0) -> None:
        self._facts = {"name": name, "courses": list(courses)}
        self._rows: deque[dict[str, Any]] = deque(maxlen=SHOWN)
        self._lock, self._count = Lock(), 0
        page = self

        class Handler(_Handler):
            answers: ClassVar[dict[str, Any]] = {"/": page._page, "/courses": page._since}

        try:
            self._server = ThreadingHTTPServer((HOST, port), Handler)
        except OSError as error:
            raise OutputError(
                "the page cannot be served",
                where=f"{HOST}:{port}",
                got=str(error.strerror),
                hint="choose another --port",
            ) from None
        self.address = f"http://{HOST}:{self._server.server_port}/"
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)

    def __enter__(self) -> LivePage:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def show(self, volume: LiveVolume) -> None:
        """Add a volume."""
        values = [float(f"{value:.5g}") if np.isfinite(value) else None for value in volume.values]
        with self._lock:
            self._count += 1
            row = {"volume": volume.index, "time": volume.timestamp, "values": values, "notes": list(volume.notes)}
            self._rows.append({"number": self._count, **row})

    def _page(self, _: str) -> tuple[str, str]:
        text = resources.files("eeg2fmri.predict.live").joinpath("page.html").read_text(encoding="utf-8")
        return "text/html", text.replace("FACTS", json.dumps(self._facts).replace("<", "\\u003c"))

    def _since(self, query: str) -> tuple[str, str]:
        asked = parse_qs(query).get("after", ["0"])[0]
        after = int(asked) if asked.isdigit() else 0
        with self._lock:
            return "application/json", json.dumps([row for row in self._rows if row["number"] > after])


class _Handler(BaseHTTPRequestHandler):
    """Answers to requests by the name of this machine: a page elsewhere cannot ask under a name of its own."""

    answers: ClassVar[dict[str, Any]] = {}
    server_version, sys_version = "eeg2fmri", ""

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        own = (self.headers.get("Host") or "").rsplit(":", 1)[0] in (HOST, "localhost")
        answer = self.answers.get(parts.path) if own else None
        if answer is None:
            self.send_error(404 if own else 403)
            return
        media_type, text = answer(parts.query)
        body = text.encode()
        self.send_response(200)
        headers = {"Content-Type": f"{media_type}; charset=utf-8", "Content-Length": str(len(body))}
        for key, value in {**headers, "Content-Security-Policy": POLICY, "Cache-Control": "no-store"}.items():
            self.send_header(key, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: the command's output is for volumes."""
