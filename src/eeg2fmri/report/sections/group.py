"""Show what a cross-validation found over subjects: maps, regions by name, subjects with links to their folds."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np

from eeg2fmri.report.figures.brain.template import LABEL, fits, refined, under
from eeg2fmri.report.figures.brain.volumes import correlation_map, signed_maps
from eeg2fmri.report.html.numbers import correlation, decimals, p_value, plural
from eeg2fmri.report.html.pictures import Picture, picture
from eeg2fmri.report.sections.region_gallery import is_line, region_map
from eeg2fmri.report.sections.tables import Table
from eeg2fmri.results.scores.evaluation import Evaluation
from eeg2fmri.results.scores.group import Group
from eeg2fmri.results.scores.method import SIGNIFICANT, least_p, reachable, upper

#: Regions that are listed; the file has all of them.
LISTED = 15


def group_pictures(group: Group, space: str) -> list[Picture]:
    """Draw mean r and t over subjects, outlined where r is significant, over the template where a space has one."""
    share, highest = group.voxels.significant, float(group.voxels.mean.max())
    at = ", ".join(decimals(x, 0) for x in group.peak_mm)
    people = plural(len(group.subjects), "subject")
    if is_line(group.common.shape):
        mean, p = (group.volume(values) for values in (group.voxels.mean, group.voxels.p))
        tested = (
            f"{share:.1%} of the regions significant (filled; signs of subjects flipped, corrected for all regions by "
            f"the largest mean).{_floor(group)}"
        )
        mean = np.where(group.common, mean, np.nan)
        return region_map(mean, group.common & (p <= SIGNIFICANT), f"Mean over {people}", tested)
    mean, t, p = (group.volume(values) for values in (group.voxels.mean, group.voxels.t, group.voxels.p))
    common, affine, over, anatomy = group.common, group.affine, "", None
    if fits(space):
        (mean, affine), *others = (refined(one, group.affine) for one in (mean, t, p, common))
        t, p, common = (volume for volume, _ in others)
        over, anatomy = f" Over a template ({LABEL}), which shows through small values.", under(mean.shape, affine)
    passed = p <= SIGNIFICANT
    told = f"highest {correlation(highest)} at {at} mm; {share:.1%} of the voxels significant"
    return [
        picture(
            correlation_map,
            mean,
            affine,
            kind="png",
            anatomy=anatomy,
            fades=anatomy is not None,
            mask=common,
            significant=passed if passed.any() else None,
            title=f"mean of {people}",
            alt=f"Axial slices: temporal correlation of each voxel, mean over {people}; {told}.",
            caption=f"Temporal r, mean over {people}: {told} (outlined; signs of subjects flipped, corrected for all "
            f"voxels by the largest mean).{_floor(group)}{over}",
        ),
        picture(
            signed_maps,
            {"t over subjects": t},
            affine,
            kind="png",
            anatomy=anatomy,
            mask=common,
            unit="t",
            alt=f"Axial slices: t value over {people} of the temporal correlation of each voxel.",
            caption=f"t value over {people} of the temporal r of each voxel: mean over its standard error.{over}",
        ),
    ]


def group_tables(evaluation: Evaluation, group: Group | None, folder: Path) -> list[Table]:
    """List each subject with the fold that tested it, and the regions by name."""
    found = [_subjects(evaluation, group, folder)] if evaluation.facts.get("each_fold") else []
    if group is not None and group.regions is not None:
        found.append(_regions(group))
    return found


def _subjects(evaluation: Evaluation, group: Group | None, folder: Path) -> Table:
    headline, model = evaluation.headline, evaluation.model.name
    fold_of = {str(s): str(one["fold"]) for one in evaluation.facts["each_fold"] for s in one["subjects"]}
    regions = None if group is None else group.regions
    best = {}
    if group is not None and regions is not None:
        for subject, r in zip(group.subjects, regions.of_subjects, strict=True):
            best[subject] = f"{regions.names[int(np.argmax(r))]} ({decimals(float(r.max()))})"
    runs = evaluation.facts.get("runs", {})
    rows: list[tuple[str, ...]] = []
    links: dict[str, str] = {}
    for subject in sorted(evaluation.subjects):
        fold = fold_of.get(subject, "")
        score, p = evaluation.score(model, headline.name, subject), evaluation.p_value(model, subject)
        rows.append((f"sub-{subject}", f"fold {fold}", decimals(score), _p(p), best.get(subject, "\N{EN DASH}")))
        address = _address(runs, f"fold {fold}", folder)
        links |= {f"sub-{subject}": address} if address else {}
    head = ("Subject", "Tested by", headline.title, "Against surrogates", "Best region")
    return Table("Each subject; names lead to the runs that tested them.", head, tuple(rows), links=links)


def _address(runs: Mapping[str, Any], fold: str, folder: Path) -> str:
    """Address, from the page's folder, of a fold's report, or of its folder where it has none."""
    if fold not in runs:
        return ""
    run = Path(str(runs[fold]))
    # a folder that was moved as a whole keeps its folds beside the page
    run = folder / run.name if (folder / run.name).is_dir() else run
    if not run.is_dir():
        return ""
    report = run / "report.html"
    relative = os.path.relpath((report if report.is_file() else run).resolve(), folder.resolve())
    return "./" + quote(Path(relative).as_posix())


def _regions(group: Group) -> Table:
    assert group.regions is not None
    names, scores = group.regions.names, group.regions.scores
    rows = tuple(
        (name, decimals(float(mean)), decimals(float(t), 1), _p(float(p)))
        for name, mean, t, p in zip(names[:LISTED], scores.mean, scores.t, scores.p, strict=False)
    )
    strong = tuple(k for k in range(len(rows)) if scores.p[k] <= SIGNIFICANT)
    of = f"The {LISTED} highest of {len(names)} regions" if len(names) > LISTED else plural(len(names), "region")
    caption = (
        f"{of} over {plural(len(group.subjects), 'subject')}: mean temporal r, its t value, and its p value corrected "
        f"for all regions.{_floor(group)} All of them, with each subject's r, in group_regions.tsv."
    )
    return Table(caption, ("Region", "Mean temporal r", "t", "Test"), rows, strong=strong)


def _floor(group: Group) -> str:
    """Say where there are too few subjects for any place to be significant."""
    count = len(group.subjects)
    told = upper(least_p(2**count, plural(count, "subject"), "test on 5 or more"))
    return "" if reachable(2**count) else f" {told}."


def _p(value: float) -> str:
    return "no test" if np.isnan(value) else p_value(value)
