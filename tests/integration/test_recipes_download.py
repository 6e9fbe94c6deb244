"""Downloading from servers on this machine that answer as the archives do."""

from __future__ import annotations

import importlib.util
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from eeg2fmri.cli.main import run
from eeg2fmri.core.errors import InputError
from eeg2fmri.data.public import answer, listing
from eeg2fmri.data.public import fetch as fetching
from eeg2fmri.data.public import unpack as unpacking
from eeg2fmri.data.public.download import download
from eeg2fmri.data.public.recipe import recipe

FILES = {
    "dataset_description.json": b"{}",
    "sub-01/eeg/sub-01_task-rest_eeg.eeg": bytes(range(256)) * 4000,
    "sub-01/func/a name with spaces & unicode é.json": b"{}\n",
    "sub-02/eeg/sub-02_task-rest_eeg.eeg": b"second",
}
LARGE = "sub-01/eeg/sub-01_task-rest_eeg.eeg"


def _server() -> Any:
    spec = importlib.util.spec_from_file_location("archive_server", Path(__file__).with_name("archive_server.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


server = _server()


@pytest.fixture
def archive() -> Iterator[Any]:
    with server.serving() as held:
        held.files = {f"ds002336/{name}": content for name, content in FILES.items()}
        yield held


def found(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def get(archive: Any, folder: Path, name: str = "ds002336", **settings: Any) -> Path:
    return download(recipe(name), folder, server=archive.url, **settings)


def test_every_file_comes_once(archive: Any, tmp_path: Path) -> None:
    told: list[Any] = []
    get(archive, tmp_path / "x", progress=lambda *step: told.append(step))
    assert found(tmp_path / "x") == FILES
    assert told[-1] == ("Downloading", 4, 4)
    assert sum("list-type" in path for _, path, _ in archive.asked) == 2  # two pages of two
    (tmp_path / "x" / "sub-02/eeg/sub-02_task-rest_eeg.eeg").write_bytes(b"secosd")
    archive.asked.clear()
    get(archive, tmp_path / "x")
    assert found(tmp_path / "x") == FILES
    assert archive.fetched == ["/ds002336/sub-02/eeg/sub-02_task-rest_eeg.eeg"]


def test_some_files_on_the_command_line(archive: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["download", "ds002336", str(tmp_path / "x"), "--include", "sub-01/*", "--server", archive.url]
    assert run(arguments) == 0
    assert "licence: CC0" in capsys.readouterr().out
    assert set(found(tmp_path / "x")) == {name for name in FILES if name.startswith("sub-01")}
    assert run([*arguments[:3], "--include", "sub-99/*", "--server", archive.url]) == 1
    assert "none of which fits sub-99/*" in capsys.readouterr().err


def test_a_damaged_file_is_fetched_again_once(archive: Any, tmp_path: Path) -> None:
    archive.damaged["ds002336/dataset_description.json"] = 1
    get(archive, tmp_path / "x")
    assert found(tmp_path / "x") == FILES
    archive.damaged["ds002336/dataset_description.json"] = 2
    with pytest.raises(InputError, match="comes damaged from the archive") as caught:
        get(archive, tmp_path / "y")
    assert "dataset_description.json" in str(caught.value)
    assert found(tmp_path / "y") == {}


@pytest.mark.parametrize("ranges", [True, False])
def test_what_was_begun_goes_on(ranges: bool, archive: Any, tmp_path: Path) -> None:
    """The connection breaks in the middle of a file; the next attempt fetches the rest of it, where the server can."""
    archive.cut[f"ds002336/{LARGE}"] = 700_000
    with pytest.raises(InputError, match="cannot be reached") as caught:
        get(archive, tmp_path / "x")
    assert "start again" in str(caught.value)
    assert not (tmp_path / "x" / LARGE).exists()
    (begun,) = (tmp_path / "x").rglob(".*.partial")
    have = begun.stat().st_size
    assert 0 < have <= 700_000
    archive.asked.clear()
    archive.ranges = ranges
    get(archive, tmp_path / "x")
    assert found(tmp_path / "x") == FILES
    asked = [part for _, path, part in archive.asked if path.endswith("sub-01_task-rest_eeg.eeg")]
    assert asked == ([f"bytes={have}-"] if ranges else [f"bytes={have}-", ""])


def test_halves_of_two_versions_are_not_joined(archive: Any, tmp_path: Path) -> None:
    archive.cut[f"ds002336/{LARGE}"] = 700_000
    with pytest.raises(InputError):
        get(archive, tmp_path / "x")
    newer = FILES[LARGE][::-1]
    archive.files[f"ds002336/{LARGE}"] = newer
    get(archive, tmp_path / "x")
    assert (tmp_path / "x" / LARGE).read_bytes() == newer
    # without sums nobody could tell: the whole file
    archive.md5 = False
    archive.cut[f"ds002336/{LARGE}"] = 700_000
    with pytest.raises(InputError):
        get(archive, tmp_path / "y")
    archive.asked.clear()
    get(archive, tmp_path / "y")
    assert (tmp_path / "y" / LARGE).read_bytes() == newer
    assert all(part == "" for _, _, part in archive.asked)


@pytest.mark.parametrize("status", [403, 404, 500, 503])
def test_a_server_in_trouble(status: int, archive: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    archive.failing["ds002336/dataset_description.json"] = status
    assert run(["download", "ds002336", str(tmp_path / "x"), "--server", archive.url]) == 1
    told = capsys.readouterr().err
    assert str(status) in told
    assert "dataset_description.json" in told
    assert "Traceback" not in told
    assert found(tmp_path / "x") == {}


@pytest.mark.parametrize(
    "listing", [b"", b"<html>maintenance</html><", b"<a><Contents><Key>ds002336/x</Key><Size>no</Size></Contents></a>"]
)
def test_a_list_that_is_none(listing: bytes, archive: Any, tmp_path: Path) -> None:
    archive.listing = listing
    for name in ("ds002336", "noddi"):
        with pytest.raises(InputError, match="no list of files"):
            get(archive, tmp_path / "x", name)


def test_a_list_that_goes_round(archive: Any, tmp_path: Path) -> None:
    archive.circle = True
    with pytest.raises(InputError, match="round in a circle"):
        get(archive, tmp_path / "x")


def test_servers_that_do_not_answer_as_hoped(archive: Any, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nothing to download"):
        get(archive, tmp_path / "x", "cn_epfl")
    with pytest.raises(InputError, match="cannot be reached") as caught:
        download(recipe("cn_epfl"), tmp_path / "x", server="http://127.0.0.1:9")
    assert "start again" in str(caught.value)


def test_places_that_cannot_be_written(archive: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be written") as caught:
        get(archive, tmp_path / "file")
    assert str(tmp_path / "file") in str(caught.value)
    # a file that lies where a folder is needed
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "sub-02").write_text("")
    with pytest.raises(InputError, match="cannot be written"):
        get(archive, tmp_path / "x")


def test_a_full_disk(archive: Any, tmp_path: Path) -> None:
    """What is written to /dev/full meets a full disk."""
    place = tmp_path / "x" / Path(LARGE).parent
    place.mkdir(parents=True)
    partial = place / f".{Path(LARGE).name}.partial"
    partial.symlink_to("/dev/full")
    with pytest.raises(InputError, match="the disk is full"):
        get(archive, tmp_path / "x")
    assert not (tmp_path / "x" / LARGE).exists()
    partial.unlink()
    get(archive, tmp_path / "x")
    assert found(tmp_path / "x") == FILES


# archives in archives ---------------------------------------------------------------------------------------------

NODDI = {
    "EEG1/32/export/32.vhdr": b"header",
    "EEG2/43/export/43.vhdr": b"other header",
    "fMRI/32/32_cross.nii.gz": b"image" * 900,
    "fMRI/43/43_cross.nii.gz": b"image",
}


@pytest.mark.parametrize("with_own_folder", [True, False])
def test_noddi_comes_unpacked(with_own_folder: bool, archive: Any, tmp_path: Path) -> None:
    """Three archives at OSF, in a list of two pages; others are not needed."""
    archive.files = {"osf/DWI.zip": b"large", "osf/more/notes.txt": b"text"}
    for name in ("EEG1", "EEG2", "fMRI"):
        inside = {path: content for path, content in NODDI.items() if path.startswith(name)}
        strip = 0 if with_own_folder else len(name) + 1
        archive.files[f"osf/{name}.zip"] = server.zipped({path[strip:]: content for path, content in inside.items()})
    get(archive, tmp_path / "x", "noddi")
    assert {name: text for name, text in found(tmp_path / "x").items() if name != ".unpacked.json"} == NODDI
    assert archive.fetched == ["/osf/EEG1.zip", "/osf/EEG2.zip", "/osf/fMRI.zip"]
    archive.asked.clear()
    get(archive, tmp_path / "x", "noddi")
    assert archive.fetched == []
    (tmp_path / "x" / "fMRI/43/43_cross.nii.gz").unlink()
    get(archive, tmp_path / "x", "noddi")
    assert archive.fetched == ["/osf/fMRI.zip"]
    assert (tmp_path / "x" / "fMRI/43/43_cross.nii.gz").read_bytes() == b"image"


def test_oddball_comes_from_openfmri(archive: Any, tmp_path: Path) -> None:
    """One archive a subject; a link in it that leads elsewhere is not made."""
    subjects = [f"{number:03}" for number in range(1, 18)]
    archive.files = {
        f"ds116_sub{subject}.tgz": server.tarred(
            {f"sub{subject}/BOLD/task001_run001/bold.nii.gz": subject.encode()},
            {f"sub{subject}/link": "/etc/passwd"} if subject == "002" else None,
        )
        for subject in subjects
    }
    get(archive, tmp_path / "x", "oddball", include=("ds116_sub00[12].tgz",))
    assert set(found(tmp_path / "x")) == {
        ".unpacked.json",
        *(f"sub{subject}/BOLD/task001_run001/bold.nii.gz" for subject in ("001", "002")),
    }
    assert not (tmp_path / "x" / "sub002" / "link").is_symlink()
    get(archive, tmp_path / "y", "oddball", include=("sub017/*",))
    assert set(found(tmp_path / "y")) == {".unpacked.json", "sub017/BOLD/task001_run001/bold.nii.gz"}
    get(archive, tmp_path / "x", "oddball")
    assert len(found(tmp_path / "x")) == 18
    assert len(json.loads((tmp_path / "x" / ".unpacked.json").read_text())) == 17


@pytest.mark.parametrize("content", [b"no archive", b"PK\x03\x04" + b"\0" * 90, b"\x1f\x8b" + b"\0" * 90, b""])
def test_an_archive_that_is_none(content: bytes, archive: Any, tmp_path: Path) -> None:
    archive.files = {f"ds116_sub{number:03}.tgz": content for number in range(1, 18)}
    with pytest.raises(InputError, match="archive comes damaged") as caught:
        get(archive, tmp_path / "x", "oddball")
    assert "ds116_sub001.tgz" in str(caught.value)
    assert found(tmp_path / "x") == {}


@pytest.mark.parametrize("keep", [0.3, 0.7, 0.97])
def test_an_archive_that_ends_early(keep: float, archive: Any, tmp_path: Path) -> None:
    whole = server.tarred({"sub001/a.bin": bytes(range(256)) * 300, "sub001/b.bin": bytes(range(255)) * 300})
    archive.files = {f"ds116_sub{number:03}.tgz": whole[: int(len(whole) * keep)] for number in range(1, 18)}
    with pytest.raises(InputError, match="archive comes damaged"):
        get(archive, tmp_path / "x", "oddball")
    assert not list((tmp_path / "x").rglob("*.partial"))
    assert ".unpacked.json" not in found(tmp_path / "x")


@pytest.mark.parametrize("evil", ["../../evil", "/evil", "a/../../../evil", "a\\..\\evil", "a/./evil", "."])
def test_names_that_lead_elsewhere_are_refused(evil: str, archive: Any, tmp_path: Path) -> None:
    archive.files[f"ds002336/{evil}"] = b"x"
    with pytest.raises(InputError, match="outside of itself"):
        get(archive, tmp_path / "a" / "x")
    archive.files = {f"osf/{name}.zip": server.zipped({evil: b"x"}) for name in ("EEG1", "EEG2", "fMRI")}
    with pytest.raises(InputError, match="outside of itself"):
        get(archive, tmp_path / "a" / "y", "noddi")
    archive.files = {f"ds116_sub{number:03}.tgz": server.tarred({evil: b"x"}) for number in range(1, 18)}
    with pytest.raises(InputError, match="outside of itself"):
        get(archive, tmp_path / "a" / "z", "oddball")
    assert not list(tmp_path.rglob("evil"))


def test_an_archive_made_to_fill_the_disk(archive: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacking, "ALWAYS", 10_000)
    bomb = server.tarred({f"sub001/{number}.bin": bytes(100_000) for number in range(20)})
    archive.files = {f"ds116_sub{number:03}.tgz": bomb for number in range(1, 18)}
    with pytest.raises(InputError, match="far more than archives of recordings"):
        get(archive, tmp_path / "x", "oddball")
    assert sum(path.stat().st_size for path in (tmp_path / "x").rglob("*.bin")) < 10_000 + 200 * len(bomb)


def test_a_list_that_never_ends(archive: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "MOST_PAGES", 3)
    for number in range(20):
        archive.files[f"ds002336/{number}.txt"] = b"x"
    with pytest.raises(InputError, match=r"does not end(.|\n)*more than 3 pages"):
        get(archive, tmp_path / "x")
    monkeypatch.setattr(listing, "MOST_PAGES", 100)
    monkeypatch.setattr(listing, "LARGEST_PAGE", 50)
    with pytest.raises(InputError, match=r"does not end(.|\n)*bytes of one page"):
        get(archive, tmp_path / "x")


def test_a_line_that_drips(archive: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "SLOW_S", -1)
    monkeypatch.setattr(fetching, "SLOWEST", 1e15)
    with pytest.raises(InputError, match=r"cannot be reached(.|\n)*bytes in 0 s"):
        get(archive, tmp_path / "x")


@pytest.mark.parametrize("drips", ["head", "body"])
def test_a_server_that_keeps_every_single_read_alive(
    drips: str, archive: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answer, "BEGIN_S", 0.5)
    monkeypatch.setattr(listing, "PAGE_S", 0.5)
    monkeypatch.setattr(fetching, "SLOW_S", 0.5)
    archive.drips = drips
    began = time.monotonic()
    with pytest.raises(InputError, match=r"no answer|does not end"):
        get(archive, tmp_path / "x")
    file = listing.RemoteFile("a", f"{archive.url}/ds002336/{LARGE}", 1000)
    with pytest.raises(requests.RequestException, match=r"no answer|bytes in"):
        fetching.fetch(file, tmp_path / "a")
    assert time.monotonic() - began < 10  # the server drips for 20 s


def test_a_length_that_is_none(archive: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    head = requests.Response()
    head.status_code, head.headers["Content-Length"] = 200, "many"
    monkeypatch.setattr(requests.Session, "head", lambda *_, **__: head)
    with pytest.raises(InputError, match="cannot be reached"):
        get(archive, tmp_path / "x", "oddball")


def test_a_folder_of_somebody_else(archive: Any, open_folder: Path, as_somebody_else: Any) -> None:
    get(archive, open_folder / "warm")  # imports what the other user may not see
    (open_folder / "locked").mkdir(mode=0o555)

    def work() -> str:
        try:
            get(archive, open_folder / "locked")
        except InputError as error:
            return str(error)
        return "written"

    told = as_somebody_else(work)
    assert "cannot be written" in told
    assert str(open_folder / "locked") in told
    assert not list((open_folder / "locked").iterdir())
