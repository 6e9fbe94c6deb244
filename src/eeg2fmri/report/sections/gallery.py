"""Choose the figures that a run deserves, with the words that go with each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from eeg2fmri.report.figures.brain.volumes import (
    correlation_map,
    mean_residue,
    uncertainty_maps,
    volume_comparison,
)
from eeg2fmri.report.figures.scores import BESIDE, benchmark_bars, calibration_curve, null_histogram
from eeg2fmri.report.figures.timecourses import TimeCourse, time_courses
from eeg2fmri.report.figures.training import learning_curves
from eeg2fmri.report.html.numbers import correlation, number, p_value, plural, score
from eeg2fmri.report.html.pictures import Picture, picture
from eeg2fmri.results.courses import Courses
from eeg2fmri.results.examples import Examples
from eeg2fmri.results.scores.evaluation import Evaluation
from eeg2fmri.results.scores.intervals import RECALIBRATION
from eeg2fmri.results.scores.method import SIGNIFICANT, upper
from eeg2fmri.results.scores.pooled_test import PooledTest
from eeg2fmri.results.training import History

#: Fewest example volumes from which a mean over time is drawn.
RESIDUE_FROM = 5


def score_pictures(evaluation: Evaluation) -> list[Picture]:
    """Bars of the headline score beside the baselines, and the null distribution."""
    test = evaluation.test
    return [_bars(evaluation), *([_null(evaluation, test, test.null)] if test and test.null is not None else [])]


def _bars(evaluation: Evaluation) -> Picture:
    headline, methods, test = evaluation.headline, evaluation.methods, evaluation.test
    means = {method.title: evaluation.score(method.name, headline.name) for method in methods}
    listed = "; ".join(f"{method} {score(headline, mean)}" for method, mean in means.items())
    several = len(evaluation.subjects) > 1
    intervals = {method.title: evaluation.interval(method.name, headline.name) for method in methods}
    return picture(
        benchmark_bars,
        {method.title: evaluation.of(method.name, headline.name) for method in methods},
        metric=headline.axis,
        model=evaluation.model.title,
        null=(test.low, test.high) if test is not None else None,
        intervals=intervals if several else None,
        ceilings=[ceiling.title for ceiling in evaluation.ceilings],
        wide=BESIDE,
        alt=f"Bars of {headline.title}, mean over {plural(len(evaluation.subjects), 'test subject')}: {listed}.",
        caption=f"{headline.title} of the model (blue) and its baselines (hatched"
        + (", and of what knows the truth, empty)" if evaluation.ceilings else ")")
        + (": mean over test subjects; each dot is one of them, lines are 95 % intervals." if several else "."),
    )


def _null(evaluation: Evaluation, test: PooledTest, null: np.ndarray) -> Picture:
    headline = evaluation.headline
    low, high, observed = (score(headline, value) for value in (test.low, test.high, test.observed))
    return picture(
        null_histogram,
        null,
        test.observed,
        metric=headline.axis,
        p_value=None if np.isnan(test.p_value) else test.p_value,
        alt=f"Histogram of {headline.title} over {plural(len(null), 'surrogate')} of the prediction, 95 % between "
        f"{low} and {high}; a line marks {observed}, the value of the prediction itself.",
        caption="Surrogates have the spectrum of the prediction and what its voxels share, and signs over time that "
        "are drawn: what they reach is chance. Here outliers are drawn in and the variance is evened out, so that the "
        f"value differs a little from the table's. {p_value(test.p_value)}.",
    )


def calibration_pictures(evaluation: Evaluation) -> list[Picture]:
    """Claimed against observed coverage of the intervals, where the evaluation has them."""
    found = evaluation.uncertainty
    if found is None:
        return []
    curves = {"As the model claims": found.observed, "Recalibrated": found.recalibrated}
    errors = "; ".join(f"{kind} {number(found.error(curve))}" for kind, curve in curves.items())
    return [
        picture(
            calibration_curve,
            found.levels,
            curves,
            alt=f"Claimed against observed coverage of intervals. Mean absolute distance: {errors}.",
            caption="How often the measured value lies inside an interval that claims a certain coverage, over voxels "
            f"and volumes of the test subjects. Mean absolute distance from the claim: {errors}.",
        )
    ]


def calibration_facts(evaluation: Evaluation) -> dict[str, str]:
    """List what else is known of the intervals; empty for a model without any."""
    found = evaluation.uncertainty
    if found is None:
        return {}
    return {
        "Distribution that the model claims": found.distribution,
        "Passes": str(found.passes),
        "Mean claimed standard deviation": f"{number(found.sharpness)} BOLD units",
        "Negative log likelihood of a voxel": f"{number(found.negative_log_likelihood)} nats",
        "CRPS of a voxel (lower is better)": f"{number(found.crps)} BOLD units",
        "Energy score of a volume, by root of voxels": f"{number(found.energy_score)} BOLD units",
        "Recalibration": RECALIBRATION,
    }


def map_pictures(maps: Examples, which: str = "all") -> list[Picture]:
    """Temporal r over the anatomy, an example volume, errors over time, uncertainty.

    Parameters
    ----------
    maps : Examples
        One test subject.
    which : {"all", "correlation", "none"}
        What is drawn of it.
    """
    found: list[Picture] = []
    if maps.r is not None and which != "none":
        found.append(_correlation(maps))
    if which != "all":
        return found
    if maps.truth is not None and maps.prediction is not None:
        found += _volumes(maps, maps.truth, maps.prediction)
    uncertain: dict[str, Any] = {"epistemic": maps.epistemic, "aleatoric": maps.aleatoric}
    if maps.prediction is not None and any(part is not None for part in uncertain.values()):
        found.append(
            picture(
                uncertainty_maps,
                maps.prediction[0],
                maps.affine,
                kind="png",
                mask=maps.mask,
                unit=maps.unit,
                alt=f"Axial slices of the prediction for {maps.recording} and of its uncertainty.",
                caption=f"{maps.recording}: one predicted volume and how unsure the model is of each voxel.",
                **uncertain,
            )
        )
    return found


def _correlation(maps: Examples) -> Picture:
    r = np.asarray(maps.r)
    inside = r[np.isfinite(r)] if maps.mask is None else r[maps.mask & np.isfinite(r)]
    threshold = threshold_of(inside)
    share = float((inside >= threshold).mean()) if len(inside) else 0.0
    middle = float(np.median(inside)) if len(inside) else float("nan")
    significant = None if maps.p_max is None else np.nan_to_num(maps.p_max, nan=1.0) <= SIGNIFICANT
    return picture(
        correlation_map,
        r,
        maps.affine,
        kind="png",
        anatomy=maps.anatomy,
        mask=maps.mask,
        threshold=threshold,
        significant=significant,
        title=maps.recording,
        alt=f"Axial slices of {maps.recording}: temporal correlation of each voxel over the anatomy. Median "
        f"{correlation(middle)}; {share:.0%} of the brain lies above {correlation(threshold)}.",
        caption=f"{maps.recording}: temporal Pearson r between measured and predicted signal of each voxel, after the "
        f"mean is removed. Median {correlation(middle)}. Only |r| above {correlation(threshold)} is coloured "
        f"(a threshold to look at, not a test). {_tested(significant, inside.size)}",
    )


def _tested(significant: np.ndarray | None, voxels: int) -> str:
    if significant is None:
        return "No test of single voxels was written."
    count = int(significant.sum())
    if not count:
        return f"No voxel reaches p \N{LESS-THAN OR EQUAL TO} {SIGNIFICANT} after correction for all voxels."
    return (
        f"Outlined: {plural(count, 'voxel')} ({count / max(voxels, 1):.0%}) with p \N{LESS-THAN OR EQUAL TO} "
        f"{SIGNIFICANT} against surrogates, corrected for all voxels."
    )


def threshold_of(inside: np.ndarray) -> float:
    """Return a round value that leaves about the upper third of |r| coloured."""
    if not len(inside):
        return 0.0
    return float(np.clip(np.round(np.percentile(np.abs(inside), 67), 2), 0.0, 0.95))


def _volumes(maps: Examples, truth: np.ndarray, prediction: np.ndarray) -> list[Picture]:
    middle = len(truth) // 2
    when = "" if maps.onsets is None else f", {maps.onsets[middle]:.1f} s"
    found = [
        picture(
            volume_comparison,
            truth[middle],
            prediction[middle],
            maps.affine,
            kind="png",
            mask=maps.mask,
            unit=maps.unit,
            title=f"{maps.recording}{when}",
            alt=f"Axial slices of one volume of {maps.recording}{when}: measured, predicted from EEG, difference.",
            caption=f"{maps.recording}{when}: a volume as measured and as predicted from EEG alone. Likeness of whole "
            "volumes is mostly anatomy, which every volume shares: judge the model by the temporal r.",
        )
    ]
    if len(truth) >= RESIDUE_FROM:
        error = float(np.abs(prediction - truth)[..., maps.mask].mean() if maps.mask is not None else np.nan)
        found.append(
            picture(
                mean_residue,
                truth,
                prediction,
                maps.affine,
                kind="png",
                mask=maps.mask,
                unit=maps.unit,
                alt=f"Axial slices of {maps.recording}: mean error and mean absolute error of each voxel over "
                f"{len(truth)} volumes.",
                caption=f"{maps.recording}: where the prediction is off, over {len(truth)} volumes (mean absolute "
                f"error in the brain: {number(error)} {maps.unit}).",
            )
        )
    return found


def course_picture(courses: Courses) -> Picture:
    """Measured and predicted time courses of one recording."""
    drawn = [_course(courses, k) for k in range(len(courses.names))]
    listed = ", ".join(f"{course.name} r = {correlation(course.correlation)}" for course in drawn)
    return picture(
        time_courses,
        courses.times,
        drawn,
        unit=courses.unit,
        alt=f"Measured and predicted time courses of {courses.recording}: {listed}.",
        caption=f"{courses.recording}: measured signal and prediction from EEG. r is the temporal Pearson correlation."
        + (
            " Shades are 95 % intervals from the errors of the same course in the validation recordings."
            if any(course.lower is not None for course in drawn)
            else ""
        ),
    )


def _course(courses: Courses, k: int) -> TimeCourse:
    """One course as it is drawn; without an interval where it could not be known."""
    name = upper(courses.names[k])
    low, high = (None if bound is None else bound[k] for bound in (courses.lower, courses.upper))
    known = low is not None and high is not None and bool(np.isfinite([low, high]).all())
    own = (low, high) if known else (None, None)
    return TimeCourse(name, courses.truth[k], courses.prediction[k], *own)


def training_pictures(history: History) -> list[Picture]:
    """Learning curves: the whole loss, and its reconstruction part where it was written; none of a single epoch."""
    if len(history.epochs) < 2:
        return []
    whole = {name: history.losses[name] for name in ("training", "validation") if name in history.losses}
    part = {
        name: history.losses[f"{key}_reconstruction"]
        for name, key in (("training", "train"), ("validation", "validation"))
        if f"{key}_reconstruction" in history.losses
    }
    found = [_curves(history, whole or dict(history.losses), "Loss", "loss (dimensionless)")]
    if part:
        found.append(_curves(history, part, "Reconstruction part of the loss", "reconstruction (dimensionless)"))
    return found


def training_words(history: History) -> str:
    """Say how a training without a curve ended; empty where there is a curve."""
    if len(history.epochs) != 1:
        return ""
    losses = {name: history.losses[name][0] for name in ("training", "validation") if name in history.losses}
    known = [f"{name} {number(float(loss))}" for name, loss in losses.items() if np.isfinite(loss)]
    how = "Fitted in closed form, without an epoch" if history.epochs[0] == 0 else "Trained for a single epoch"
    return f"{how}; loss: {', '.join(known) or 'not known'}."


def _curves(history: History, curves: Mapping[str, np.ndarray], what: str, quantity: str) -> Picture:
    best = history.best_epoch
    ends = "; ".join(f"{name} {number(curve[0])} to {number(curve[-1])}" for name, curve in curves.items())
    return picture(
        learning_curves,
        history.epochs,
        curves,
        best_epoch=best,
        quantity=quantity,
        alt=f"{what} over {plural(len(history.epochs), 'epoch')}: {ends}."
        + (f" Epoch {best} was kept." if best is not None else ""),
        caption=f"{what} of the training subjects (while the weights change and dropout acts) and of the validation "
        "subjects. The epoch with the lowest validation loss was kept; test subjects were not looked at.",
    )
