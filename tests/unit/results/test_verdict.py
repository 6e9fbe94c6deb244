from dataclasses import replace

import numpy as np
import pytest

from eeg2fmri.evaluate.inputs.methods import SHIFTED
from eeg2fmri.evaluate.protocol import METRICS
from eeg2fmri.results.evaluation import Evaluation
from eeg2fmri.results.method import Method
from eeg2fmri.results.shift_test import PooledShiftTest
from eeg2fmri.results.table import scores_table


@pytest.fixture
def make():
    """Evaluation in which the model has some r and p, and the ridge some r; `flips`, `shifts`: paired p values."""

    def make(model=0.1, ridge=0.04, p=0.001, still=False, subjects=2, flips=0.25, shifts=0.002, **changes):
        methods = (
            Method("model", "our model", "EEG", "model"),
            SHIFTED,
            Method("mean_volume", "mean training volume", "nothing"),
            Method("ridge", "a ridge", "EEG"),
        )
        values = np.full((4, subjects, len(METRICS)), 0.5)
        values[:, 0, 0], values[:, 1:, 0] = [model, 0, 0, ridge], np.array([[model, 0.002, 0, ridge]]).T
        null = np.random.default_rng(0).normal(0, 0.01, 500)
        tests = {} if still else {"model": PooledShiftTest.of(model, null, p, 10_000)}
        settings = {
            "p_values": np.full((4, subjects), p),
            "intervals": np.full((4, len(METRICS), 2), np.nan),
            "against": {
                "mean_volume": {"p_value": 1 / 2**subjects, "p_shifts": 0.0001},
                "ridge": {"p_value": flips, "p_shifts": shifts},
            },
            "space": "MNI152NLin2009cAsym",
            "facts": {},
        }
        labels = tuple(f"{k + 1:02d}" for k in range(subjects))
        return Evaluation(methods, labels, METRICS, values, pooled=tests, **settings | changes)

    return make


def test_the_eeg_helped(make):
    evaluation = make()
    assert evaluation.helped
    assert evaluation.verdict.startswith("The EEG helped: median temporal r 0.100 against")
    assert "a ridge has 0.040 (difference 0.060, p = 0.002 paired over time shifts of these" in evaluation.verdict


def test_a_higher_score_alone_beats_no_baseline(make):
    """The verdict rests on the paired test, not on which of two numbers is larger."""
    evaluation = make(ridge=0.095, shifts=0.3)
    assert not evaluation.helped
    text = evaluation.verdict
    assert text.startswith("The model uses the EEG but is not shown to beat its baselines")
    assert "a ridge has 0.095 (difference 0.005, p = 0.300 paired over time shifts" in text


def test_with_subjects_enough_the_test_is_over_people(make):
    shown = make(subjects=5, flips=1 / 32, shifts=0.4)
    assert shown.helped
    assert "p = 0.031 paired over subjects" in shown.verdict
    assert not make(subjects=5, flips=0.06, shifts=0.0001).helped
    # with four, flipping signs cannot reach .05, whatever is found
    assert make(subjects=4, flips=1 / 16, shifts=0.0001).helped


def test_every_baseline_has_to_be_beaten(make):
    against = {"mean_volume": {"p_value": None, "p_shifts": 0.2}, "ridge": {"p_value": None, "p_shifts": 0.001}}
    evaluation = make(against=against)
    assert not evaluation.helped
    assert "mean training volume has 0.000 (difference 0.100, p = 0.200" in evaluation.verdict


def test_without_a_test_nothing_is_claimed(make):
    evaluation = make(against={})
    assert not evaluation.helped
    assert "not tested" in evaluation.verdict


def test_a_baseline_is_better(make):
    evaluation = make(ridge=0.12)
    assert not evaluation.helped
    assert "does not beat its baselines" in evaluation.verdict
    assert "a ridge has 0.120" in evaluation.verdict


def test_a_tie_with_a_baseline_is_no_help(make):
    assert not make(ridge=0.1).helped


def test_chance(make):
    evaluation = make(model=0.01, ridge=0.0, p=0.2)
    assert not evaluation.helped
    assert evaluation.verdict.startswith("The EEG did not help")
    assert "no better than chance." in evaluation.verdict


def test_significant_but_negative_is_no_help(make):
    assert not make(model=-0.1, p=0.001).helped


def test_a_prediction_that_does_not_vary(make):
    evaluation = make(model=0.0, ridge=0.0, still=True)
    assert not evaluation.helped
    assert "does not vary over time" in evaluation.verdict


@pytest.mark.parametrize(
    "changes", [{}, {"ridge": 0.3}, {"p": 0.5}, {"still": True}, {"shifts": 0.3}, {"against": {}}, {"subjects": 5}]
)
def test_one_sentence(make, changes):
    text = make(**changes).verdict
    assert text.endswith(".")
    assert text.count(". ") == 0


@pytest.mark.parametrize("space", ["native", "mixed: T1w, native"])
def test_a_table_says_that_voxels_do_not_correspond(make, space):
    evaluation = replace(make(model=0.1), space=space)
    for subject in (None, evaluation.subjects[0]):
        title = scores_table(evaluation, subject).title
        assert f"space: {space} (voxels of different subjects do not correspond)" in title


def test_table_names_space_and_marks_significance(make):
    table = scores_table(make(model=0.1234))
    assert "space: MNI152NLin2009cAsym" in table.title
    assert "mean over 2 test subjects" in table.title
    assert len({len(row) for row in (table.columns, *table.rows)}) == 1
    assert table.rows[0][:4] == ("our model", "EEG", "0.123", "0.001*")
    assert table.rows[2][:4] == ("mean training volume", "nothing", "0.000", "-")
    assert any("dB" in column for column in table.columns)
    assert any("BOLD units" in column for column in table.columns)


def test_table_of_one_subject(make):
    table = scores_table(make(p=0.2), "02")
    assert "subject 02" in table.title
    assert table.rows[1][2] == "0.002"
    assert table.rows[0][3] == "0.200"


def test_undefined_scores_are_null_in_json_and_empty_in_csv(make, tmp_path):
    evaluation = make()
    evaluation.values[0, 0, 4] = np.nan
    evaluation.values[1, :, 6] = np.inf
    evaluation.write(tmp_path)
    assert evaluation.to_dict()["scores"][0]["ssim_slices"] is None
    assert evaluation.to_dict()["pooled"][1]["psnr"]["mean"] is None
    assert ",," in (tmp_path / "scores.csv").read_text().splitlines()[1]
    assert scores_table(evaluation, "01").rows[0][5] == "-"
