"""Draw the two pictures of README.md from the folder of a demo: python docs/readme_pictures.py demo."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from eeg2fmri.report.figures.scores import benchmark_bars
from eeg2fmri.report.figures.style import PAGE, save_figure
from eeg2fmri.report.figures.timecourses import TimeCourse, time_courses
from eeg2fmri.results.courses import Courses
from eeg2fmri.results.scores.evaluation import Evaluation

HERE = Path(__file__).parent / "_static"
#: Courses that are drawn, and dots per inch: the files stay small.
SHOWN, DPI = 3, 110


def synthesised_against_measured(run: Path) -> None:
    """Draw the courses of the first test recording."""
    path = sorted((run / "evaluation").glob("*_courses.npz"))[0]
    courses = Courses.read(path.parent, path.name.removesuffix("_courses.npz"))
    drawn = [
        TimeCourse(name, truth, prediction)
        for name, truth, prediction in zip(courses.names, courses.truth, courses.prediction, strict=True)
    ]
    figure = time_courses(courses.times, drawn[:SHOWN], unit=courses.unit, width=PAGE)
    save_figure(figure, HERE / "readme_synthesised", ("png",), DPI)


def verdict_with_controls(run: Path) -> None:
    """Draw what the model reaches beside what each control reaches alone."""
    evaluation = Evaluation.read(run / "evaluation")
    if evaluation.controls is None:
        raise SystemExit(f"{run} was evaluated without controls")
    rows = [row for row in evaluation.controls.rows if row.kind != "template" and np.isfinite(row.score)]
    scores = {"The model": np.array([rows[0].model])} | {row.label: np.array([row.score]) for row in rows}
    metric = f"r, mean over {evaluation.controls.voxels} voxels and the test subjects"
    figure = benchmark_bars(scores, metric=metric, model="The model", width=PAGE)
    save_figure(figure, HERE / "readme_verdict", ("png",), DPI)
    print(evaluation.verdict)
    print(evaluation.controls.sentence)


if __name__ == "__main__":
    demo = Path(sys.argv[1] if len(sys.argv) > 1 else "demo")
    synthesised_against_measured(demo / "focal")
    verdict_with_controls(demo / "focal")
