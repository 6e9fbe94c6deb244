"""Pages about a folder of synthesised images: one for each subject, and an index."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np

from eeg2fmri.core.disk.files import write_text
from eeg2fmri.core.errors import InputError
from eeg2fmri.core.progress import Progress, silent
from eeg2fmri.data.bold.element_series import open_bold_series
from eeg2fmri.report.figures.brain.synthesised import carpet, mean_and_fluctuation
from eeg2fmri.report.figures.style import COLUMN, save_figure
from eeg2fmri.report.html.document import fill
from eeg2fmri.report.html.numbers import number, plural
from eeg2fmri.report.html.pictures import Picture, picture
from eeg2fmri.report.sections.methods import methods_of_predictions
from eeg2fmri.report.sections.tables import Table
from eeg2fmri.report.sections.verdict import Verdict
from eeg2fmri.results.files import reading
from eeg2fmri.results.images import open_image
from eeg2fmri.results.predictions import AGAIN, Prediction, Predictions, mask_of

#: Of figures that are kept as files.
DPI = 200
#: Of the index.
INDEX = "index.html"
MEANING = (
    "These images were made from EEG alone; none of it was measured. Whether the model does better than chance stands "
    "in the report of its evaluation."
)


@dataclass(frozen=True)
class Shown:
    """One recording on its page: what is said of it, and its pictures."""

    id: str
    reason: str = ""
    hint: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    pictures: tuple[Picture, ...] = ()


def write_predictions(folder: str | Path, out: str | Path | None = None, *, progress: Progress = silent) -> Path:
    """Write a page for each subject of a folder that predict wrote, figures of quality, and an index.

    Pages that are newer than what they show stay as they are.

    Parameters
    ----------
    folder : path
    out : path, optional
        The index; ``index.html`` in the folder by default. Pages of subjects always lie in the folder.
    progress : Progress
        Told after each subject.

    Returns
    -------
    Path
        The index.

    Raises
    ------
    CheckpointError, InputError
        If the folder holds no predictions, or a page cannot be written.
    """
    found = Predictions.read(folder)
    groups = {name: list(ones) for name, ones in groupby(found.recordings, key=_subject)}
    for done, (name, ones) in enumerate(groups.items(), 1):
        page = found.folder / f"{name}.html"
        if not _is_newer(page, [_state(found, one) for one in ones]):
            write_text(page, _subject_page(name, found, ones))
        progress("Writing pages", done, len(groups))
    index = found.folder / INDEX if out is None else Path(out)
    write_text(index, _index_page(found, list(groups)))
    return index


def _subject(one: Prediction) -> str:
    return f"sub-{one.labels.get('sub', '')}"


def _state(found: Predictions, one: Prediction) -> Path:
    """Name the file whose time says when the state of a recording changed."""
    return found.folder / "logs" / f"{one.id}.json" if one.image is None else one.image


def _is_newer(page: Path, files: Sequence[Path]) -> bool:
    return page.is_file() and all(page.stat().st_mtime_ns > path.stat().st_mtime_ns for path in files)


def _subject_page(name: str, found: Predictions, ones: Sequence[Prediction]) -> str:
    return fill(
        "predictions.html.j2",
        kind="synthesis",
        name=name,
        verdict=_verdict(ones),
        numbers=_numbers(found),
        methods=methods_of_predictions(found),
        warnings=[],
        summary=None,
        subjects=[],
        recordings=[_shown(found.folder, one) for one in ones],
    )


def _index_page(found: Predictions, subjects: Sequence[str]) -> str:
    head = ("Recording", "State", "Volumes", "Size of fluctuations", "Notes")
    rows, links = [], {}
    for one in found.recordings:
        row = dict(zip(("state", "volumes", "ratio"), one.row()[5:8], strict=True))
        links[one.id] = f"./{one.id.split('_')[0]}.html#{one.id}"
        rows.append((one.id, row["state"], row["volumes"], row["ratio"], str(len(one.notes))))
    caption = (
        "Size of fluctuations: standard deviation over time as a share of that of the measured training recordings, "
        "median over the brain. A ridge regression that finds little in the EEG fluctuates little."
    )
    return fill(
        "predictions.html.j2",
        kind="syntheses",
        name=str(found.description.get("Name", found.folder.name)),
        verdict=_verdict(found.recordings),
        numbers=_numbers(found),
        methods=methods_of_predictions(found),
        warnings=[f"Left out: {one.id}: {one.reason}" for one in found.left_out],
        summary=Table(caption, head, tuple(rows), links=links),
        subjects=[(name, f"./{name}.html") for name in subjects],
        recordings=[],
    )


def _verdict(ones: Sequence[Prediction]) -> Verdict:
    left = sum(one.image is None for one in ones)
    label = f"{len(ones) - left} of {plural(len(ones), 'recording')} synthesised"
    told = f"{plural(left, 'recording')} could not be done: why stands below. " if left else ""
    return Verdict("bad" if left == len(ones) else "open", label, f"{told}{MEANING}")


def _numbers(found: Predictions) -> list[tuple[str, str]]:
    made = found.description["GeneratedBy"][0]
    return [
        ("Model", str(made.get("Description", "unknown"))),
        ("Checkpoint", str(made.get("CheckpointSHA256", "unknown"))[:12]),
        ("eeg2fmri", str(made.get("Version", "unknown"))),
    ]


def _shown(folder: Path, one: Prediction) -> Shown:
    if one.image is None:
        return Shown(one.id, one.reason, one.hint)
    facts: dict[str, Any] = dict(one.facts)
    onsets = np.asarray(facts.get("VolumeOnsets", []), float)
    told = [("Volumes", str(len(onsets)))]
    if len(onsets):
        told.append(("From, to", f"{onsets[0]:.1f} s, {onsets[-1]:.1f} s of the EEG"))
    if "FluctuationRatio" in facts:
        told.append(("Size of fluctuations against the training", number(float(facts["FluctuationRatio"]), 2)))
    try:
        pictures = _pictures(folder, one.id, one.image, onsets)
        reason = ""
    except InputError as error:
        pictures, reason = (), f"no picture of it could be drawn: {error.problems[0].what}"
    notes = (f"made of {one.source}", *one.notes, *([reason] if reason else []))
    return Shown(one.id, facts=tuple(told), notes=notes, pictures=pictures)


def _pictures(folder: Path, name: str, image: Path, onsets: np.ndarray) -> tuple[Picture, ...]:
    """Draw the pictures of a recording, and keep them as files beside the images too."""
    figures = folder / f"sub-{name.split('_')[0].removeprefix('sub-')}" / "figures"
    if not image.name.endswith(".nii.gz"):
        courses, what = _courses(image)
        return (_carpet(figures, name, courses, onsets, what),)
    volumes, affine = _read(image, "a synthesised image")
    mask = _mask(image, volumes.shape[:3])
    regions = volumes.shape[1:3] == (1, 1)
    made = []
    if not regions:
        look: dict[str, Any] = {"mask": mask, "slices": 6, "width": COLUMN}  # two beside each other, or one on a phone
        drawn = mean_and_fluctuation(volumes, affine, **look)
        save_figure(drawn, figures / f"{name}_desc-volumes_bold", ("png",), DPI)
        made.append(
            picture(
                mean_and_fluctuation,
                volumes,
                affine,
                **look,
                kind="png",
                alt=f"Axial slices of the mean and of the standard deviation over time of {name}.",
                caption="Mean over time, and standard deviation over time in percent of it.",
            )
        )
    inside = np.ones(volumes.shape[:3], bool) if regions or mask is None else mask
    made.append(_carpet(figures, name, volumes[inside], onsets, "regions" if regions else "voxels"))
    return tuple(made)


def _carpet(figures: Path, name: str, courses: np.ndarray, onsets: np.ndarray, what: str) -> Picture:
    """Draw courses (course, volume), and keep the picture as a file too."""
    drawn = carpet(courses, onsets, what=what, width=COLUMN)
    save_figure(drawn, figures / f"{name}_desc-courses_bold", ("png",), DPI)
    return picture(
        carpet,
        courses,
        onsets,
        what=what,
        width=COLUMN,
        kind="png",
        alt=f"Mean course of {name}, and all {what} over time.",
        caption=f"Mean course (above), and all {what} over time, each z-scored, in the order of the image.",
    )


def _courses(image: Path) -> tuple[np.ndarray, str]:
    """Read the courses (course, volume) of a surface or of parcels where there are any, and say what they are of."""
    with reading(image, "a synthesised image", AGAIN):
        series = open_bold_series(image)
        values = np.concatenate([block.reshape(len(block), -1) for block in series.blocks()]).T
        assert series.elements is not None  # the names of both kinds of files say that they hold some
        what = {"dense": "grayordinates", "parcels": "parcels"}.get(series.elements.kind, "vertices")
        return values[np.isfinite(values).all(axis=1) & values.any(axis=1)], what


def _mask(image: Path, shape: tuple[int, ...]) -> np.ndarray | None:
    if not mask_of(image).is_file():
        return None
    mask = _read(mask_of(image), "a brain mask")[0] > 0
    return mask if mask.shape == shape and mask.any() else None


def _read(path: Path, what: str) -> tuple[np.ndarray, np.ndarray]:
    """Read an image, float32, and its affine."""
    with reading(path, what, AGAIN):
        image = open_image(path)
        return np.asarray(image.dataobj, np.float32), image.affine
