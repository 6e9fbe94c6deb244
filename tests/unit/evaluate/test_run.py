import csv
import json

import nibabel
import numpy as np
import pytest
import torch

from eeg2fmri.core.errors import CheckpointError, InputError, LeakageError
from eeg2fmri.evaluate import run as run_module
from eeg2fmri.evaluate.benchmark import benchmark
from eeg2fmri.evaluate.inputs import methods
from eeg2fmri.evaluate.inputs.open_run import open_run
from eeg2fmri.evaluate.metrics.moments import temporal_r
from eeg2fmri.evaluate.metrics.registry import HEADLINE, METRICS
from eeg2fmri.evaluate.metrics.ssim import ssim_slices
from eeg2fmri.evaluate.run import evaluate_run
from eeg2fmri.evaluate.significance.drifts import time_basis
from eeg2fmri.models.saving.hub import load, save
from eeg2fmri.predict.synthesizer import Synthesizer
from eeg2fmri.results.examples import EXAMPLE_VOLUMES

METHODS = (
    "model",
    "shifted_eeg",
    "group_mean_of_others",
    "mean_volume",
    "subject_mean",
    "banded_ridge",
    "electrical_fingerprint",
    "haemodynamic_ridge",
    "lagged_ridge",
    "partial_least_squares",
)


@pytest.fixture
def evaluation(small_run, small_store):
    return evaluate_run(small_run, small_store.path)


def read_json(path):
    return json.loads(path.read_text())


def test_every_method_is_scored_on_every_subject(evaluation):
    assert tuple(method.name for method in evaluation.methods) == METHODS
    assert evaluation.subjects == ("04", "05")
    assert evaluation.values.shape == (len(METHODS), 2, len(METRICS))
    defined = np.isfinite(evaluation.values).all(axis=(0, 1))
    # three slices are fewer than the window of SSIM in three dimensions
    assert [metric.name for metric, known in zip(METRICS, defined, strict=True) if not known] == ["ssim_volume"]
    assert evaluation.space == "native"


def test_the_model_is_paired_with_every_baseline(evaluation):
    baselines = {method.name for method in evaluation.methods if method.role == "baseline"}
    assert set(evaluation.against) == baselines | {"shifted_eeg"}
    p = {name: test["p_surrogates"] for name, test in evaluation.against.items()}
    assert p.pop("shifted_eeg") is None
    assert all(0 < each <= 1 for each in p.values())
    # what is constant in time has r = 0: beside it, the paired test is the model's own, of a difference that counts
    test = evaluation.pooled["model"]
    assert p["mean_volume"] == pytest.approx((1 + np.sum(test.null >= test.observed - 0.01)) / (1 + test.draws))


def test_voxels_and_effects_are_written(evaluation, small_run):
    scores = read_json(small_run / "evaluation" / "scores.json")
    shares = scores["significant_voxels"]["model"]
    assert set(shares) == set(scores["test_recordings"])
    assert all(0 <= share <= 1 for found in shares.values() for share in found.values())
    assert "effect_size" in scores["model_minus"]["lagged_ridge"]
    assert evaluation.against["lagged_ridge"]["effect_low"] is None  # two subjects


def test_scores_are_those_of_the_synthesised_volumes(evaluation, small_run, small_store):
    """The model's scores, recomputed from volumes that another way of prediction gives."""
    opened = open_run(small_run, small_store.path)
    synthesizer = Synthesizer(opened.loaded)
    found = []
    for name in ("sub-05_task-a", "sub-05_task-b"):
        stream = np.asarray(small_store.eeg(name))
        starts = np.arange(3, len(stream) - 4)
        rows = (stream - stream.mean(axis=1, keepdims=True)) / stream.std(axis=1, keepdims=True)
        windows = np.stack([np.moveaxis(rows[s : s + 4], 0, -1) for s in starts]).astype(np.float32)
        with torch.inference_mode():
            out = synthesizer.loaded.model(torch.from_numpy(windows)).volume.numpy()
        statistics = synthesizer.loaded.statistics
        predicted = out * statistics.voxel_std + statistics.voxel_mean
        truth, mask = small_store.bold(name)[7:], small_store.mask(name)
        found.append(
            (
                np.nanmedian(temporal_r(truth, predicted, mask, time_basis(len(truth), 2.0, 14.0).drifts)),
                np.mean([ssim_slices(y, p).mean() for y, p in zip(truth, predicted, strict=True)]),
                np.mean([np.sqrt(np.mean((y - p)[mask] ** 2)) for y, p in zip(truth, predicted, strict=True)]),
            )
        )
    for metric, expected in zip(("temporal_r", "ssim_slices", "rmse"), np.mean(found, axis=0), strict=True):
        assert evaluation.score("model", metric, "05") == pytest.approx(expected, rel=1e-4, abs=1e-5)


def test_baselines_without_time_have_r_zero_and_no_p(evaluation):
    for method in ("mean_volume", "subject_mean"):
        assert evaluation.score(method, "temporal_r") == 0
        assert evaluation.score(method, "explained_variance") == pytest.approx(0, abs=1e-6)
        assert method not in evaluation.pooled
        assert np.isnan(evaluation.p_values[METHODS.index(method)]).all()
    assert evaluation.score("subject_mean", "ssim_slices") > evaluation.score("mean_volume", "ssim_slices")
    assert evaluation.score("subject_mean", "rmse") < evaluation.score("mean_volume", "rmse")


def test_a_baseline_that_cannot_be_fitted_is_named_and_one_that_is_constant_too(evaluation, small_run):
    scores = read_json(small_run / "evaluation" / "scores.json")
    assert set(scores["not_fitted"]) == {"recentred_ridge"}
    reason = scores["not_fitted"]["recentred_ridge"]["reason"]
    assert "no band amplitudes" in reason
    assert any("whitened" in note and reason in note for note in evaluation.notes)
    assert scores["constant_methods"] == ["mean_volume", "subject_mean"]


def test_methods_with_time_are_tested(evaluation):
    for method in ("model", "group_mean_of_others", "lagged_ridge"):
        assert np.isfinite(evaluation.p_values[METHODS.index(method)]).all()
        assert 0 < evaluation.pooled[method].p_value <= 1
    assert "shifted_eeg" not in evaluation.pooled
    assert abs(evaluation.score("shifted_eeg", "temporal_r")) < 0.1


def test_independent_eeg_did_not_help(evaluation):
    assert not evaluation.helped
    assert evaluation.claims[0].decision != "yes"
    assert evaluation.verdict in (
        "No sign was found that the EEG tells the model anything about the BOLD.",
        "These recordings cannot decide whether the EEG tells anything about the BOLD.",
    )


def test_files(evaluation, small_run, small_store):
    folder = small_run / "evaluation"
    scores = read_json(folder / "scores.json")
    assert scores["verdict"] == evaluation.verdict
    assert scores["helped"] is False
    assert scores["space"] == "native"
    assert scores["times_read"] == 1
    assert len(scores["scores"]) == 2 * len(METHODS)
    assert [claim["name"] for claim in scores["claims"]] == ["information", "better", "brain"]
    assert scores["scores"][0][HEADLINE.name] == evaluation.values[0, 0, 0]
    with (folder / "scores.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert [row["subject"] for row in rows] == ["04", "05"] * len(METHODS) + ["all"] * len(METHODS)
    assert float(rows[2 * len(METHODS)][HEADLINE.name]) == pytest.approx(evaluation.values[0, :, 0].mean())
    with np.load(folder / "null.npz") as null:
        # outliers are drawn in for the test alone
        assert null["observed"] == pytest.approx(evaluation.score("model", HEADLINE.name), abs=0.1)
        assert null["p_value"] == np.mean(np.append(null["scores"], np.inf) >= null["observed"])
        assert {"scores", "p_value", "subject_04", "subject_05"} <= set(null)
    image = nibabel.load(folder / "sub-05_task-b_desc-temporalr_map.nii.gz")
    assert image.shape == small_store.grid
    np.testing.assert_array_equal(image.affine, small_store.affine)
    with np.load(folder / "sub-05_task-b_examples.npz", allow_pickle=False) as examples:
        assert str(examples["subject"]) == "05"
        np.testing.assert_allclose(examples["r"], image.get_fdata(), atol=1e-6)
        assert np.isnan(image.get_fdata()[~examples["mask"].astype(bool)]).all()
        assert examples["truth"].shape == examples["prediction"].shape == (EXAMPLE_VOLUMES, *small_store.grid)
        middle = np.flatnonzero(examples["times"] == examples["onsets"][0])[0]
        np.testing.assert_array_equal(
            examples["truth"], small_store.bold("sub-05_task-b")[7:][middle : middle + EXAMPLE_VOLUMES]
        )
        assert examples["course_truth"].shape == (len(examples["course_names"]), len(examples["times"]))
        drifts = time_basis(len(examples["times"]), 2.0, 14.0).drifts
        courses = (examples[f"course_{side}"][1] for side in ("truth", "prediction"))
        best = np.corrcoef(*(course - drifts @ (drifts.T @ course) for course in courses))[0, 1]
        assert best == pytest.approx(np.nanmax(examples["r"]), abs=1e-4)
    assert not list(folder.glob("*.part"))


def test_readings_are_counted_and_said(small_run, small_store):
    first = evaluate_run(small_run, small_store.path)
    again = evaluate_run(small_run, small_store.path)
    reads = read_json(small_run / "evaluation" / "reads.json")
    assert [read["recordings"] for read in reads] == [["sub-04_task-a", "sub-05_task-a", "sub-05_task-b"]] * 2
    assert reads[0]["weights"] == open_run(small_run, small_store.path).loaded.digest
    assert not any("were read" in note for note in first.notes)
    assert any("were read 2 times" in note for note in again.notes)
    assert any("2 of 5 people were tested" in note and "crossvalidate" in note for note in first.notes)
    np.testing.assert_array_equal(first.values, again.values)
    np.testing.assert_array_equal(first.p_values, again.p_values)


def test_a_reading_counts_even_if_scoring_fails(small_run, small_store, monkeypatch):
    monkeypatch.setattr(run_module, "predict_with_model", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        evaluate_run(small_run, small_store.path)
    assert len(read_json(small_run / "evaluation" / "reads.json")) == 1
    assert not (small_run / "evaluation" / "scores.json").exists()


def test_progress_and_random_state(small_run, small_store):
    seen, state = [], (np.random.get_state()[1].copy(), torch.get_rng_state())  # noqa: NPY002
    evaluate_run(small_run, small_store.path, progress=lambda *step: seen.append(step))
    assert any(what.startswith("Scoring sub-05_task-b") and done == total for what, done, total in seen)
    assert any(what == "Fitting baselines" and done == total for what, done, total in seen)
    assert (np.random.get_state()[1] == state[0]).all()  # noqa: NPY002
    assert torch.equal(torch.get_rng_state(), state[1])


def cut(split):
    split["test"] = [*split["test"], "sub-09_task-a"]


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda split: split.update(store_hash="0" * 64), "trained on another store"),
        (cut, "sub-09_task-a"),
        (lambda split: split.pop("store_hash"), "cannot be read"),
    ],
)
def test_a_split_that_does_not_fit_is_refused(small_run, small_store, damage, message):
    path = small_run / "split.json"
    split = read_json(path)
    damage(split)
    path.write_text(json.dumps(split))
    with pytest.raises(CheckpointError, match=message):
        evaluate_run(small_run, small_store.path)
    assert not (small_run / "evaluation").exists()


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        ({"test": ["sub-01_task-a"]}, "sub-01 is in both train and test"),
        ({"test": ["sub-05_task-a"], "validation": ["sub-05_task-b"]}, "sub-05 is in both validation and test"),
        ({"protocol": "within-recording", "gap": 9, "validation": ["sub-03_task-a_volumes-0to20"],
          "test": ["sub-03_task-a_volumes-25to45"]}, r"too near(.|\n)*4 between(.|\n)*at least 9"),
        ({"protocol": "across-sessions", "test": ["sub-02_task-a"]}, "in both train and test"),
        ({"train": ["sub-01_task-a", "sub-04_task-a"], "test": ["sub-05_task-b"]}, "statistics of the run"),
    ],
)  # fmt: skip
def test_a_doctored_split_is_refused_before_the_test_part_is_read(small_run, small_store, damage, message):
    path = small_run / "split.json"
    path.write_text(json.dumps(read_json(path) | damage))
    with pytest.raises(LeakageError, match=message):
        evaluate_run(small_run, small_store.path)
    assert not (small_run / "evaluation").exists()


def test_every_difference_between_run_and_store_is_named(small_run, small_store):
    loaded = load(small_run)
    electrodes = ("TP9", *loaded.card.electrodes[1:])
    changes = {"electrodes": electrodes, "tr": 1.5, "space": "MNI152", "frequencies": tuple(range(1, 10))}
    save(small_run, loaded.model, loaded.card.model_copy(update=changes), loaded.statistics)
    with pytest.raises(CheckpointError) as error:
        evaluate_run(small_run, small_store.path)
    message = str(error.value)
    for part in ("not in the store: TP9; not in the run: Fz", "1.5 s", "MNI152", "up to 9 Hz", "give the store"):
        assert part in message


def test_what_is_no_run_is_refused(tmp_path, small_store):
    with pytest.raises(CheckpointError, match="does not exist"):
        evaluate_run(tmp_path / "nothing", small_store.path)
    with pytest.raises(CheckpointError, match="not a run"):
        evaluate_run(tmp_path, small_store.path)


def test_a_damaged_record_of_readings_stops_the_evaluation(small_run, small_store):
    (small_run / "evaluation").mkdir()
    (small_run / "evaluation" / "reads.json").write_text("[{")
    with pytest.raises(CheckpointError, match="record of earlier evaluations"):
        evaluate_run(small_run, small_store.path)


@pytest.mark.parametrize("several", [False, True])
def test_recordings_of_too_few_volumes_are_named_before_the_work(
    small_run, small_store, tmp_path, monkeypatch, several
):
    monkeypatch.setattr(methods, "targets_of", lambda run, name: np.arange(40, 47))

    def score():
        return benchmark({"one": small_run}, small_store, tmp_path / "table") if several else evaluate_run(*where)

    where = (small_run, small_store)
    with pytest.raises(InputError, match="too short to be scored") as caught:
        score()
    tested = json.loads((small_run / "split.json").read_text())["test"]
    volumes = [one.n_volumes for one in small_store.recordings if one.id in tested]
    assert [problem.where.split(": ")[1] for problem in caught.value.problems] == tested
    assert [problem.expected for problem in caught.value.problems] == [f"at least {n + 1} volumes" for n in volumes]
    assert not (tmp_path / "table").exists()
