"""Reading RUN/explain: explain.json and explain.npz."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from eeg2fmri.report.read.explanation import Conservation, Curves, Explanation
from eeg2fmri.results.files import DAMAGE

SUMMARY = "explain.json"
ARRAYS = "explain.npz"

#: Orders in which parts of the windows are taken away or put in: how they are called, and the prefix in the file.
ORDERS = {"by relevance": "curve_", "by the untrained model": "curve_untrained_", "random": "curve_random_"}


def read_explanation(folder: Path, problems: list[str]) -> Explanation | None:
    """Read a folder that ``explain`` wrote; None if it holds no explanation.

    Parameters
    ----------
    folder : Path
        ``RUN/explain``.
    problems : list of str
        Takes what was there and could not be read.
    """
    if not (folder / SUMMARY).is_file():
        return None
    try:
        summary = json.loads((folder / SUMMARY).read_text(encoding="utf-8"))
        with np.load(folder / ARRAYS, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        return _explanation(summary, arrays)
    except DAMAGE as error:
        problems.append(f"explain: {type(error).__name__}: {error}")
        return None


def _explanation(summary: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Explanation:
    found = Explanation(
        target=str(summary["target"]["what"]),
        part=str(summary["facts"].get("part", "")),
        electrodes=tuple(str(name) for name in arrays["electrodes"]),
        frequencies=arrays["frequencies"],
        times=arrays["times"],
        subjects=tuple(f"sub-{subject}" for subject in arrays["subjects"]),
        magnitude=arrays["magnitude"],
        signed=arrays["signed"],
        # where a model reads recentred electrodes, single ones are what a head can show
        pattern=arrays.get("sensor_pattern", arrays.get("pattern")),
        bands=bands_of(arrays),
        attention=arrays.get("attention"),
        pairs=arrays.get("pairs"),
        latent=arrays.get("latent"),
        affine=arrays.get("affine"),
        conservation=tuple(_conservation(subject) for subject in summary["subjects"]),
        tests=dict(summary["tests"]),
        fidelity=dict(summary["fidelity"] or {}),
        truth=dict(summary.get("truth") or {}),
        curves=_curves(arrays) if "curve_fractions" in arrays else None,
        notes=tuple(str(note) for note in summary["notes"]),
    )
    shape = (len(found.subjects), len(found.electrodes), len(found.frequencies), len(found.times))
    if found.magnitude.shape != shape or found.signed.shape != shape:
        raise ValueError(f"relevance has the shape {found.magnitude.shape}, its axes {shape}")
    if found.pattern is not None and found.pattern.shape != shape:
        raise ValueError(f"patterns have the shape {found.pattern.shape}, their axes {shape}")
    return found


def bands_of(arrays: Mapping[str, np.ndarray]) -> tuple[tuple[str, float, float], ...]:
    """Name and limits (Hz) of each place of the frequency axis; empty where they are no bands."""
    if "bands" not in arrays:
        return ()
    limits = zip(arrays["bands"], arrays["band_limits"], strict=True)
    return tuple((str(name), float(low), float(high)) for name, (low, high) in limits)


def _conservation(subject: Mapping[str, Any]) -> Conservation:
    return Conservation(
        subject=f"sub-{subject['subject']}",
        windows=int(subject["windows"]),
        from_biases=_float(subject["from_biases"]),
        error=_float(subject["conservation_error"]),
        unaccounted=_float(subject["unaccounted"]),
    )


def _curves(arrays: Mapping[str, np.ndarray]) -> Curves:
    deletion, insertion = (
        {name: arrays[prefix + what] for name, prefix in ORDERS.items()} for what in ("deletion", "insertion")
    )
    return Curves(arrays["curve_fractions"], deletion, insertion)


def _float(value: float | None) -> float:
    return float("nan") if value is None else float(value)
