"""Set runs side by side: the settings in which they differ, and their maps of one test recording."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from eeg2fmri.report.html.numbers import value
from eeg2fmri.report.html.pictures import Picture
from eeg2fmri.report.read.run import RunResults
from eeg2fmri.report.sections.element_gallery import recording_pictures
from eeg2fmri.report.sections.tables import Table

#: Runs whose maps are drawn; more are too small to compare.
MAPS = 6


def settings_table(names: Sequence[str], runs: Sequence[RunResults]) -> Table | None:
    """List the settings in which runs differ, a column a run; None if there are none."""
    flat = [dict(_flat({**run.settings, "model": run.card.get("model", {})})) for run in runs]
    keys = dict.fromkeys(key for settings in flat for key in settings)
    rows = []
    for key in keys:
        cells = tuple(value(settings[key]) if key in settings else "\N{EN DASH}" for settings in flat)
        if len(set(cells)) > 1:
            rows.append((key, *cells))
    if not rows:
        return None
    return Table(
        "Settings in which the runs differ; those that all share are left out", ("Setting", *names), tuple(rows)
    )


def shared_maps(names: Sequence[str], runs: Sequence[RunResults]) -> list[Picture]:
    """Draw the map of temporal r of each run for the first test recording that all of them have."""
    found = [{one.recording: one for one in run.examples if one.r is not None} for run in runs]
    shared = [name for name in found[0] if all(name in maps for maps in found)] if found else []
    if len(runs) < 2 or not shared:
        return []
    drawn = []
    for name, run, maps in list(zip(names, runs, found, strict=True))[:MAPS]:
        elements, regions = str(run.card.get("elements", "")), run.card.get("regions", ())
        pictures = recording_pictures(maps[shared[0]], "correlation", elements, regions)
        drawn += [_named(one, name) for one in pictures]
    return drawn


def _named(picture: Picture, name: str) -> Picture:
    return replace(picture, caption=f"{name}. {picture.caption}", alt=f"{name}. {picture.alt}")


def _flat(settings: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for key, item in settings.items():
        if isinstance(item, Mapping):
            yield from _flat(item, f"{before}{key}.")
        else:
            yield f"{before}{key}", item
