import json
from dataclasses import replace

import numpy as np
import pytest

from eeg2fmri.evaluate.inputs.methods import SHIFTED
from eeg2fmri.evaluate.metrics.registry import METRICS
from eeg2fmri.results.scores.claims import best_regions, difference_that_counts, rivals, tells
from eeg2fmri.results.scores.control import Control, OfRecording
from eeg2fmri.results.scores.controls import ALL_KNOWN, Controls
from eeg2fmri.results.scores.evaluation import Evaluation
from eeg2fmri.results.scores.method import Method
from eeg2fmri.results.scores.pooled_test import PooledTest
from eeg2fmri.results.scores.table import scores_table


@pytest.fixture
def make():
    """Evaluation in which the model has some r and p, and the ridge some r; `p_ridge`: paired p value."""

    def make(
        model=0.1, ridge=0.04, p=0.001, p_below=0.999, still=False, subjects=2, p_ridge=0.002, spread=0.01, **changes
    ):
        methods = (
            Method("model", "our model", "EEG", "model"),
            SHIFTED,
            Method("mean_volume", "mean training volume", "nothing"),
            Method("ridge", "a ridge", "EEG"),
        )
        values = np.full((4, subjects, len(METRICS)), 0.5)
        values[:, 0, 0], values[:, 1:, 0] = [model, 0, 0, ridge], np.array([[model, 0.002, 0, ridge]]).T
        null = np.random.default_rng(0).normal(0, spread, 500)
        tests = {"ridge": PooledTest.of(ridge, null, p, 10_000)}
        if not still:
            tests["model"] = PooledTest.of(model, null, p, 10_000, p_below)
        ends = {"low": model - ridge - 0.02, "high": model - ridge + 0.02, "p_value": p_ridge}
        settings = {
            "p_values": np.full((4, subjects), p),
            "intervals": np.full((4, len(METRICS), 2), np.nan),
            "against": {
                "mean_volume": {"p_value": None, "p_surrogates": 0.0001},
                "ridge": {**ends, **{f"{key.removesuffix('_value')}_surrogates": end for key, end in ends.items()}},
            },
            "space": "MNI152NLin2009cAsym",
            "facts": {},
        }
        labels = tuple(f"{k + 1:02d}" for k in range(subjects))
        return Evaluation(methods, labels, METRICS, values, pooled=tests, **settings | changes)

    return make


def decisions(evaluation):
    return [claim.decision for claim in evaluation.claims]


def controls(could_be="motion", bites=True, informative=True):
    """What an evaluation keeps of its controls: one of motion, and one that takes out all that is known."""
    found = OfRecording("01", 0.2, remaining=0.02 if bites else 0.19, volumes=100)
    together = Control(ALL_KNOWN, "everything", "all together", "known", {"r": found})
    one = Control("motion", "motion regressors", could_be, "known", {"r": found})
    return Controls((one, together), {"r": 0.001 if informative else 0.6}, "voxels", 10).to_dict()


@pytest.mark.parametrize("r", [0.9, -0.9, 0.999])
def test_the_interval_of_one_recording_ends_at_1(make, r):
    numbers = make(model=r, subjects=1, spread=0.3).claims[0].numbers
    assert -1 <= numbers["low"] <= r <= numbers["high"] <= 1
    half = np.abs(np.arctanh([numbers["low"], numbers["high"]]) - np.arctanh(r))
    np.testing.assert_allclose(half, 1.96 * 0.3, rtol=0.1)  # Fisher's transformation: symmetric around atanh(r)
    assert -1 <= make(model=1.0, subjects=1, spread=0.3).claims[0].numbers["high"] <= 1


def test_information_and_a_better_model(make):
    evaluation = make()
    assert decisions(evaluation) == ["yes", "yes", "not decided"]
    assert evaluation.helped
    assert (
        evaluation.verdict
        == "The EEG tells something about the BOLD, and this model gets more out of it than simpler ones."
    )
    first, second, third = (claim.sentence for claim in evaluation.claims)
    assert "r 0.100 [0.0" in first
    assert "p = 0.001 (surrogates within recordings), 2 unseen subjects" in first
    assert "Whether it holds for other people is not decided with 2" in first
    assert "a ridge has 0.040, difference 0.060 [0.040, 0.080], p = 0.002 paired over surrogates" in second
    assert "mean training volume: predicts nothing that varies" in second
    assert "no controls" in third


def test_information_does_not_need_a_better_model(make):
    """What a ridge finds too is still information."""
    assert decisions(make(ridge=0.095))[:2] == ["yes", "not decided"]
    equal = make(model=0.1, ridge=0.13)
    assert decisions(equal)[:2] == ["yes", "no"]
    assert equal.helped
    assert "a simpler method gets about as much" in equal.verdict


@pytest.mark.parametrize(("counts", "decision"), [(0.01, "not decided"), (0.001, "yes"), (0.03, "no")])
def test_a_difference_has_to_count(make, counts, decision):
    """By a hair is not better, however small p is."""
    evaluation = make(ridge=0.0945, p_ridge=0.0001, facts={"difference_that_counts": counts})
    assert decisions(evaluation)[1] == decision
    assert f"{counts:g} of r" in evaluation.claims[1].sentence


def test_with_subjects_enough_the_test_is_over_people(make):
    against = make(subjects=5).against
    against["ridge"] |= {"p_value": 1 / 32, "p_surrogates": 0.4}
    shown = make(subjects=5, against=against)
    assert decisions(shown)[1] == "yes"
    assert "paired over subjects" in shown.claims[1].sentence
    assert decisions(make(subjects=4, against=against))[1] == "not decided"


def test_a_baseline_that_is_absent_is_named(make):
    absent = {"whitened": {"label": "whitened ridge", "reason": "no amplitudes at 50 Hz"}}
    sentence = make(facts={"not_fitted": absent}).claims[1].sentence
    assert "not fitted: whitened ridge (no amplitudes at 50 Hz)" in sentence
    alone = make(against={})
    assert decisions(alone)[1] == "not decided"
    assert "not tested" in alone.claims[1].sentence


def test_chance(make):
    evaluation = make(model=0.01, ridge=0.0, p=0.2)
    assert decisions(evaluation)[0] == "no"
    assert not evaluation.helped
    assert evaluation.verdict.startswith("No sign was found")
    assert "an r of 0.03 would have been found" in evaluation.claims[0].sentence


def test_few_volumes_decide_nothing(make):
    evaluation = make(model=0.1, p=0.2, spread=0.08)
    assert decisions(evaluation)[0] == "not decided"
    assert evaluation.verdict.startswith("These recordings cannot decide")


def test_a_reversed_sign_is_called_one(make):
    evaluation = make(model=-0.1, p=0.999, p_below=0.001)
    assert not evaluation.helped
    assert "reversed" in evaluation.verdict
    assert "is reversed" in evaluation.claims[0].sentence


def test_one_course_everywhere_is_called_global(make):
    evaluation = make()
    evaluation.values[0, :, [metric.name for metric in METRICS].index("responsive_r_without_global")] = 0.01
    assert "as one course of the whole brain" in evaluation.verdict
    assert "It is global: without the mean course of the brain, r is 0.010" in evaluation.claims[0].sentence


def test_one_course_everywhere_is_said_once(make):
    course = "one course of the whole brain"
    evaluation = make(facts={"controls": controls(could_be=course)})
    evaluation.values[0, :, [metric.name for metric in METRICS].index("responsive_r_without_global")] = 0.01
    assert evaluation.verdict.count(course) == 1


def test_exchanged_recordings_decide_where_there_are_enough(make):
    exchanged = {"p_value": 0.4, "p_below": 0.6, "recordings": 6}
    evaluation = make(subjects=6, facts={"exchanged": exchanged})
    assert decisions(evaluation)[0] == "no"
    assert "p = 0.400 (6 recordings exchanged)" in evaluation.claims[0].sentence


def test_of_equally_likely_orders_of_five_recordings_one_in_twenty_claims_at_most(make):
    claimed = 0
    for place in range(120):
        exchanged = {"p_value": (place + 1) / 120, "p_below": (120 - place) / 120, "recordings": 5}
        r = 0.05 if place < 60 else -0.05
        claimed += make(model=r, subjects=5, facts={"exchanged": exchanged}).claims[0].decision == "yes"
    assert 0 < claimed <= 0.05 * 120


def test_nothing_is_claimed_beside_where_the_eeg_is_not_shown_to_tell_anything(make):
    region = {"index": 1, "r": 0.3, "p_value": 0.001, "p_corrected": 0.01}
    regions = {
        "atlas": "a.nii.gz", "temporal_r": 0.1, "p_value": 0.1, "connectivity_similarity": None,
        "regions": {"Cuneus L": region},
    }  # fmt: skip
    facts = {"regions": {"sub-01": regions}, "significant_voxels": {"model": {"sub-01": {"family_wise": 0.043}}}}
    evaluation = make(p=0.045, p_ridge=0.01, facts=facts)
    assert decisions(evaluation)[:2] == ["no", "not decided"]
    first, second, _ = (claim.sentence for claim in evaluation.claims)
    assert "best" not in first
    assert "significant" not in first
    assert "as it is not shown to tell anything: a ridge has 0.040" in second


def test_what_could_be_something_else_did_not_help(make):
    evaluation = make(facts={"controls": controls()})
    assert decisions(evaluation)[2] == "no"
    assert not evaluation.helped
    assert evaluation.verdict.endswith("but it could be motion and not the activity of the brain.")
    assert decisions(make(facts={"controls": controls(bites=False)}))[2] == "yes"
    assert decisions(make(facts={"controls": controls(informative=False)}))[2] == "not decided"


def test_where_is_told_by_share_and_names_of_regions(make):
    region = {"index": 1, "r": 0.3, "p_value": 0.001, "p_corrected": 0.01}
    weak = {"index": 2, "r": 0.4, "p_value": 0.1, "p_corrected": 0.6}
    regions = {
        "atlas": "a.nii.gz", "temporal_r": 0.1, "p_value": 0.1, "connectivity_similarity": None,
        "regions": {"Cuneus L": region, "Insula R": weak},
    }  # fmt: skip
    facts = {"regions": {"sub-01": regions}, "significant_voxels": {"model": {"sub-01": {"family_wise": 0.043}}}}
    sentence = make(facts=facts).claims[0].sentence
    assert "4.3% of the brain significant (family-wise); best: Cuneus L (r 0.30)." in sentence
    assert "Insula" not in sentence


def test_a_prediction_that_does_not_vary(make):
    evaluation = make(model=0.0, ridge=0.0, still=True)
    assert not evaluation.helped
    assert decisions(evaluation)[:2] == ["no", "no"]
    assert "does not vary over time" in evaluation.claims[0].sentence


@pytest.mark.parametrize(
    "changes", [{}, {"ridge": 0.3}, {"p": 0.5}, {"still": True}, {"p_ridge": 0.3}, {"against": {}}, {"subjects": 5}]
)
def test_one_plain_sentence_and_claims_that_are_kept(make, changes):
    evaluation = make(**changes)
    assert evaluation.verdict.endswith(".")
    assert evaluation.verdict.count(". ") == 0
    assert not any(character.isdigit() for character in evaluation.verdict)
    kept = evaluation.to_dict()
    assert kept["verdict"] == evaluation.verdict
    assert [claim["sentence"] for claim in kept["claims"]] == [claim.sentence for claim in evaluation.claims]
    json.dumps(kept, allow_nan=False)


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
    evaluation.values[0, 0, 6] = np.nan
    evaluation.values[1, :, 8] = np.inf
    evaluation.write(tmp_path)
    assert evaluation.to_dict()["scores"][0]["ssim_slices"] is None
    assert evaluation.to_dict()["pooled"][1]["psnr"]["mean"] is None
    assert ",," in (tmp_path / "scores.csv").read_text().splitlines()[1]
    assert scores_table(evaluation, "01").rows[0][6] == "-"


def beside(evaluation, *others):
    """The same with more methods: name, role, r, p value of the difference (None: not tested), whether it varies."""
    methods, values, pooled, against = evaluation.methods, evaluation.values, dict(evaluation.pooled), {}
    for name, role, r, p, varies in others:
        methods = (*methods, Method(name, f"the {name}", "EEG", role))
        values = np.concatenate([values, np.full_like(values[:1], r)])
        if varies:
            pooled[name] = PooledTest.of(r, np.linspace(-0.02, 0.02, 101), 0.001, 1000)
        if p is not None:
            ends = {"low": 0.1 - r - 0.03, "high": 0.1 - r + 0.03, "p_value": p}
            against[name] = {**ends, **{f"{key.removesuffix('_value')}_surrogates": end for key, end in ends.items()}}
    return replace(
        evaluation,
        methods=methods,
        values=values,
        pooled=pooled,
        against={**evaluation.against, **against},
        intervals=np.full((len(methods), len(METRICS), 2), np.nan),
        p_values=np.full(values.shape[:2], 0.5),
    )


def cases_of_claims(make):
    """What makes a difference to what is claimed, one after the other."""
    region = {"index": 1, "r": 0.3, "p_value": 0.001, "p_corrected": 0.01}
    regions = {
        "atlas": "a.nii.gz", "temporal_r": 0.1, "p_value": 0.1, "connectivity_similarity": None,
        "regions": {
            name: {**region, "r": r, "p_corrected": p}
            for name, r, p in (("A", 0.2, 0.05), ("B", 0.4, 0.01), ("C", 0.5, 0.051), ("D", 0.1, 0.01), ("E", 0.3, 0))
        },
    }  # fmt: skip
    where = {
        "regions": {"sub-01": regions},
        "significant_voxels": {
            "model": {"sub-01": {"family_wise": 0.04}, "sub-02": {"family_wise": None}, "b": {"family_wise": 0.08}}
        },
    }
    exchanged = {"p_value": 0.03, "p_below": 0.98, "recordings": 6}
    backwards = {"p_value": 0.995, "p_below": 0.008, "recordings": 5}
    absent = {
        "whitened": {"label": "whitened ridge", "reason": "no amplitudes at 50 Hz"},
        "knn": {"label": "neighbours", "reason": "no memory"},
    }
    given = np.full((4, len(METRICS), 2), np.nan)
    given[0, 0] = [0.06, 0.14]
    cases = {
        "plain": make(),
        "one subject": make(subjects=1),
        "three subjects": make(subjects=3),
        "four subjects": make(subjects=4),
        "five subjects": make(subjects=5),
        "p at the level": make(p=0.04),
        "p above the level": make(p=0.0401),
        "p very small": make(p=0.00012),
        "p a thousandth": make(p=0.001),
        "no r": make(model=0.0, p=0.03, p_below=0.005),
        "reversed at the level": make(model=-0.1, p=0.99, p_below=0.01),
        "reversed above the level": make(model=-0.1, p=0.99, p_below=0.0101),
        "not reversed": make(model=0.1, p=0.5, p_below=0.005),
        "nothing, well measured": make(p=0.5, spread=0.03),
        "nothing, badly measured": make(p=0.5, spread=0.05),
        "an interval over subjects": make(subjects=3, intervals=given),
        "where": make(facts=where),
        "where, of three": make(facts=where, subjects=3),
        "where, not informative": make(p=0.2, facts=where),
        "exchanged": make(subjects=6, facts={"exchanged": exchanged}),
        "exchanged, reversed": make(model=-0.05, subjects=5, facts={"exchanged": backwards}),
        "still": make(model=0.0, ridge=0.0, still=True),
        "still, of one": make(model=0.0, ridge=0.0, still=True, subjects=1),
        "across sessions": make(facts={"protocol": "across-sessions"}),
        "another difference counts": make(facts={"difference_that_counts": 0.05}),
        "not fitted": make(facts={"not_fitted": absent}),
        "equal": make(ridge=0.095),
        "a hair better": make(ridge=0.091),
        "no better": make(ridge=0.13),
        "not by the test": make(p_ridge=0.0501),
        "just by the test": make(p_ridge=0.05),
        "not tested": make(against={}),
        "waits": make(p=0.045, p_ridge=0.01),
        "better, but reversed": make(model=-0.1, ridge=-0.3, p=0.999, p_below=0.001),
        "controls": make(facts={"controls": controls()}),
        "controls that do not bite": make(facts={"controls": controls(bites=False)}),
        "controls with nothing to explain": make(facts={"controls": controls(informative=False)}),
        "one course that is a control": make(facts={"controls": controls(could_be="one course of the whole brain")}),
        "the hardest of several": beside(
            make(), ("knn", "baseline", 0.08, 0.2, True), ("far", "baseline", 0.0, 0.001, True),
            ("twin", "model", 0.02, 0.01, True),
        ),
        "one that is better": beside(
            make(), ("knn", "baseline", 0.2, 0.9, True), ("twin", "model", 0.25, 0.99, True),
            ("ceiling", "ceiling", 0.6, None, True), ("shift", "null", 0.4, None, True),
        ),
        "two that do not vary": beside(make(), ("flat", "baseline", 0.0, None, False)),
        "not defined": beside(make(), ("odd", "baseline", np.nan, 0.5, True)),
        "only those that do not vary": replace(make(), pooled={"model": make().pooled["model"]}),
    }  # fmt: skip
    for name, r in (("at half", 0.05), ("below half", 0.049)):
        course = make(facts={"controls": controls(could_be="one course of the whole brain")} if r == 0.05 else {})
        course.values[0, :, [metric.name for metric in METRICS].index("responsive_r_without_global")] = r
        cases[f"without the global course {name}"] = course
    course = make(p=0.2)
    course.values[0, :, [metric.name for metric in METRICS].index("responsive_r_without_global")] = 0.01
    cases["global, not informative"] = course
    few = make()
    cases["one metric"] = replace(few, metrics=METRICS[:1], values=few.values[..., :1], intervals=few.intervals[:, :1])
    return cases


def test_every_claim_in_full(make, messages):
    cases = {name: lambda one=one: in_full(one) for name, one in cases_of_claims(make).items()}
    messages.all_kept("claims", cases)


def in_full(one):
    """Sentences and numbers of the claims, what is said of them together, and the rivals in their order."""
    found = [f"{claim.name}, {claim.decision}: {claim.sentence}\n  {_numbers(claim)}" for claim in one.claims]
    found.append(f"{one.finding.label} ({one.finding.tone}): {one.finding.sentence}")
    found.append(f"tells: {tells(one)}; counts: {difference_that_counts(one):g}; best two: {best_regions(one, 2)}")
    return "\n".join([*found, *(f"{each.label}: {each.difference:.3f} over {each.paired}" for each in rivals(one))])


def _numbers(claim):
    rounded = {key: round(one, 6) if isinstance(one, float) else one for key, one in claim.to_dict()["numbers"].items()}
    return json.dumps(rounded)
