"""When a control bites, and the sentences that say so."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from eeg2fmri.report.sections.controls import control_table
from eeg2fmri.results.scores.control import Control, OfRecording
from eeg2fmri.results.scores.controls import Controls


def control(kind: str = "known", subjects: int = 2, name: str = "motion", **found: float) -> Control:
    recordings = {f"r{k}": OfRecording(f"{k}", **{"model": 0.2, "volumes": 100, **found}) for k in range(subjects)}  # type: ignore[arg-type]
    return Control(name, f"the label of {name}", f"could be {name}", kind, recordings, "no reason")  # type: ignore[arg-type]


def study(*rows: Control, p: float = 0.001) -> Controls:
    return Controls(rows, {"r0": p, "r1": p}, "voxels", 10)


@pytest.mark.parametrize(
    ("one", "bites"),
    [
        (control(remaining=0.09), True),
        (control(remaining=0.11), False),
        (control(remaining=0.19, score=0.21, p_value=0.01), False),
        (control("others", score=0.21, p_value=0.01), True),
        (control(remaining=0.19, score=0.21, p_value=0.6), False),
        (control(remaining=0.19, score=0.19, p_value=0.001), False),
        (control("own BOLD", remaining=0.19, score=0.9, p_value=0.001), False),
        (control("own BOLD", remaining=0.01, score=0.9, p_value=0.001), True),
        (control("exchanged", score=0.11, p_value=0.01), True),
        (control("exchanged", score=0.11, p_value=0.6), False),
        (control("exchanged", score=0.09, p_value=0.01), False),
        (control("EEG", score=0.2, p_value=0.01), True),
        (control("template", score=0.3), True),
        (control("template", score=0.1), False),
        (control("template", score=0.1, remaining=0.05), True),
        (control("template", score=0.3, remaining=0.15), False),
        (control(model=-0.1, remaining=-0.05), False),
        (control(subjects=0), False),
    ],
)
def test_it_bites_where_more_than_half_goes_or_it_does_as_well(one: Control, bites: bool) -> None:
    assert one.bites is bites
    assert bool(one.sentence) >= bites


def test_what_reaches_as_much_is_told_though_nothing_goes_with_it() -> None:
    found = study(control(remaining=0.19, score=0.21, p_value=0.01))
    assert found.biting == ()
    assert len(found.warnings) == 1
    assert "alone reaches as much as the model" in found.warnings[0]
    assert "r 0.200 becomes 0.190" in found.warnings[0]
    oracle = study(control("own BOLD", remaining=0.19, score=0.9, p_value=0.001))
    assert oracle.warnings == ()


def test_means_are_over_subjects_first() -> None:
    recordings = {
        "a": OfRecording("1", 0.1, remaining=0.1),
        "b": OfRecording("1", 0.3, remaining=0.1),
        "c": OfRecording("2", 0.4, remaining=math.nan),
    }
    one = Control("motion", "label", "motion", "known", recordings)
    assert one.model == pytest.approx((0.2 + 0.4) / 2)
    assert one.remaining == pytest.approx(0.1)
    assert math.isnan(one.score)


def test_p_values_of_recordings_are_combined_by_stouffer() -> None:
    two = study(control(remaining=0.01), p=0.05)
    assert two.informative
    assert not study(control(remaining=0.01), p=0.2).informative
    assert not Controls((), {}, "", 0).informative
    assert control(score=0.3, p_value=0.05).p_value == pytest.approx(0.01, abs=2e-3)


def test_without_a_score_there_is_nothing_to_explain() -> None:
    none = study(control(remaining=0.0), p=0.5)
    assert none.biting == ()
    assert none.warnings == ()
    assert "no score beyond chance" in none.sentence


def test_the_sentence_names_what_it_could_be_and_what_is_not_known() -> None:
    clean = study(control(remaining=0.19), control(subjects=0, name="task"))
    assert clean.sentence == "None of 1 controls explains the score; not known: the label of task."
    found = study(control(remaining=0.02), control("exchanged", name="other_subject", score=0.2, p_value=0.01))
    assert found.sentence.startswith("The score could be could be motion or could be other_subject. ")
    assert "r 0.200 becomes 0.020" in found.sentence
    assert len(found.warnings) == 2
    assert Controls.from_dict(found.to_dict()).warnings == found.warnings


@pytest.mark.parametrize("told", [True, False])
def test_what_the_evaluation_claims_decides_whether_there_is_something_to_explain(told: bool) -> None:
    """However its own p values are: one test decides for the claims and for the controls."""
    found = replace(study(control(remaining=0.02), p=0.6 if told else 0.001), told=told)
    assert found.informative is told
    assert bool(found.biting) is told
    assert bool(found.warnings) is told
    assert Controls.from_dict(found.to_dict()).informative is told


def test_all_together_are_told_where_none_explains_the_score_by_itself() -> None:
    together = control(name="all_known", remaining=0.01)
    assert [one.name for one in study(control(remaining=0.02), together).biting] == ["motion"]
    assert [one.name for one in study(control(remaining=0.15), together).biting] == ["all_known"]
    assert len(study(control(remaining=0.02), together).warnings) == 1


def test_a_template_is_about_connectivity_alone() -> None:
    found = study(control("template", name="connectivity", score=0.5))
    assert found.biting == ()
    assert found.warnings[0].startswith("The connectivity could be ")


def test_the_table_of_a_report_shows_every_row() -> None:
    found = study(control(remaining=0.02, score=0.1, p_value=0.3), control(subjects=0, name="task"))
    table = control_table(found)
    assert table is not None
    assert table.strong == (0,)
    assert table.rows[0][1:4] == ("0.100", "0.020", "0.200")
    assert table.rows[0][4] == "The score could be could be motion"
    assert table.rows[1][4] == "Not known: no reason"
    assert table.rows[1][1] == "\N{EN DASH}"
    assert control_table(None) is None
