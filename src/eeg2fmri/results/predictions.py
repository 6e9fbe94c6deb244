"""Read what `predict` left of every recording of a data set: an image with its sidecar, or a reason.

The state of a recording stands in files of its own, so that several processes, or several machines, can work on one
folder, and what was done is known after any interruption::

    OUT/dataset_description.json               which model made it, of which data set
    OUT/sub-*/[ses-*/]func/*_bold.nii.gz, .json   a recording that was done; the sidecar says how. Of a surface
                                               *_bold.dtseries.nii, or *_hemi-L_*_bold.func.gii and hemi-R
    OUT/sub-*/[ses-*/]func/*_mask.nii.gz       the brain of the training group, on the same grid
    OUT/logs/<recording>.json                  a recording that could not be done, and why
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eeg2fmri.core.disk.files import write_csv, write_json
from eeg2fmri.core.disk.parse import read_json
from eeg2fmri.results.files import ResultError, reading

DESCRIPTION, LOGS, TABLE = "dataset_description.json", "logs", "recordings.tsv"
#: Name of the program in ``GeneratedBy``.
GENERATOR = "eeg2fmri predict"
#: End of the names of synthesised images, without the ending of the format.
ENDING = "_desc-synthesised_bold"
#: Endings of images: volumes, grayordinates, parcels. A surface has an image a hemisphere, and one sidecar.
FORMATS = (".nii.gz", ".dtseries.nii", ".ptseries.nii")
HEMISPHERE = "_hemi-L"
AGAIN = "run eeg2fmri predict RUN BIDS_FOLDER OUT again"
HEAD = ("recording", "participant_id", "session", "task", "run", "state", "volumes", "sd_ratio", "source", "reason")


@dataclass(frozen=True)
class Prediction:
    """What became of one recording.

    Attributes
    ----------
    id : str
        BIDS name without suffix.
    source : str
        EEG file, relative to the folder of its data set.
    image : Path or None
        The synthesised image; None if the recording could not be done.
    reason : str
        Why it could not be done; empty if it was.
    hint : str
        What can be done about it.
    facts : mapping
        The sidecar of the image.
    """

    id: str
    source: str
    image: Path | None = None
    reason: str = ""
    hint: str = ""
    facts: Mapping[str, Any] = ()  # type: ignore[assignment]

    @property
    def labels(self) -> dict[str, str]:
        """Labels of the name by their key."""
        return dict(part.split("-", 1) for part in self.id.split("_") if "-" in part)

    @property
    def notes(self) -> list[str]:
        """What the user should know of the recording."""
        return [str(text) for text in dict(self.facts).get("Notes", [])]

    def row(self) -> tuple[str, ...]:
        """Give the row of the table; see `HEAD`."""
        labels, facts = self.labels, dict(self.facts)
        ratio = facts.get("FluctuationRatio")
        return (
            self.id,
            f"sub-{labels.get('sub', '')}",
            *(labels.get(key, "n/a") for key in ("ses", "task", "run")),
            "left out" if self.image is None else "done",
            str(len(facts.get("VolumeOnsets", []))),
            "n/a" if ratio is None else f"{ratio:.4g}",
            self.source,
            " ".join(self.reason.split()) or "n/a",
        )


@dataclass(frozen=True)
class Predictions:
    """What became of all recordings of a data set, in the order of their names.

    Attributes
    ----------
    folder : Path
    description : mapping
        ``dataset_description.json``.
    recordings : tuple of Prediction
    """

    folder: Path
    description: Mapping[str, Any]
    recordings: tuple[Prediction, ...]

    @classmethod
    def read(cls, folder: str | Path) -> Predictions:
        """Read a folder that predict wrote.

        Raises
        ------
        AbsentResultError
            If it holds no predictions.
        ResultError
            If a file is damaged.
        """
        folder = Path(folder)
        path = folder / DESCRIPTION
        with reading(path, "the description of the predictions", AGAIN, "the folder holds no predictions"):
            description = read_json(path)
            made_by = [one["Name"] for one in description["GeneratedBy"]]
        if GENERATOR not in made_by:
            raise ResultError("the folder holds no predictions", where=str(path), got=", ".join(made_by), hint=AGAIN)
        done = [_done(sidecar) for sidecar in sorted(folder.glob(f"sub-*/**/func/*{ENDING}.json"))]
        found = {one.id: one for one in (*map(_left_out, sorted((folder / LOGS).glob("*.json"))), *done)}
        return cls(folder, description, tuple(found[name] for name in sorted(found)))

    @property
    def done(self) -> tuple[Prediction, ...]:
        """Recordings with an image."""
        return tuple(one for one in self.recordings if one.image is not None)

    @property
    def left_out(self) -> tuple[Prediction, ...]:
        """Recordings without one, each with its reason."""
        return tuple(one for one in self.recordings if one.image is None)

    def write_table(self) -> Path:
        """Write ``recordings.tsv``: a row for each recording.

        Raises
        ------
        OutputError
            If it cannot be written.
        """
        path = self.folder / TABLE
        write_csv(path, HEAD, [one.row() for one in self.recordings], delimiter="\t")
        return path


def mask_of(image: Path) -> Path:
    """Name the brain mask beside a synthesised image."""
    return image.with_name(image.name.removesuffix(f"{ENDING}.nii.gz") + "_desc-brain_mask.nii.gz")


def write_left_out(folder: Path, left: Prediction, trace: str = "") -> None:
    """Write down why a recording could not be done, and where the program was if nobody foresaw it.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    (folder / LOGS).mkdir(exist_ok=True)
    content = {"Recording": left.id, "Source": left.source, "Reason": left.reason, "Hint": left.hint}
    write_json(folder / LOGS / f"{left.id}.json", {**content, **({"Traceback": trace} if trace else {})})


def forget_left_out(folder: Path, recording: str) -> None:
    """Remove the reason of a recording that is done now."""
    (folder / LOGS / f"{recording}.json").unlink(missing_ok=True)


def _done(sidecar: Path) -> Prediction:
    with reading(sidecar, "the sidecar of a synthesised image", AGAIN):
        facts = read_json(sidecar)
        name, recording = sidecar.name.removesuffix(".json"), str(facts["Recording"])
        left = f"{recording}{HEMISPHERE}{name.removeprefix(recording)}.func.gii"
        images = [sidecar.with_name(one) for one in (*(f"{name}{ending}" for ending in FORMATS), left)]
        image = next((one for one in images if one.exists()), images[0])
        image.stat()
        return Prediction(recording, str(facts["Sources"][0]).split(":")[-1], image, facts=facts)


def _left_out(path: Path) -> Prediction:
    with reading(path, "the reason for a recording that was left out", AGAIN):
        content = read_json(path)
        return Prediction(
            str(content["Recording"]), str(content["Source"]), reason=str(content["Reason"]), hint=str(content["Hint"])
        )
