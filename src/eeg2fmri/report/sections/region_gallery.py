"""Pictures and a table of the regions of an atlas, and how far the latents of EEG and BOLD are from each other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from eeg2fmri.report.figures.regions import connectivity, region_scores
from eeg2fmri.report.html.numbers import correlation, decimals, number, p_value, plural
from eeg2fmri.report.html.pictures import Picture, picture
from eeg2fmri.report.sections.tables import Table
from eeg2fmri.results.courses import Courses
from eeg2fmri.results.scores.evaluation import Evaluation
from eeg2fmri.results.scores.method import SIGNIFICANT
from eeg2fmri.results.scores.regions import RegionScores, over_recordings


def region_pictures(regions: RegionScores, courses: Courses | None = None) -> list[Picture]:
    """Temporal r of each region, and both connectivities, of one recording; its courses hold those of the regions."""
    truth, prediction = (None, None) if courses is None else (courses.region_truth, courses.region_prediction)
    found = []
    if np.isfinite(regions.r).any():
        found.append(_scores(regions))
    if truth is not None and prediction is not None and min(truth.shape) >= 3:
        found.append(
            picture(
                connectivity,
                truth,
                prediction,
                kind="png",
                alt=f"Correlations between the regions of {regions.recording}, measured below and predicted above the "
                f"diagonal. The two correlate with {correlation(regions.connectivity)}.",
                caption=f"{regions.recording}: functional connectivity of the measured (below the diagonal) and the "
                f"predicted regions (above it). Correlation of the two: {correlation(regions.connectivity)}; of what "
                f"both have beyond the mean of other people: {correlation(regions.connectivity_beyond)}. It says how "
                "much of the structure is there, not when: few components make every predicted r large.",
            )
        )
    return found


def is_line(shape: Sequence[int]) -> bool:
    """Whether regions, or what else has no place in a box, stand along x in place of voxels."""
    return len(shape) == 3 and tuple(shape[1:]) == (1, 1)


def region_map(
    r: np.ndarray, significant: np.ndarray | None, whose: str, tested: str, numbers: Sequence[int] = ()
) -> list[Picture]:
    """Draw temporal r (region, 1, 1) of regions that stand in place of voxels, by their numbers or places.

    Parameters
    ----------
    r : array, shape (region, 1, 1)
        NaN where it is not defined.
    significant : bool array, shape (region, 1, 1), or None
    whose : str
        Recording, or people whose mean it is.
    tested : str
        Says what is filled, and how it was tested.
    numbers : sequence of int
        Of the regions in their atlas; counted from 1 by default.
    """
    values = np.asarray(r, float).ravel()
    if not np.isfinite(values).any():
        return []
    names = [str(number) for number in numbers or range(1, len(values) + 1)]
    passed = np.zeros(len(values), bool) if significant is None else np.asarray(significant).ravel()
    middle, best = float(np.nanmedian(values)), int(np.nanargmax(values))
    return [
        picture(
            region_scores,
            names,
            values,
            significant=passed,
            alt=f"{whose}: temporal r of {plural(len(names), 'region')}, the highest at the top. "
            f"Median {correlation(middle)}; highest {correlation(float(values[best]))} in region {names[best]}; "
            f"{int(passed.sum())} significant.",
            caption=f"{whose}: temporal r of each region, highest in region {names[best]}. {tested}",
        )
    ]


def _scores(regions: RegionScores) -> Picture:
    passed = np.nan_to_num(regions.p_corrected, nan=1.0) <= SIGNIFICANT
    best = int(np.nanargmax(regions.r))
    return picture(
        region_scores,
        regions.labels,
        regions.r,
        significant=passed,
        alt=f"Temporal r of {plural(len(regions.labels), 'region')} of {regions.recording}, the highest at the "
        f"top. Median {correlation(regions.median)}; highest {correlation(float(regions.r[best]))} in region "
        f"{regions.labels[best]}; {int(passed.sum())} significant.",
        caption=f"{regions.recording}: temporal r of the mean course of each region. Filled: p "
        f"\N{LESS-THAN OR EQUAL TO} {SIGNIFICANT} against surrogates, corrected for {len(regions.labels)} regions.",
    )


def region_table(regions: Sequence[RegionScores]) -> Table | None:
    """One row a recording; None without an atlas."""
    if not regions:
        return None
    rows = tuple(
        (
            one.recording,
            str(len(one.labels)),
            decimals(one.median),
            p_value(one.p_of_median),
            str(int((np.nan_to_num(one.p_corrected, nan=1.0) <= SIGNIFICANT).sum())),
            decimals(one.connectivity),
            decimals(one.connectivity_beyond),
        )
        for one in regions
    )
    connectivities = ("Connectivity similarity", "Beyond other people's")
    head = ("Recording", "Regions", "Median temporal r", "Test", "Significant regions", *connectivities)
    return Table(f"Regions of {regions[0].atlas}", head, rows)


def named_regions(regions: Sequence[RegionScores], count: int = 20) -> Table | None:
    """List the regions with the highest mean r over recordings by name; None without an atlas."""
    found = over_recordings(regions)
    if not found:
        return None
    rows = tuple((one.name, decimals(one.r), f"{one.significant} of {one.recordings}") for one in found[:count])
    strong = tuple(k for k in range(len(rows)) if found[k].mostly_significant)
    of = f"The {count} highest of {len(found)} regions" if len(found) > count else plural(len(found), "region")
    caption = f"{of}, mean over the test recordings; significant: corrected for all regions. All are in regions.tsv."
    return Table(caption, ("Region", "Mean temporal r", "Significant in"), rows, strong=strong)


def latent_words(evaluation: Evaluation) -> str:
    """Say how far the latents of EEG and of volumes are apart; empty for a model without both."""
    if not evaluation.latent_distance:
        return ""
    listed = ", ".join(f"{name} {number(distance)}" for name, distance in evaluation.latent_distance.items())
    return (
        "Fr\N{LATIN SMALL LETTER E WITH ACUTE}chet distance between the latents of EEG windows and of the volumes "
        f"that follow them (unit of the latents squared; 0 if both are distributed alike): {listed}. It compares runs "
        "of one model, and has no scale of its own."
    )
