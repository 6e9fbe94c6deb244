"""Pictures, words and a table about what the decisions of a classification came from."""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from eeg2fmri.core.errors import InputError
from eeg2fmri.report.figures.brain.volumes import signed_maps
from eeg2fmri.report.figures.eeg.electrodes import topomaps
from eeg2fmri.report.figures.eeg.profiles import band_profile, frequency_profile, lag_profile
from eeg2fmri.report.html.numbers import correlation, decimals, number, plural
from eeg2fmri.report.html.pictures import Picture, picture
from eeg2fmri.report.sections.tables import Table
from eeg2fmri.results.classify.class_maps import ClassMaps

UNIT = "share of relevance (%)"

#: Below this correlation between folds a map is called unstable: folds share half of its variance at most.
STABLE_FROM = 0.7

#: From this share of the decision that does not arrive, a map leaves most of it unexplained.
LARGE_ERROR = 0.5


@dataclass(frozen=True)
class ClassMapText:
    """Sentences, table and warnings of the section."""

    words: tuple[str, ...]
    table: Table
    notes: tuple[str, ...]


def class_map_pictures(maps: ClassMaps) -> list[Picture]:
    """Draw voxels of the view, electrodes, frequencies and times, with a row, head or curve for each class."""
    found = []
    if maps.affine is not None and np.isfinite(maps.view).any():
        found.append(_voxels(maps, maps.affine))
    with suppress(InputError):  # electrodes without a known place: their numbers lie in electrodes.csv
        found.append(_heads(maps))
    return [*found, _frequencies(maps), _times(maps)]


def class_map_text(maps: ClassMaps) -> ClassMapText:
    """Say what the maps are, how far folds agree, and what did not arrive."""
    two = len(maps.classes) == 2
    sign = f"Positive speaks for {maps.speaks_for}, negative against it." if two else "Positive speaks for the class."
    words = (
        f"Relevance of the decisions about {plural(maps.subjects, 'subject')}, each explained by the classifier that "
        f"had not seen it, is shared out among the voxels of the view and among the EEG. {sign}",
        "It says what the classifiers used. It is no map of what differs between the groups: a classifier also weighs "
        "what it only needs to cancel noise.",
    )
    rows = tuple(
        (label, *(_correlation(maps.stability[part].get(name, math.nan)) for name in maps.classes), _share(maps, part))
        for part, label in (("view", "Voxels of the view"), ("eeg", "EEG"))
    )
    table = Table(
        "Mean correlation of the maps of two folds, by class of the test subjects, and the share of the decision that "
        "did not arrive",
        ("Map", *maps.classes, "Did not arrive"),
        rows,
    )
    return ClassMapText(words, table, tuple(_notes(maps)))


def _notes(maps: ClassMaps) -> list[str]:
    found = []
    for part, label in (("view", "view"), ("eeg", "EEG")):
        known = [r for r in maps.stability[part].values() if not math.isnan(r)]
        if known and min(known) < STABLE_FROM:
            found.append(
                f"The maps of the {label} differ between folds (correlation down to {correlation(min(known))}): what "
                "stands out in them may be chance."
            )
        elif not known:
            found.append(f"How far the maps of the {label} agree between folds is not known.")
        if maps.conservation_error[part] > LARGE_ERROR:
            found.append(
                f"{_share(maps, part)} of the decision did not arrive at the {label}: biases keep it, and the map "
                "leaves it unexplained."
            )
    return found


def _voxels(maps: ClassMaps, affine: np.ndarray) -> Picture:
    by_class = {name: 100 * one for name, one in zip(maps.classes, maps.view, strict=True) if np.isfinite(one).any()}
    return picture(
        signed_maps,
        by_class,
        affine,
        kind="png",
        unit=UNIT,
        alt=f"Axial slices: relevance of each voxel of the view for {_listed(maps)}. {_strongest_voxels(maps, affine)}",
        caption=f"Voxels of the synthesised view that decisions came from, mean over the subjects of each class. "
        f"{_strongest_voxels(maps, affine)}",
    )


def _strongest_voxels(maps: ClassMaps, affine: np.ndarray) -> str:
    found = []
    for name, one in zip(maps.classes, maps.view, strict=True):
        if np.isfinite(one).any():
            voxel = np.unravel_index(int(np.nanargmax(np.abs(one))), one.shape)
            x, y, z = (affine @ [*voxel, 1.0])[:3]
            place = f"({', '.join(decimals(one, 0) for one in (x, y, z))}) mm"
            found.append(f"{name} at {place}")
    return f"Largest: {', '.join(found)}."


def _heads(maps: ClassMaps) -> Picture:
    by_class = _sums(maps, (2, 3))
    strongest = {
        name: [maps.electrodes[k] for k in np.argsort(-np.abs(values), kind="stable")[:3]]
        for name, values in by_class.items()
    }
    listed = "; ".join(f"{name}: {', '.join(names)}" for name, names in strongest.items())
    return picture(
        topomaps,
        by_class,
        maps.electrodes,
        unit=UNIT,
        signed=True,
        kind="png",
        alt=f"Heads seen from above: relevance of each electrode by class. Largest for {listed}.",
        caption=f"Electrodes that decisions came from, mean over the subjects of each class. Largest for {listed}.",
    )


def _frequencies(maps: ClassMaps) -> Picture:
    by_class = _sums(maps, (1, 3))
    if maps.bands:
        named = "; ".join(f"{name} {maps.bands[int(np.abs(v).argmax())][0]}" for name, v in by_class.items())
        return picture(
            band_profile,
            maps.bands,
            {name: values[None] for name, values in by_class.items()},
            unit=UNIT,
            alt=f"Bars of the relevance of each band by class. Largest for {named}.",
            caption=f"Bands that decisions came from. Largest for {named}.",
        )
    listed = _largest(by_class, maps.frequencies, "Hz")
    return picture(
        frequency_profile,
        maps.frequencies,
        {name: values[None] for name, values in by_class.items()},
        unit=UNIT,
        alt=f"Relevance over frequency by class. Largest for {listed}.",
        caption=f"Frequencies that decisions came from, bands marked. Largest for {listed}.",
    )


def _times(maps: ClassMaps) -> Picture:
    by_class = _sums(maps, (1, 2))
    listed = _largest(by_class, maps.times, "s before the volume")
    return picture(
        lag_profile,
        maps.times,
        {name: values[None] for name, values in by_class.items()},
        unit=UNIT,
        alt=f"Relevance over the time before the synthesised volume by class. Largest for {listed}.",
        caption=f"Times before the synthesised volume that decisions came from. Largest for {listed}.",
    )


def _sums(maps: ClassMaps, axes: tuple[int, int]) -> Mapping[str, np.ndarray]:
    """Relevance of each class summed over two axes of the EEG, %; classes without subjects are left out."""
    sums = 100 * maps.eeg.sum(axis=axes)
    return {name: one for name, one in zip(maps.classes, sums, strict=True) if np.isfinite(one).all()}


def _largest(by_class: Mapping[str, np.ndarray], places: np.ndarray, unit: str) -> str:
    return "; ".join(f"{name} {number(float(places[np.abs(v).argmax()]))} {unit}" for name, v in by_class.items())


def _listed(maps: ClassMaps) -> str:
    return ", ".join(maps.classes)


def _correlation(r: float) -> str:
    return "no two folds" if math.isnan(r) else correlation(r)


def _share(maps: ClassMaps, part: str) -> str:
    error = maps.conservation_error[part]
    return "not known" if math.isnan(error) else f"{number(100 * error, 2)} %"
