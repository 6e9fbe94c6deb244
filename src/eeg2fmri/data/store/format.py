"""The layout of a store on disk: names, manifest, hash and the checks that it is complete."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from eeg2fmri.core.config import fingerprint
from eeg2fmri.core.disk.digest import CONTENT, content_digest
from eeg2fmri.core.disk.files import contents
from eeg2fmri.core.disk.parse import read_json
from eeg2fmri.core.errors import Problem, StoreError
from eeg2fmri.data.settings.prepare import PrepareConfig

FORMAT = "eeg2fmri store"
VERSION = 2
MANIFEST = "manifest.json"

#: Arrays of a recording: file name and what its axes are.
ARRAYS = {
    "eeg.npy": ("float32", ("volume", "channel", "freq")),
    "bold.npy": ("float32", ("volume", "x", "y", "z")),
    "mask.npy": ("bool", ("x", "y", "z")),
    "voxel_mean.npy": ("float32", ("x", "y", "z")),
    "voxel_std.npy": ("float32", ("x", "y", "z")),
    "amplitude.npy": ("float32", ("volume", "channel", "band")),
    "nuisance.npy": ("float64", ("volume", "regressor")),
    "raw.npy": ("float32", ("volume", "channel", "sample")),
    "raw16.npy": ("float16", ("volume", "channel", "sample")),
}
#: Arrays that a recording may lack: bands need windows long enough for them, motion or task may not be known, and raw
#: EEG is kept on request.
OPTIONAL = {"amplitude.npy", "nuisance.npy", "raw.npy", "raw16.npy"}
META = "meta.json"
#: Files that every recording has.
NEEDED = frozenset({*ARRAYS, META} - OPTIONAL)

#: What a manifest says of recordings at several sampling rates; those of earlier versions say nothing.
ALIKE = "magnitudes are those of the lowest rate"

#: The next step for every damage.
AGAIN = "prepare the store again"


def store_hash(config: PrepareConfig, sources: list[dict[str, Any]]) -> str:
    """Hash that names a store: its format, its settings and the content of its sources."""
    return fingerprint([FORMAT, VERSION, config.model_dump(mode="json"), sources])


def damaged(where: Path, why: str) -> StoreError:
    """Say that a file of a store cannot be read."""
    return StoreError("the store is damaged", where=str(where), got=why, hint=AGAIN)


def read_manifest(
    path: Path, form: str = FORMAT, version: int = VERSION, made_by: str = "eeg2fmri prepare"
) -> dict[str, Any]:
    """Read and check the manifest of a store.

    Parameters
    ----------
    path : Path
        Folder of the store.
    form, version : str, int
        Format that the manifest has to name, and its version.
    made_by : str
        Command that makes such a store, for the errors.

    Raises
    ------
    StoreError
        If there is none, it is damaged or was changed, or it is of another format or version.
    """
    file = path / MANIFEST
    if not path.is_dir():
        raise StoreError("the store does not exist", where=str(path), hint=f"make it with {made_by}")
    if not file.is_file():
        raise StoreError(
            "the folder is not a store, or an incomplete one",
            where=str(path),
            got=contents(path),
            expected=f"a file {MANIFEST}",
            hint=f"give the folder that {made_by} wrote",
        )
    try:
        manifest = read_json(file)
    except (OSError, ValueError) as error:
        raise damaged(file, str(error)) from None
    found = manifest.get("format") if isinstance(manifest, dict) else None
    if found != form:
        raise StoreError(
            f"the folder is not an {form}",
            where=str(file),
            got="no format" if found is None else str(found)[:100],
            expected=f'"format": "{form}"',
            hint=f"give the folder that {made_by} wrote",
        )
    if manifest.get("version") != version:
        raise StoreError(
            "the store has another version of the format",
            where=str(file),
            got=str(manifest.get("version"))[:100],
            expected=str(version),
            hint=AGAIN,
        )
    if manifest.get("seal") != seal(manifest):
        raise StoreError(
            "the manifest of the store was changed",
            where=str(file),
            got="content that does not match its seal",
            hint="never edit it by hand: " + AGAIN,
        )
    refuse_paths(file, manifest.get("recordings"))
    return manifest


def refuse_paths(manifest: Path, recordings: Any) -> None:
    """Refuse recordings and files whose names lead out of the store: ids are names.

    Raises
    ------
    StoreError
        Naming the first of them.
    """
    for entry in recordings if isinstance(recordings, list) else ():
        names = [entry.get("id"), *(entry.get("files") or ())] if isinstance(entry, dict) else []
        for name in names:
            if not isinstance(name, str) or name in ("", ".", "..") or any(mark in name for mark in "/\\:\0"):
                raise StoreError(
                    "a recording or file of the store has a path in place of a name",
                    where=str(manifest),
                    got=repr(name)[:100],
                    expected="a name without / and \\",
                    hint=AGAIN,
                )


def refuse_unlike_rates(path: Path, manifest: dict[str, Any], rates: set[float]) -> None:
    """Refuse magnitudes that grow with the sampling rate of their recording, as earlier versions stored them.

    Raises
    ------
    StoreError
        If the recordings were sampled at several rates, and the manifest does not say that they are alike.
    """
    if len(rates) > 1 and manifest.get("rates") != ALIKE:
        raise StoreError(
            "the store was made by an earlier version, and magnitudes of its recordings cannot be compared",
            where=str(path),
            got="EEG at " + ", ".join(f"{rate:g} Hz" for rate in sorted(rates)),
            expected="one sampling rate, or magnitudes of the lowest",
            hint=AGAIN + " (eeg2fmri prepare DATA STORE, with the same settings)",
        )


def seal(manifest: dict[str, Any]) -> str:
    """Hash of a manifest without its own seal."""
    return fingerprint({key: value for key, value in manifest.items() if key != "seal"})


def file_problems(folder: Path, files: dict[str, dict[str, Any]], needed: frozenset[str] = NEEDED) -> list[Problem]:
    """Compare names and sizes of the files of a recording with the manifest."""
    problems = [
        Problem("a file is not in the manifest of the store", str(folder / name), hint=AGAIN)
        for name in needed - set(files)
    ]
    for name, facts in files.items():
        file = folder / name
        if not file.is_file():
            problems.append(Problem("a file of the store is missing", str(file), hint=AGAIN))
        elif file.stat().st_size != facts["size"]:
            problems.append(
                Problem(
                    "a file of the store has changed its size",
                    str(file),
                    f"{file.stat().st_size} bytes",
                    f"{facts['size']} bytes",
                    AGAIN,
                )
            )
    return problems


def content_problems(folder: Path, files: dict[str, dict[str, Any]], needed: frozenset[str] = NEEDED) -> list[Problem]:
    """Compare names, sizes and content of the files of a recording with the manifest."""
    return file_problems(folder, files, needed) or [
        Problem("the content of a file has changed", str(folder / name), hint=AGAIN)
        for name, facts in files.items()
        if content_digest(folder / name) != facts[CONTENT]
    ]
