"""The model card of a classification: what it is for, what it is not, and what it was found to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eeg2fmri import __version__

_TEXT = """# Model card: EEG view classifier

{verdict}

## What it is

{view} The synthesiser was trained on simultaneous EEG-fMRI of other people (run `{run}`). Classes: {classes}
(column `{label}` of participants.tsv). Made with eeg2fmri {version}.

## Intended use

Research on groups: whether recordings of groups can be told apart, through which part of a synthesised view, and
whether the synthesis adds anything to the EEG. The scores are of this data set under this protocol.

## Not intended

- **It is not a medical device.** No diagnosis, triage, prognosis or choice of treatment may rest on it, for anybody.
- The synthesised view is no measurement of the brain: it holds nothing that is not in the EEG or in the synthesiser's
  training group. A map of relevance is no map of a disease.
- No use on people, devices, electrode sets, ages or clinics other than those it was tested on, without a test there.

## How it was scored

- {folds}; settings chosen in {inner} over training subjects alone. Nothing is shuffled across subjects.
- {rule}
- {subjects} subjects ({sizes}), {windows} windows.
- Intervals: 95 %, subjects drawn with replacement within classes. They leave out that another training set would give
  another classifier.
- Test: {test}.

| method | balanced accuracy | AUC | sensitivity | specificity | F1 | p (AUC) |
|---|---|---|---|---|---|---|
{rows}

Scores of subjects, in brackets the interval.{positive}

## Known limits

- Groups that differ in age, sex, drugs, site, amplifier or cap can be told by these. No score can rule that out.
- A few dozen subjects make wide intervals; a score near the best of several settings or data sets is too good.
- Electrodes that were interpolated hold no information of their own.
{notes}
"""


def model_card(scores: Mapping[str, Any]) -> str:
    """Write the card from the content of ``scores.json``."""
    sizes = ", ".join(f"{n} {name}" for name, n in scores["subjects_by_class"].items())
    folds = scores["protocol"]["folds"]
    outer = folds.replace("-", " ").capitalize() if isinstance(folds, str) else f"{folds} folds over subjects"
    inner = scores["protocol"]["inner_folds"]
    classes = list(scores["classes"])
    return _TEXT.format(
        verdict=scores["verdict"],
        view=scores.get("view", "A linear classifier looks at the volume that a synthesiser makes of an EEG window."),
        run=scores.get("run", "not known"),
        classes=", ".join(classes),
        label=scores["label"],
        version=__version__,
        folds=outer,
        inner=f"{inner} inner folds" if inner else "no folds (no setting was chosen)",
        rule=scores["protocol"]["vote_rule"],
        subjects=sum(scores["subjects_by_class"].values()),
        sizes=sizes,
        windows=scores["windows"],
        test=scores["protocol"]["test"],
        rows="\n".join(_row(name, found) for name, found in scores["methods"].items()),
        positive=f" The positive class is {classes[-1]}."
        if len(classes) == 2
        else " Means over classes against the rest.",
        notes="\n".join(f"- {note}" for note in scores["notes"]),
    )


def _row(name: str, found: Mapping[str, Any]) -> str:
    cells = []
    for score in ("balanced_accuracy", "auc", "sensitivity", "specificity", "f1"):
        one = found["subject"][score]
        if one["value"] is None:
            cells.append("")
        elif one["low"] is None:
            cells.append(f"{one['value']:.2f}")
        else:
            cells.append(f"{one['value']:.2f} ({one['low']:.2f}, {one['high']:.2f})")
    p = found["permutation"]["p_auc"]
    return "| " + " | ".join([name, *cells, "" if p is None else f"{p:.4f}"]) + " |"
