"""Read what the decisions of a classification came from: voxels of the view, EEG, stability."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from eeg2fmri.report.read.explanation_files import bands_of
from eeg2fmri.results.files import DAMAGE

FOLDER = "explanation"


@dataclass(frozen=True, eq=False)
class ClassMaps:
    """Relevance of decisions, mean over the subjects of each class, as shares of a subject's absolute sum.

    Attributes
    ----------
    classes : tuple of str
    subjects : int
        Subjects that were explained, each by the classifier that had not seen it.
    speaks_for : str
        What positive relevance speaks for.
    view : array, shape (class, x, y, z)
        NaN for a class without subjects.
    affine : array, shape (4, 4), or None
        Voxel indices to mm; None if no image says it.
    eeg : array, shape (class, channel, freq, time)
    electrodes : tuple of str, length channel
    frequencies : array, shape (freq,)
        Hz.
    bands : tuple of (name, low, high)
        Limits in Hz where each place of the axis is a band; empty elsewhere.
    times : array, shape (time,)
        Seconds before the volume.
    stability : mapping of "view" and "eeg" to mapping of class to float
        Mean correlation of the maps of two folds; NaN where there are no two.
    conservation_error : mapping of "view" and "eeg" to float
        Share of the decision that did not arrive: biases keep it.
    """

    classes: tuple[str, ...]
    subjects: int
    speaks_for: str
    view: np.ndarray
    affine: np.ndarray | None
    eeg: np.ndarray
    electrodes: tuple[str, ...]
    frequencies: np.ndarray
    bands: tuple[tuple[str, float, float], ...]
    times: np.ndarray
    stability: Mapping[str, Mapping[str, float]]
    conservation_error: Mapping[str, float]


def read_class_maps(folder: Path, problems: list[str]) -> ClassMaps | None:
    """Read ``RESULT/explanation``; None if there is none, or it is damaged.

    Parameters
    ----------
    folder : Path
        The result of a classification.
    problems : list of str
        Takes what was there and could not be read.
    """
    place = folder / FOLDER
    try:
        summary = json.loads((place / "summary.json").read_text(encoding="utf-8"))
        with np.load(place / "relevance.npz", allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        classes = tuple(str(name) for name in arrays["classes"])
        n = len(classes)
        # with two classes one model separates them; with more, each class has a model against the rest
        own = [0] * n if n == 2 else list(range(n))
        view, eeg = (np.stack([arrays[name][c, own[c]] for c in range(n)]) for name in ("view", "eeg"))
        electrodes = tuple(str(name) for name in arrays["electrodes"])
        if eeg.shape[1:] != (len(electrodes), len(arrays["frequencies"]), len(arrays["times"])) or view.ndim != 4:
            raise ValueError(f"relevance of shape {eeg.shape} does not fit its axes")
        return ClassMaps(
            classes=classes,
            subjects=int(summary["subjects"]),
            speaks_for=str(summary["speaks_for"]),
            view=view.astype(float),
            affine=_affine(place),
            eeg=eeg.astype(float),
            electrodes=electrodes,
            frequencies=arrays["frequencies"],
            bands=bands_of(arrays),
            times=arrays["times"],
            stability={
                part: {str(name): _float(r) for name, r in summary["stability"][part].items()}
                for part in ("view", "eeg")
            },
            conservation_error={part: _float(summary["conservation_error"][part]) for part in ("view", "eeg")},
        )
    except FileNotFoundError:
        return None
    except DAMAGE as error:
        problems.append(f"{FOLDER}: {type(error).__name__}: {error}")
        return None


def _affine(place: Path) -> np.ndarray | None:
    """Affine of the images that lie beside the arrays."""
    import nibabel

    for path in sorted(place.glob("*_desc-view_relevance.nii.gz")):
        return np.asarray(nibabel.Nifti1Image.from_filename(path).affine)
    return None


def _float(value: float | None) -> float:
    return float("nan") if value is None else float(value)
