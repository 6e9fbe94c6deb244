"""Downloading from servers on this machine that answer as the archives do."""

from __future__ import annotations

import hashlib
import io
import threading
import urllib.parse
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pytest

from eeg2fmri.cli.main import run
from eeg2fmri.core.errors import InputError
from eeg2fmri.data.download import download
from eeg2fmri.data.recipe import recipe

FILES = {
    "dataset_description.json": b"{}",
    "sub-01/eeg/sub-01_task-rest_eeg.eeg": bytes(range(256)) * 40,
    "sub-01/func/a name with spaces & unicode \u00e9.json": b"{}\n",
    "sub-02/eeg/sub-02_task-rest_eeg.eeg": b"second",
}


class Archive:
    """What a server does: files, the requests that came, how it is broken."""

    def __init__(self) -> None:
        self.files = {f"ds000116/{name}": content for name, content in FILES.items()}
        self.asked: list[str] = []
        self.damaged: dict[str, int] = {}
        self.url = ""

    def answer(self, path: str) -> tuple[int, bytes]:
        self.asked.append(path)
        address = urllib.parse.urlsplit(path)
        query = urllib.parse.parse_qs(address.query, keep_blank_values=True)
        if "list-type" in query:
            return 200, self._page(query)
        if address.path.endswith("/osfstorage/"):
            return 200, self._zip()
        key = urllib.parse.unquote(address.path).lstrip("/")
        if key not in self.files:
            return 404, b"not found"
        content = self.files[key]
        if self.damaged.get(key, 0):
            self.damaged[key] -= 1
            content = content[::-1] + b"x"
        return 200, content

    def _page(self, query: dict[str, list[str]]) -> bytes:
        """Two keys a page, as S3 lists objects."""
        keys = sorted(key for key in self.files if key.startswith(query["prefix"][0]))
        first = int(query.get("continuation-token", ["0"])[0])
        entries = "".join(
            f"<Contents><Key>{escape(key)}</Key><Size>{len(self.files[key])}</Size>"
            f"<ETag>&quot;{hashlib.md5(self.files[key]).hexdigest()}&quot;</ETag></Contents>"
            for key in keys[first : first + 2]
        )
        more = f"<NextContinuationToken>{first + 2}</NextContinuationToken>" if first + 2 < len(keys) else ""
        return (
            f'<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">{entries}{more}'
            "</ListBucketResult>"
        ).encode()

    def _zip(self) -> bytes:
        held = io.BytesIO()
        with zipfile.ZipFile(held, "w") as archive:
            for name, content in self.files.items():
                archive.writestr(name.removeprefix("ds000116/"), content)
        return held.getvalue()


@pytest.fixture
def archive() -> Iterator[Archive]:
    held = Archive()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, content = held.answer(self.path)
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    held.url = f"http://127.0.0.1:{server.server_port}"
    yield held
    server.shutdown()
    server.server_close()
    thread.join()


def found(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_every_file_comes_once(archive: Archive, tmp_path: Path) -> None:
    told: list[Any] = []
    download(recipe("oddball"), tmp_path / "x", server=archive.url, progress=lambda *step: told.append(step))
    assert found(tmp_path / "x") == FILES
    assert told[-1] == ("Downloading", 4, 4)
    (tmp_path / "x" / "sub-02/eeg/sub-02_task-rest_eeg.eeg").write_bytes(b"secosd")
    archive.asked.clear()
    download(recipe("oddball"), tmp_path / "x", server=archive.url)
    assert found(tmp_path / "x") == FILES
    assert [path for path in archive.asked if "list-type" not in path] == [
        "/ds000116/sub-02/eeg/sub-02_task-rest_eeg.eeg"
    ]


def test_some_files_on_the_command_line(archive: Archive, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["download", "ds000116", str(tmp_path / "x"), "--include", "sub-01/*", "--server", archive.url]
    assert run(arguments) == 0
    assert "licence: PDDL" in capsys.readouterr().out
    assert set(found(tmp_path / "x")) == {name for name in FILES if name.startswith("sub-01")}
    assert run([*arguments[:3], "--include", "sub-99/*", "--server", archive.url]) == 1
    assert "none of which fits sub-99/*" in capsys.readouterr().err


def test_a_damaged_file_is_fetched_again_once(archive: Archive, tmp_path: Path) -> None:
    archive.damaged["ds000116/dataset_description.json"] = 1
    download(recipe("oddball"), tmp_path / "x", server=archive.url)
    assert found(tmp_path / "x") == FILES
    archive.damaged["ds000116/dataset_description.json"] = 2
    with pytest.raises(InputError, match="comes damaged from the archive"):
        download(recipe("oddball"), tmp_path / "y", server=archive.url)
    assert found(tmp_path / "y") == {}


def test_an_archive_in_one_file(archive: Archive, tmp_path: Path) -> None:
    download(recipe("noddi"), tmp_path / "x", server=archive.url)
    assert found(tmp_path / "x") == FILES


@pytest.mark.parametrize("name", ["oddball", "noddi"])
def test_names_that_lead_elsewhere_are_refused(name: str, archive: Archive, tmp_path: Path) -> None:
    archive.files["ds000116/../../evil"] = b"x"
    with pytest.raises(InputError, match="outside of itself"):
        download(recipe(name), tmp_path / "a" / "x", server=archive.url)
    assert not (tmp_path / "evil").exists()


def test_servers_that_do_not_answer_as_hoped(archive: Archive, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nothing to download"):
        download(recipe("cn_epfl"), tmp_path / "x", server=archive.url)
    with pytest.raises(InputError, match="cannot be reached") as caught:
        download(recipe("cn_epfl"), tmp_path / "x", server="http://127.0.0.1:9")
    assert "start again" in str(caught.value)
    (tmp_path / "file").write_text("")
    with pytest.raises(Exception, match="cannot be written"):
        download(recipe("cn_epfl"), tmp_path / "file", server=archive.url)
