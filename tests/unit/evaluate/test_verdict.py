import numpy as np
import pytest

from eeg2fmri.evaluate.methods import SHIFTED, Method
from eeg2fmri.evaluate.protocol import METRICS
from eeg2fmri.evaluate.results import Evaluation
from eeg2fmri.evaluate.significance import PooledShiftTest
from eeg2fmri.evaluate.table import scores_table


@pytest.fixture
def make():
    """Evaluation of two subjects in which the model has some r and p, and the ridge some r."""

    def make(model=0.1, ridge=0.04, p=0.001, still=False, **changes):
        methods = (
            Method("model", "our model", "EEG", "model"),
            SHIFTED,
            Method("mean_volume", "mean training volume", "nothing"),
            Method("ridge", "a ridge", "EEG"),
        )
        values = np.full((4, 2, len(METRICS)), 0.5)
        values[:, 0, 0], values[:, 1, 0] = [model, 0, 0, ridge], [model, 0.002, 0, ridge]
        null = np.random.default_rng(0).normal(0, 0.01, 500)
        tests = {} if still else {"model": PooledShiftTest(model, null, p, 10_000)}
        settings = {
            "p_values": np.full((4, 2), p),
            "intervals": np.full((4, len(METRICS), 2), np.nan),
            "against": {},
            "space": "MNI152NLin2009cAsym",
            "facts": {},
        }
        return Evaluation(methods, ("01", "02"), METRICS, values, pooled=tests, **settings | changes)

    return make


def test_the_eeg_helped(make):
    evaluation = make()
    assert evaluation.helped
    assert evaluation.verdict.startswith("The EEG helped: median temporal r 0.100 against")
    assert "a ridge has 0.040" in evaluation.verdict


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


@pytest.mark.parametrize("changes", [{}, {"ridge": 0.3}, {"p": 0.5}, {"still": True}])
def test_one_sentence(make, changes):
    text = make(**changes).verdict
    assert text.endswith(".")
    assert text.count(". ") == 0


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
    evaluation.write_json(tmp_path / "scores.json")
    evaluation.write_csv(tmp_path / "scores.csv")
    assert evaluation.to_dict()["scores"][0]["ssim_slices"] is None
    assert evaluation.to_dict()["pooled"][1]["psnr"]["mean"] is None
    assert ",," in (tmp_path / "scores.csv").read_text().splitlines()[1]
    assert scores_table(evaluation, "01").rows[0][5] == "-"
