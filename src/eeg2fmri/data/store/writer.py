"""Writing a store: complete or absent.

Everything is written into a temporary folder beside the target, which takes the target's name when the
last byte is on disk. Arrays are written as streams, a volume at a time: memory stays flat, and a full disk
is an error of the write (writing to a memory map would kill the process instead).
"""

from __future__ import annotations

import io
import json
import os
import secrets
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

import numpy as np

from eeg2fmri.core.disk.digest import CONTENT, ContentHash
from eeg2fmri.core.disk.files import cannot_write
from eeg2fmri.core.errors import StoreError
from eeg2fmri.data.settings.prepare import PrepareConfig
from eeg2fmri.data.store.format import ALIKE, ARRAYS, FORMAT, MANIFEST, META, VERSION, read_manifest, seal, store_hash
from eeg2fmri.data.store.recording import Recording
from eeg2fmri.data.store.unfinished import Partial, remove_left_behind

#: Bytes that are written at once. Far larger pieces get their pages in the cache of files in large runs, which were
#: measured to take two to four times as long where memory is fragmented.
_PIECE = 1 << 19


class ArrayWriter:
    """Writes a ``.npy`` file of known shape, some rows of the first axis at a time.

    Parameters
    ----------
    path : Path
        File; its name is one of those in `eeg2fmri.data.store.store.ARRAYS`, which give the float type.
    shape : tuple of int
        Shape of the whole array.
    """

    def __init__(self, path: Path, shape: tuple[int, ...]) -> None:
        self.path = path
        self.shape = shape
        self.dtype = np.dtype(ARRAYS[path.name][0])
        self.rows = 0
        self.size = 0
        self._hash = ContentHash()
        self._file: BinaryIO = path.open("xb")
        header = io.BytesIO()
        facts = {"descr": np.lib.format.dtype_to_descr(self.dtype), "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(header, facts)
        self._write(header.getbuffer())

    def append(self, rows: np.ndarray) -> None:
        """Write the next rows, shape (row, *shape[1:])."""
        if rows.shape[1:] != self.shape[1:]:
            raise ValueError(f"{self.path.name}: rows of shape {rows.shape[1:]}, expected {self.shape[1:]}")
        self.rows += len(rows)
        self._write(np.ascontiguousarray(rows, self.dtype).data.cast("B"))

    def facts(self) -> dict[str, Any]:
        """Size and digest of what was written, for the manifest."""
        return {"size": self.size, CONTENT: self._hash.hexdigest()}

    def _write(self, data: memoryview) -> None:
        for start in range(0, data.nbytes, _PIECE):
            piece = data[start : start + _PIECE]
            self._file.write(piece)
            self._hash.update(piece)
        self.size += data.nbytes

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._file.close()
        if kind is None and self.rows != self.shape[0]:
            raise ValueError(f"{self.path.name}: {self.rows} rows written, expected {self.shape[0]}")


def write_array(path: Path, array: np.ndarray) -> dict[str, Any]:
    """Write a whole array of a recording; return its size and digest."""
    with ArrayWriter(path, array.shape) as writer:
        writer.append(array)
    return writer.facts()


def write_meta(folder: Path, recording: Recording) -> dict[str, Any]:
    """Write ``meta.json`` of a recording; return its size and digest."""
    meta = {
        "subject": recording.subject,
        "session": recording.session,
        "task": recording.task,
        "run": recording.run,
        "n_volumes": recording.n_volumes,
        "onsets": [float(onset) for onset in recording.onsets],
        "sfreq": recording.sfreq,
        "affine": np.asarray(recording.affine, float).tolist(),
        "sources": list(recording.sources),
        "quality": recording.quality,
        **({"nuisance": list(recording.nuisance)} if recording.nuisance else {}),
        **({"data_set": recording.data_set} if recording.data_set else {}),
    }
    data = (json.dumps(meta, indent=1, allow_nan=False) + "\n").encode()
    (folder / META).write_bytes(data)
    return {"size": len(data), CONTENT: ContentHash(data).hexdigest()}


class StoreWriter:
    """Context that gives a temporary folder, and turns it into the store at the end.

    Parameters
    ----------
    path : path
        Store to make.
    key : str
        What the store is made of, as a hash. A process that is killed leaves its temporary folder behind, one that is
        interrupted (Ctrl-C) the recordings in it that are finished; the next one with the same key takes it up.
        Without a key every attempt begins anew.
    by_hash : bool
        Whether the name of the store becomes `path` and the first digits of its hash, as in ``bids-1a2b3c4d``. If there
        is the same store by that name already, it stays.

    Attributes
    ----------
    path : Path
        The store; its name is known at the end.

    Raises
    ------
    StoreError
        If the path exists already, or nothing can be written there, or the disk fills up; after an error nothing is
        left behind.
    """

    def __init__(self, path: str | Path, key: str = "", *, by_hash: bool = False) -> None:
        self.path = Path(path)
        self._key = key
        self._by_hash, self._pattern = by_hash, f".{self.path.name}.*.partial"
        self.temporary = self.path.with_name(f".{self.path.name}.{key[:16] or secrets.token_hex(8)}.partial")
        self._partial = Partial(self.temporary)
        self._finished = False

    def __enter__(self) -> Self:
        if not self._by_hash:
            refuse_existing(self.path)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._partial.open()
            remove_left_behind(self._pattern, self.path.parent)
        except OSError as error:
            raise cannot_write(error, self.path, StoreError) from error
        return self

    def folder(self, recording_id: str) -> Path:
        """Make the folder of a recording, empty."""
        folder = self.temporary / recording_id
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        return folder

    def remove(self, recording_id: str) -> None:
        """Remove the folder of a recording."""
        shutil.rmtree(self.temporary / recording_id)

    def finished(self, recording_id: str) -> dict[str, Any] | None:
        """Give what an earlier process, killed since, noted of a recording that it had completed."""
        return self._partial.finished(recording_id)

    def mark(self, recording_id: str, noted: dict[str, Any]) -> None:
        """Note that a recording is complete; `noted` holds its ``files``."""
        self._partial.mark(recording_id, noted)

    def finish(
        self,
        files: Mapping[str, Mapping[str, Mapping[str, Any]]],
        *,
        config: PrepareConfig,
        sources: list[dict[str, Any]],
        electrodes: Sequence[str],
        frequencies: Sequence[float] | np.ndarray,
        tr: float,
        grid: tuple[int, int, int],
        affine: np.ndarray,
        space: str,
        notes: Sequence[str] = (),
        regions: Sequence[int] = (),
        commit: Mapping[str, Any] | None = None,
        origin: Mapping[str, Any] | None = None,
        elements: str = "",
    ) -> None:
        """Write the manifest; the store takes its name when the context ends.

        Parameters
        ----------
        files : mapping
            Size and digest of every file of every recording: id to file name to facts, in the order of the store.
        config, sources, electrodes, frequencies, tr, grid, affine, space
            See `eeg2fmri.data.store.store.Store`; `sources` are files with the digest of their content.
        notes : sequence of str
            What the user should know of the data set.
        regions : sequence of int
            Numbers of the regions of an atlas, where these are stored in place of voxels.
        commit : mapping, optional
            See `eeg2fmri.data.store.origin.commit.commit_of`.
        origin : mapping, optional
            Where the sources are; see `eeg2fmri.data.store.origin.sources`.
        elements : str
            See `eeg2fmri.data.store.store.Store`.
        """
        manifest: dict[str, Any] = {
            "format": FORMAT,
            "version": VERSION,
            "hash": store_hash(config, sources),
            "config": config.model_dump(mode="json"),
            "sources": sources,
            "origin": None if origin is None else dict(origin),
            "electrodes": list(electrodes),
            "frequencies": [float(frequency) for frequency in frequencies],
            "tr": float(tr),
            "grid": [int(size) for size in grid],
            "affine": np.asarray(affine, float).tolist(),
            "space": space,
            "rates": ALIKE,
            "notes": list(notes),
            "regions": [int(number) for number in regions],
            "commit": None if commit is None else dict(commit),
            "recordings": [{"id": name, "files": files[name]} for name in files],
        }
        if elements:
            manifest["elements"] = elements
        manifest["seal"] = seal(manifest)
        text = json.dumps(manifest, indent=1, allow_nan=False) + "\n"
        (self.temporary / MANIFEST).write_text(text, encoding="utf-8")
        self._finished = True
        if self._by_hash:
            self.path = hash_path(self.path, manifest["hash"])

    def _same_exists(self) -> bool:
        try:
            return bool(read_manifest(self.path)["hash"] == read_manifest(self.temporary)["hash"])
        except StoreError:
            return False

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        try:
            if kind is None and self._finished and not (self._by_hash and self._same_exists()):
                refuse_existing(self.path)
                self._partial.clear()
                self.temporary.rename(self.path)
        except OSError as fault:
            error = fault
        finally:
            if isinstance(error, KeyboardInterrupt) and self._key and (kept := self._partial.keep_finished()):
                error.add_note(f"{kept} finished recordings are kept: the same command goes on after them")
            else:
                shutil.rmtree(self.temporary, ignore_errors=True)
            self._partial.close()
        if isinstance(error, OSError):
            raise cannot_write(error, self.path, StoreError) from error


def hash_path(path: Path, store_hash: str) -> Path:
    """Path with the first digits of a hash at its end."""
    return path.with_name(f"{path.name}-{store_hash[:8]}")


def refuse_existing(path: Path) -> None:
    """Raise if there is something at `path`, a dangling link included."""
    if os.path.lexists(path):
        raise StoreError("the output exists already", where=str(path), hint="choose another path, or remove it first")
