"""Volumes for the interactive viewer: compressed NIfTI images that a page carries, within a budget of bytes."""

from __future__ import annotations

import base64
import gzip
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib import resources
from typing import Any

import matplotlib
import numpy as np

from eeg2fmri.core.errors import Eeg2FmriError
from eeg2fmri.report.figures import style
from eeg2fmri.report.figures.brain import orientation, template
from eeg2fmri.report.figures.brain.mosaic import limits_of, symmetric_limit
from eeg2fmri.results.examples import Examples
from eeg2fmri.results.scores.group import Group

#: NiiVue as published, see vendor/README.md.
NIIVUE = "niivue-0.69.0.umd.js"
NIIVUE_SHA256 = "47b896b77ec4a5be3ef1949c33ad393b6f45629921f326c279000bcf51bdb4af"

#: Bytes that the volumes of all subjects may take in the page, in base 64.
VOLUME_BUDGET = 8_000_000

#: Steps that one standard deviation of the typical voxel is divided into.
STEPS_PER_DEVIATION = 16

#: Step of a correlation.
CORRELATION_STEP = 0.001


@dataclass(frozen=True)
class Layer:
    """One image that can lie over the anatomy.

    Attributes
    ----------
    key, label : str
        Name for the code, name for the reader.
    unit : str
        Unit of the values.
    signed : bool
        Whether the colours diverge about 0.
    limit : float
        Value at the end of the colour scale.
    threshold : float
        Smallest magnitude that is coloured at first.
    frames : int
        Volumes over time.
    nifti : str
        Gzipped NIfTI-1 file in base 64.
    """

    key: str
    label: str
    unit: str
    signed: bool
    limit: float
    threshold: float
    frames: int
    nifti: str


def viewer_data(maps: Sequence[Examples], *, space: str = "", budget: int = VOLUME_BUDGET) -> dict[str, Any] | None:
    """Return what the viewer shows, ready for JSON; None if no subject has a volume to show.

    Parameters
    ----------
    maps : sequence of Examples
        Test subjects.
    space : str
        Where the volumes are: in a space of the MNI152 family its template can lie under them.
    budget : int
        Largest size of all volumes, bytes. Example volumes are left out from the end of the time axis until they
        fit.
    """
    shown = [_cropped(one) for one in maps if one.anatomy is not None or one.truth is not None]
    moving = sum(one.truth is not None for one in shown)
    below = _template() if shown and template.fits(space) else None
    left = budget - len(below["nifti"]) if below else budget
    subjects = [_subject(one, left // max(moving, 1)) for one in shown]
    if not any(subject["layers"] for subject in subjects):
        return None
    return {"subjects": [one for one in subjects if one["layers"]], "colours": _colours(), "template": below}


def group_data(group: Group, space: str) -> dict[str, Any]:
    """Return what the viewer shows of a group, ready for JSON: mean r and t over subjects, over the template.

    Parameters
    ----------
    group : Group
    space : str
        Where the maps are; outside the MNI152 family the voxels of all subjects lie under them.
    """
    r, t = (np.nan_to_num(group.volume(values)) for values in (group.voxels.mean, group.voxels.t))
    limits = [max(symmetric_limit(one, within=group.common, percentile=0.1), 0.1) for one in (r, t)]
    people = f"over {len(group.subjects)} subjects"
    layers = [
        Layer("correlation", f"Mean temporal r {people}", "", True, limits[0], limits[0] / 3, 1, ""),
        Layer("t", f"t {people}", "", True, limits[1], limits[1] / 3, 1, ""),
    ]
    steps = (CORRELATION_STEP, 0.01)
    images = [nifti(one, group.affine, step) for one, step in zip((r, t), steps, strict=True)]
    own = {"nifti": nifti(group.common, group.affine, 1.0), "low": 0.0, "high": 3.0}
    subject = {
        "name": people,
        "reading": f"Temporal r, mean {people}",
        "unit": "",
        "anatomy": _template() if template.fits(space) else own,
        "layers": [vars(layer) | {"nifti": image} for layer, image in zip(layers, images, strict=True)],
        "times": [],
        "timed": False,
        "toVoxel": np.linalg.inv(group.affine).ravel().tolist(),
        "grid": list(group.common.shape),
        "start": list(group.peak_mm),
    }
    return {"subjects": [subject], "colours": _colours(), "template": None}


def _template() -> dict[str, Any]:
    intensity, affine = template.template()
    image = nifti(intensity, affine, 1 / 120)
    return {"label": template.LABEL, "nifti": image, "low": 0.1, "high": 1.1}


def niivue() -> str:
    """Return NiiVue's script, gzipped, in base 64.

    Raises
    ------
    Eeg2FmriError
        If the installed file is not the one that was published.
    """
    content = resources.files("eeg2fmri.report.html").joinpath("vendor", NIIVUE).read_bytes()
    if hashlib.sha256(content).hexdigest() != NIIVUE_SHA256:
        raise Eeg2FmriError("the viewer's script is not the published one", where=NIIVUE, hint="install eeg2fmri again")
    return base64.b64encode(gzip.compress(content, 9, mtime=0)).decode("ascii")


def licences() -> str:
    """Return the licences of NiiVue and of what its script contains."""
    return resources.files("eeg2fmri.report.html").joinpath("vendor", "LICENSES.txt").read_text(encoding="utf-8")


def nifti(volume: np.ndarray, affine: np.ndarray, step: float, tr: float = 0.0) -> str:
    """Return a gzipped NIfTI-1 image with 16-bit integers in base 64.

    Parameters
    ----------
    volume : array, shape (x, y, z) or (x, y, z, volume)
        Finite values.
    affine : array, shape (4, 4)
        Voxel indices to mm.
    step : float
        Value of one integer step.
    tr : float
        Repetition time, s.
    """
    import nibabel

    steps = np.clip(np.rint(np.asarray(volume) / step), -32767, 32767).astype(np.int16)
    image = nibabel.Nifti1Image(steps, np.asarray(affine, dtype=float))
    image.header.set_slope_inter(step, 0)  # integers are written as they are; readers multiply by the step
    if volume.ndim == 4:
        image.header.set_zooms((*image.header.get_zooms()[:3], tr))
    image.header.set_xyzt_units("mm", "sec")
    return base64.b64encode(gzip.compress(image.to_bytes(), 6, mtime=0)).decode("ascii")


def _cropped(maps: Examples) -> Examples:
    """Cut the box around the brain out of every volume: fewer bytes, and slices that fill the view."""
    if maps.mask is None:
        return maps
    box = orientation.bounding_box(maps.mask, margin=2)
    affine = np.array(maps.affine, dtype=float)
    affine[:3, 3] += affine[:3, :3] @ [part.start or 0 for part in box]
    still = ("r", "anatomy", "mask", "prediction_mean", "epistemic", "aleatoric")
    volumes = {name: getattr(maps, name) for name in still} | {"truth": maps.truth, "prediction": maps.prediction}
    cut = {name: volume[(..., *box)] for name, volume in volumes.items() if volume is not None}
    return replace(maps, affine=affine, **cut)


def _subject(maps: Examples, budget: int) -> dict[str, Any]:
    anatomy = maps.anatomy if maps.anatomy is not None else np.mean(np.asarray(maps.truth), axis=0)
    mask = np.isfinite(anatomy) if maps.mask is None else maps.mask.astype(bool) & np.isfinite(anatomy)
    low, high = limits_of(anatomy, within=mask)
    still = [*_correlation(maps, mask), *_uncertainty(maps, mask)]
    ground = nifti(np.where(np.isfinite(anatomy), anatomy, 0), maps.affine, max(high, 1e-6) / 4000)
    left = budget - len(ground) - sum(len(layer.nifti) for layer in still)
    moving = _moving(maps, mask, left)
    frames = moving[0].frames if moving else 0
    onsets = np.arange(frames) if maps.onsets is None else maps.onsets[:frames]
    return {
        "name": maps.recording,
        "reading": "Temporal r of the whole recording",
        "unit": maps.unit,
        "anatomy": {"nifti": ground, "low": low - 0.2 * (high - low), "high": high + 0.2 * (high - low)},
        "layers": [vars(layer) for layer in (*moving, *still)],
        "times": [round(float(onset), 3) for onset in onsets],
        "timed": maps.onsets is not None,
        "toVoxel": np.linalg.inv(maps.affine).ravel().tolist(),
        "grid": list(anatomy.shape),
        "start": _strongest(maps, mask),
    }


def _moving(maps: Examples, mask: np.ndarray, budget: int) -> list[Layer]:
    """Measured and predicted volumes as deviations from each voxel's mean, as many as fit into the budget."""
    if maps.truth is None or maps.prediction is None or len(maps.truth) < 2:
        return []
    means = (maps.anatomy, maps.prediction_mean)
    pair = [
        np.where(mask, part - (part.mean(axis=0) if mean is None else mean), 0.0)
        for part, mean in zip((maps.truth, maps.prediction), means, strict=True)
    ]
    steps = [float(np.median(part[:, mask].std(axis=0))) / STEPS_PER_DEVIATION or 1.0 for part in pair]
    tr = 0.0 if maps.onsets is None else float(np.diff(maps.onsets).mean())
    frames = len(maps.truth)
    while frames >= 2:
        images = [
            nifti(np.moveaxis(part[:frames], 0, 3), maps.affine, step, tr)
            for part, step in zip(pair, steps, strict=True)
        ]
        size = sum(len(image) for image in images)
        if size <= budget:
            limits = [symmetric_limit(part, within=np.broadcast_to(mask, part.shape)) for part in pair]
            names = (("measured", "Measured"), ("predicted", "Predicted from EEG"))
            return [
                Layer(key, label, maps.unit, True, limit, 0.3 * limit, frames, image)
                for (key, label), limit, image in zip(names, limits, images, strict=True)
            ]
        frames = min(int(frames * 0.95 * budget / size), frames - 1)
    return []


def _correlation(maps: Examples, mask: np.ndarray) -> list[Layer]:
    if maps.r is None:
        return []
    r = np.where(mask & np.isfinite(maps.r), maps.r, 0.0)
    limit = max(symmetric_limit(r, within=mask, percentile=0.1), 0.1)
    image = nifti(r, maps.affine, CORRELATION_STEP)
    return [Layer("correlation", "Temporal r", "", True, limit, round(limit / 3, 2), 1, image)]


def _uncertainty(maps: Examples, mask: np.ndarray) -> list[Layer]:
    found = []
    for key, label, volume in (
        ("epistemic", "Uncertainty of the model", maps.epistemic),
        ("aleatoric", "Expected noise", maps.aleatoric),
    ):
        if volume is not None:
            values = np.where(mask & np.isfinite(volume), volume, 0.0)
            limit = limits_of(values, within=mask)[1]
            image = nifti(values, maps.affine, max(limit, 1e-6) / 4000)
            found.append(Layer(key, label, maps.unit, False, limit, 0.0, 1, image))
    return found


def _strongest(maps: Examples, mask: np.ndarray) -> list[float]:
    """Place in mm where the crosshair starts: the voxel with the largest r, or the middle of the brain."""
    if maps.r is not None and np.isfinite(maps.r[mask]).any():
        r = np.where(mask & np.isfinite(maps.r), maps.r, -np.inf)
        voxel = np.array(np.unravel_index(np.argmax(r), r.shape), dtype=float)
    else:
        voxel = np.argwhere(mask).mean(axis=0)
    return [round(float(mm), 2) for mm in (maps.affine @ [*voxel, 1.0])[:3]]


def _colours() -> dict[str, dict[str, list[int]]]:
    """Colour maps of the figures in NiiVue's form; clear below the threshold."""
    signed, amount = matplotlib.colormaps[style.DIVERGING], matplotlib.colormaps[style.SEQUENTIAL]
    half = np.linspace(0.08, 0.5, 17)
    return {
        "positive": _nodes(signed(0.5 + half)),
        "negative": _nodes(signed(0.5 - half)),
        "amount": _nodes(amount(np.linspace(0, 1, 17))),
    }


def _nodes(rgba: np.ndarray) -> dict[str, list[int]]:
    red, green, blue = (np.rint(255 * rgba[:, k]).astype(int).tolist() for k in range(3))
    alpha = [0, *[255] * (len(rgba) - 1)]
    places = np.rint(np.linspace(0, 255, len(rgba))).astype(int).tolist()
    return {"R": red, "G": green, "B": blue, "A": alpha, "I": places}
