"""Choose the pictures of a map on grayordinates, vertices or parcels, and say what is drawn where no mesh fits."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from eeg2fmri.data.bold.elements import LEFT, RIGHT, Elements, structure_name
from eeg2fmri.report.figures.brain.mosaic import symmetric_limit
from eeg2fmri.report.figures.brain.surface import VERTICES, structure_bars, surface_map
from eeg2fmri.report.figures.brain.volumes import correlation_map
from eeg2fmri.report.html.numbers import correlation
from eeg2fmri.report.html.pictures import Picture, picture
from eeg2fmri.report.sections.gallery import map_pictures, threshold_of
from eeg2fmri.report.sections.region_gallery import is_line, region_map
from eeg2fmri.results.examples import Examples
from eeg2fmri.results.scores.method import SIGNIFICANT

#: Parcels that are drawn: those with the largest magnitude.
PARCELS = 24
UNIT = "temporal r (dimensionless)"


def recording_pictures(
    maps: Examples, which: str = "all", elements: str = "", regions: Sequence[int] = ()
) -> list[Picture]:
    """Draw what is shown of a test recording, of voxels or of what stands in their place.

    Parameters
    ----------
    maps : Examples
    which : {"all", "correlation", "none"}
    elements : str
        Of the run (`eeg2fmri.data.bold.elements.Elements.text`); empty for voxels.
    regions : sequence of int
        Numbers of the regions of the run; empty for voxels.
    """
    known = next((one for one in (maps.r, maps.mask, maps.truth) if one is not None), None)
    line = known is not None and is_line(known.shape[-3:])
    if not elements and not line:
        return map_pictures(maps, which)
    if maps.r is None or which == "none":
        return []
    if not elements:
        passed = None if maps.p_max is None else np.nan_to_num(maps.p_max, nan=1.0) <= SIGNIFICANT
        told = f"Filled: p \N{LESS-THAN OR EQUAL TO} {SIGNIFICANT} against surrogates, corrected for all regions."
        tested = "No test of single regions was written." if passed is None else told
        r = maps.r if maps.mask is None else np.where(maps.mask, maps.r, np.nan)
        return region_map(r, passed, maps.recording, tested, regions)
    of, r = Elements.of_text(elements), np.asarray(maps.r, dtype=float).ravel()
    inside = np.isfinite(r) & (True if maps.mask is None else maps.mask.ravel())
    if not inside.any():
        return []
    r = np.where(inside, r, np.nan)
    if of.kind == "parcels":
        return [_parcels(maps.recording, of, r)]
    sides = {"left": LEFT, "right": RIGHT}
    meshes = {side: name for side, name in sides.items() if of.n_vertices.get(name) == VERTICES}
    cortex = _surface(maps.recording, of, r, meshes) if meshes else _structures(maps.recording, of, r)
    return [cortex, *_voxels(maps.recording, of, r)]


def _surface(recording: str, of: Elements, r: np.ndarray, meshes: dict[str, str]) -> Picture:
    threshold, middle = threshold_of(r[np.isfinite(r)]), float(np.nanmedian(r))
    return picture(
        surface_map,
        {side: of.hemisphere(r, name) for side, name in meshes.items()},
        kind="png",
        limit=max(symmetric_limit(r, percentile=0.1), 0.1),
        threshold=threshold,
        title=f"{recording}, {UNIT}",
        alt=f"Inflated cortex of {recording}: temporal correlation of each vertex, median {correlation(middle)}.",
        caption=f"{recording}: temporal Pearson r of each vertex on inflated fsaverage5, from outside and the "
        f"middle. Median {correlation(middle)}. Only |r| above {correlation(threshold)} is coloured (a threshold "
        "to look at, not a test); grey is the folding, and the medial wall.",
    )


def _structures(recording: str, of: Elements, r: np.ndarray) -> Picture:
    names = np.asarray(of.axis.name)
    shown = {structure_name(str(name)): r[names == name] for name in dict.fromkeys(names)}
    shown = {name: values[np.isfinite(values)] for name, values in shown.items()}
    mesh = ", ".join(f"{count} vertices" for count in sorted(set(of.n_vertices.values())))
    where = f"{mesh} a hemisphere{f' of {of.space}' if of.space else ''}"
    return picture(
        structure_bars,
        shown,
        unit=UNIT,
        alt=f"Temporal correlation of {recording} in each structure: "
        + "; ".join(f"{name} {correlation(float(np.median(values)))}" for name, values in shown.items() if len(values)),
        caption=f"{recording}: temporal Pearson r in each structure: median, and the middle half of its elements. "
        f"There is no mesh of {where} at hand to draw it on (fsaverage5 is): open the map in the evaluation folder "
        "(.dscalar.nii) with wb_view.",
    )


def _parcels(recording: str, of: Elements, r: np.ndarray) -> Picture:
    known = np.flatnonzero(np.isfinite(r))
    order = known[np.argsort(-np.abs(r[known]), kind="stable")][:PARCELS]
    order = order[np.argsort(-r[order], kind="stable")]
    names = [str(name) for name in of.axis.name]
    left = f" The {PARCELS} with the largest magnitude of {len(known)}." if len(known) > PARCELS else ""
    return picture(
        structure_bars,
        {names[k]: r[[k]] for k in order},
        unit=UNIT,
        alt=f"Temporal correlation of parcels of {recording}: "
        + "; ".join(f"{names[k]} {correlation(float(r[k]))}" for k in order),
        caption=f"{recording}: temporal Pearson r of each parcel.{left}",
    )


def _voxels(recording: str, of: Elements, r: np.ndarray) -> list[Picture]:
    """Draw the voxels below the cortex, where there are any."""
    below = np.asarray(of.axis.volume_mask)
    if not below.any() or not np.isfinite(r[below]).any():
        return []
    volume = np.full(of.axis.volume_shape, np.nan)
    volume[tuple(of.axis.voxel[below].T)] = r[below]
    threshold, middle = threshold_of(r[below & np.isfinite(r)]), float(np.nanmedian(r[below]))
    return [
        picture(
            correlation_map,
            volume,
            of.axis.affine,
            kind="png",
            mask=np.isfinite(volume),
            threshold=threshold,
            title=f"{recording}, below the cortex",
            alt=f"Axial slices of {recording} below the cortex: temporal correlation, median {correlation(middle)}.",
            caption=f"{recording}: temporal Pearson r of the voxels below the cortex. Median {correlation(middle)}. "
            f"Only |r| above {correlation(threshold)} is coloured (a threshold to look at, not a test).",
        )
    ]
