"""Show what the controls of an evaluation found, as a table."""

from __future__ import annotations

import math

from eeg2fmri.report.html.numbers import decimals
from eeg2fmri.report.sections.tables import Table
from eeg2fmri.results.scores.control import Control
from eeg2fmri.results.scores.controls import Controls
from eeg2fmri.results.scores.method import upper


def control_table(controls: Controls | None) -> Table | None:
    """Set every control beside the model: what it reaches and leaves, or why it is not known; None without any."""
    if controls is None:
        return None
    rows = tuple(
        (
            upper(one.label),
            _number(one.score),
            _number(one.remaining),
            _number(one.model),
            _found(one, controls),
            str(len(one.recordings)),
        )
        for one in controls.rows
    )
    return Table(
        f"r without drifts, mean over {controls.voxels} {controls.places}, then over test subjects. Alone: what the "
        "control reaches. Left: r of the model once the control is taken out of measured and predicted BOLD. Of the "
        "connectivity, similarity in place of r, and what is left beyond the template.",
        ("Control", "Alone", "Left", "Model", "Does it explain the score?", "Recordings"),
        rows,
        strong=tuple(k for k, one in enumerate(controls.rows) if one in controls.biting),
    )


def _found(one: Control, controls: Controls) -> str:
    if not one.available:
        return f"Not known: {one.reason}"
    return f"The score could be {one.could_be}" if one in controls.biting else "No"


def _number(value: float) -> str:
    return "\N{EN DASH}" if math.isnan(value) else decimals(value)
