"""Words and tables of an explanation: what was explained, where it went, whether it can be believed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from eeg2fmri.report.html.numbers import decimals, number, plural
from eeg2fmri.report.sections.tables import Table
from eeg2fmri.results.explanation import Explanation
from eeg2fmri.results.scores.method import least_p, reachable

#: From this share of the output on, what stems from biases is said as a warning.
MUCH_FROM_BIASES = 0.5

#: Below this rank agreement, a map differs from that of the untrained model.
LIKE_UNTRAINED = 0.5

#: Up to this share of the output, integrated gradients count as complete.
COMPLETE = 0.05

#: Below this correlation with what the EEG drives, a model does not work for the target.
WORKS = 0.3

#: Measures that are tested over subjects, and how they are called.
TESTED = {"signed": "relevance", "fluctuation": "the share in the changes", "pattern": "the pattern"}

AXES = ("map", "electrodes", "frequencies", "times")


@dataclass(frozen=True)
class ExplanationText:
    """Sentences, tables and notes of the section."""

    words: tuple[str, ...]
    tables: tuple[Table, ...]
    notes: tuple[str, ...]


def explanation_text(explanation: Explanation) -> ExplanationText:
    """Put an explanation into words and tables."""
    windows = sum(one.windows for one in explanation.conservation)
    words = (
        f"Layer-wise relevance propagation of the {explanation.target}: {plural(windows, 'window')} of "
        f"{_subjects(explanation)}. Each part of the EEG gets the "
        "share of the output that the model took from it. This tells what the model used, not what the brain did.",
        _tested(explanation),
    )
    tables = [_conservation(explanation)]
    if explanation.fidelity:
        tables.insert(0, _fidelity(explanation.fidelity))
    if explanation.truth:
        tables.insert(0, _truth(explanation.truth))
    tables.append(_electrodes(explanation))
    return ExplanationText(tuple(filter(None, words)), tuple(tables), (*explanation.notes, *_warnings(explanation)))


def _subjects(explanation: Explanation) -> str:
    part = "" if explanation.part in ("", "all") else f"{explanation.part} "
    return plural(len(explanation.subjects), f"{part}subject")


def _tested(explanation: Explanation) -> str:
    if len(explanation.subjects) < 2:
        return ""
    found = []
    for measure, label in TESTED.items():
        counts = [
            f"{one['significant_max']} of {one['tests']} {name}"
            for name, one in explanation.tests.get(measure, {}).items()
            if name in ("electrodes", "bands", "times") and "tests" in one
        ]
        if counts:
            found.append(f"{label} for {', '.join(counts)}")
    if not found:
        return ""
    told = f"Different from 0 over subjects (p < 0.05, corrected by the largest t): {'; '.join(found)}"
    cases = 2 ** (len(explanation.subjects) - 1)  # flips of signs, of which mirror images are one
    people = plural(len(explanation.subjects), "subject")
    return f"{told}." if reachable(cases) else f"{told}; {least_p(cases, people, 'explain 6 or more')}."


def _fidelity(fidelity: Mapping[str, Any]) -> Table:
    """Rank agreements: 1 is the same order, 0 none."""
    rows = []
    named = {
        "Integrated gradients (another method; near 1 is good)": fidelity["gradients_map"],
        "Untrained model (control; near 0 is good)": fidelity["untrained"],
    }
    for label, agreement in named.items():
        if agreement is not None:
            rows.append((label, *(_agreement(agreement, axis) for axis in AXES)))
    caption = (
        f"Can it be believed? Rank agreement (Spearman) of the relevance on {plural(fidelity['n_windows'], 'window')} "
        "with that of others: 1 same order, 0 none."
    )
    return Table(caption, ("Compared with", "Whole map", "Electrodes", "Frequencies", "Times"), tuple(rows))


#: Measures of an explanation beside the drivers of simulated recordings, and how they are called.
MEASURES = {
    "magnitude": "Relevance",
    "fluctuation": "Share in the changes",
    "pattern": "Pattern",
    "sensor_pattern": "Pattern of single electrodes",
}
TRUE_AXES = ("map", "electrodes", "frequencies", "times", "electrodes_by_frequencies")


def _truth(truth: Mapping[str, Any]) -> Table:
    """Rank agreements with what drives simulated recordings, beside those of untrained models."""
    rows = []
    there = ((measure, label) for measure, label in MEASURES.items() if measure in truth["measures"])
    for measure, label in there:
        found, control, spread = (truth[part][measure] for part in ("measures", "untrained", "untrained_sd"))
        rows.append((label, *(_agreement(found, axis) for axis in TRUE_AXES)))
        beside = tuple(_with_spread(control.get(axis), spread.get(axis)) for axis in TRUE_AXES)
        rows.append((f"{label}, {plural(truth['n_untrained'], 'untrained model')} (control)", *beside))
    caption = (
        "Does it tell the truth? Rank agreement (Spearman) with what drives the simulated recordings: 1 same order, 0 "
        "none; \N{PLUS-MINUS SIGN} is the standard deviation over untrained models. The synthesised target follows "
        f"what the EEG drives with r {decimals(_nan(truth['r']), 2)} (untrained: "
        f"{decimals(_nan(truth['untrained_r']), 2)})."
    )
    head = ("Explanation", "Whole map", "Electrodes", "Frequencies", "Times", "Electrodes by frequencies")
    return Table(caption, head, tuple(rows), strong=tuple(range(0, len(rows), 2)))


def _with_spread(mean: float | None, spread: float | None) -> str:
    if mean is None or spread is None:
        return decimals(_nan(mean), 2)
    return f"{decimals(mean, 2)} \N{PLUS-MINUS SIGN} {decimals(spread, 2)}"


def _nan(value: float | None) -> float:
    return math.nan if value is None else float(value)


def _agreement(agreement: Mapping[str, float | None], axis: str) -> str:
    if axis not in agreement:
        return "\N{EN DASH}"
    return decimals(_nan(agreement[axis]), 2)


def _conservation(explanation: Explanation) -> Table:
    rows = tuple(
        (one.subject, str(one.windows), _percent(one.from_biases), _percent(one.error), _percent(one.unaccounted))
        for one in explanation.conservation
    )
    head = ("Subject", "Windows", "Stays with biases", "Conservation error", "Found nowhere")
    return Table("Conservation: where the explained output went, as a share of it", head, rows)


def _electrodes(explanation: Explanation) -> Table:
    share, signed = (part.sum((2, 3)) for part in (explanation.magnitude, explanation.signed))
    order = np.argsort(-share.mean(0), kind="stable")
    rows = tuple(
        (explanation.electrodes[k], _percent(float(share[:, k].mean())), _percent(float(signed[:, k].mean())))
        for k in order
    )
    return Table(
        "Relevance of every electrode, mean over subjects",
        ("Electrode", "Share of absolute relevance", "Signed share"),
        rows,
    )


def _percent(share: float) -> str:
    if not math.isfinite(share):
        return number(math.nan)
    return f"{number(100 * share) if abs(share) >= 1e-5 else 'below 0.001' if share else '0'} %"


def _warnings(explanation: Explanation) -> list[str]:
    found = []
    biases = [one.from_biases for one in explanation.conservation if math.isfinite(one.from_biases)]
    if biases and abs(float(np.mean(biases))) > MUCH_FROM_BIASES:
        found.append(
            f"{_percent(float(np.mean(biases)))} of the explained output stems from biases of the model: no EEG is "
            "responsible for it."
        )
    if explanation.truth:
        works = explanation.truth["r"]
        if works is None or works < WORKS:
            found.append(
                "The synthesised target hardly follows what the EEG drives: no explanation of it can agree with the "
                "truth. Explain a target that the model predicts."
            )
    if explanation.fidelity:
        control = explanation.fidelity["untrained"].get("map")
        if control is not None and control > LIKE_UNTRAINED:
            found.append(
                f"The map of an untrained model looks alike (rank agreement {decimals(control, 2)}): it shows the data "
                "and the architecture more than what was learnt."
            )
        incomplete = explanation.fidelity.get("gradients_error")
        if incomplete is not None and incomplete > COMPLETE:
            found.append(f"Integrated gradients miss {_percent(incomplete)} of the output: they are no good peer here.")
        curves = explanation.fidelity["curves"]
        if min(curves["deletion_gain"] or 0.0, curves["insertion_gain"] or 0.0) <= 0:
            found.append("Deletion or insertion by relevance does no better than random orders: do not trust the maps.")
    return found
