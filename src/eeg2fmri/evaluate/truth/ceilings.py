"""Two ceilings of simulated data: the most that any method, and that any method that has EEG alone, can reach.

The BOLD ceiling is the noiseless BOLD, scored against the recorded one as if it were a prediction: what is missing to
1 is noise, which no method can know. The EEG ceiling is the oracle decoder (`eeg2fmri.evaluate.truth.oracle`), which
knows the head, the couplings and the responses of the very subject, but has to read from the EEG what the sources
did: what is missing to the BOLD ceiling is noise of the EEG, leakage between sources, and neural activity that the
EEG does not show. Both stand in the table like methods, and every temporal r is given as a fraction of theirs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from eeg2fmri.evaluate.recordings.scoring import Recording, Scores
from eeg2fmri.evaluate.truth.known_truth import KnownTruth
from eeg2fmri.evaluate.truth.parts import PARTS, LeftOut, Parts
from eeg2fmri.results.scores.evaluation import fraction
from eeg2fmri.results.scores.method import Method

BOLD_CEILING = Method("bold_ceiling", "BOLD ceiling: noiseless BOLD", "the truth", "ceiling")
EEG_CEILING = Method("eeg_ceiling", "EEG ceiling: oracle decoder", "EEG and the truth", "ceiling")
CEILINGS = (BOLD_CEILING, EEG_CEILING)


def parts_of(truth: KnownTruth | LeftOut | None, recordings: Sequence[str]) -> dict[str, Parts]:
    """Look up the parts of recordings; nothing where no truth is known."""
    if truth is None or isinstance(truth, LeftOut):
        return {}
    return {name: Parts(truth.atlas(name), truth.drawn_coupled) for name in recordings}


def score_ceilings(
    truth: KnownTruth | LeftOut | None, recordings: Sequence[Recording], scores: Scores
) -> dict[str, Any]:
    """Score both ceilings like methods.

    Parameters
    ----------
    truth : KnownTruth, LeftOut or None
        Nothing is scored without one.
    recordings : sequence of Recording
    scores : Scores
        Takes the scores of the ceilings; has those of all methods.

    Returns
    -------
    dict
        Facts to be written with the scores: ``ceilings`` with the place of the truth and, for each of `PARTS`,
        what it is and the r of each method and recording; ``ceilings_left_out``, why there are none. Empty without a
        truth.
    """
    if truth is None:
        return {}
    if isinstance(truth, LeftOut):
        return {"ceilings_left_out": truth.reason}
    undecodable = truth.undecodable
    ceilings = [(BOLD_CEILING, truth.noiseless), *([] if undecodable else [(EEG_CEILING, truth.decoded)])]
    for recording in recordings:
        for method, volumes in ceilings:
            scores.add_tested(method, recording, volumes(recording.id)[recording.targets])
    return {
        "ceilings": {
            **({"no_eeg_ceiling": undecodable} if undecodable else {}),
            "truth": str(truth.truth.path),
            "coupling": truth.truth.config.coupling,
            "protocol": (
                "bold_ceiling: the noiseless BOLD in place of a prediction; eeg_ceiling: an oracle decoder that knows "
                "lead field, moments and covariance of the sources, responses and coupling weights, and estimates "
                "the powers of the sources from the recorded EEG of all times; both scored like any method"
            ),
            "parts": {
                part: {"what": what, "temporal_r": {name: _of(scores, name, part) for name in scores.parts}}
                for part, what in PARTS.items()
            },
        }
    }


def coupled_note(facts: Mapping[str, Any], method: str) -> str:
    """Say what a method reaches in the regions that follow the EEG; empty where the truth is not known."""
    if "ceilings_left_out" in facts:
        return f"The recordings were simulated, but the ceilings are left out: {facts['ceilings_left_out']}."
    parts = facts.get("ceilings", {}).get("parts")
    if not parts:
        return ""
    r, bold, eeg = (
        _mean(parts["coupled_regions"]["temporal_r"].get(name, {})) for name in (method, *(c.name for c in CEILINGS))
    )
    other = _mean(parts["uncoupled_regions"]["temporal_r"].get(method, {}))
    if np.isnan([r, bold]).any():
        return ""
    of_eeg = fraction(r, eeg)
    reach = f"{of_eeg:.0%} of the EEG ceiling ({eeg:.3f}) and " if np.isfinite(of_eeg) else ""
    why = facts["ceilings"].get("no_eeg_ceiling")
    beside = f"; in the others it is {other:.3f}" if np.isfinite(other) else ""
    return (
        f"Mean courses of the regions that were simulated to follow the EEG: temporal r {r:.3f}, {reach}"
        f"{fraction(r, bold):.0%} of the BOLD ceiling ({bold:.3f}){beside}." + (f" {why}" if why else "")
    )


def _of(scores: Scores, method: str, part: str) -> dict[str, float | None]:
    return {name: value if np.isfinite(value := found[part]) else None for name, found in scores.parts[method].items()}


def _mean(values: Mapping[str, float | None]) -> float:
    """Mean over recordings of what is defined."""
    defined = [value for value in values.values() if value is not None]
    return float(np.mean(defined)) if defined else float("nan")
