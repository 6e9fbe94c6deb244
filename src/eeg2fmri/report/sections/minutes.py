"""Draw what minutes of a person are worth, where several runs were calibrated to that person."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from eeg2fmri.report.figures.training import minutes_curve
from eeg2fmri.report.html.numbers import score
from eeg2fmri.report.html.pictures import Picture, picture
from eeg2fmri.report.read.run import RunResults

#: Name of the group's model in the tables of a calibrated run.
FROZEN = "frozen"


def minutes_pictures(runs: Sequence[RunResults]) -> list[Picture]:
    """Draw the headline over the minutes that runs were fitted to, beside the model of the group; none for other runs.

    Runs stand on one curve that were made of one model and tested on the same recordings.
    """
    found = [
        (float(minutes), run.evaluation, (run.environment.get("group"), tuple(sorted(run.split.get("test", ())))))
        for run in runs
        if (minutes := run.environment.get("minutes")) is not None and run.evaluation is not None
    ]
    drawn = []
    for same in dict.fromkeys(key for _, _, key in found):
        curve = sorted(((minutes, one) for minutes, one, key in found if key == same), key=lambda point: point[0])
        headlines = {one.headline for _, one in curve}
        if len({minutes for minutes, _ in curve}) < 2 or len(headlines) > 1:
            continue
        (metric,) = headlines
        values = {
            "calibrated": [one.score(one.model.name, metric.name) for _, one in curve],
            "model of the group": [one.score(FROZEN, metric.name) for _, one in curve],
        }
        minutes = [minutes for minutes, _ in curve]
        listed = ", ".join(
            f"{at:g} min {score(metric, a)} beside {score(metric, b)}"
            for at, a, b in zip(minutes, *values.values(), strict=True)
        )
        drawn.append(
            picture(
                minutes_curve,
                np.array(minutes),
                {name: np.array(each) for name, each in values.items()},
                quantity=metric.axis,
                alt=f"{metric.title} over minutes of the person, calibrated beside the model of the group: {listed}.",
                caption=f"{metric.title} over the minutes that the model was fitted to, on the same volumes: {listed}.",
            )
        )
    return drawn
