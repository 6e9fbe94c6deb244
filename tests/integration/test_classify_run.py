"""From simulated groups to scores on the command line's own functions, in a folder that can be gone on with."""

import csv
import json

import nibabel
import numpy as np
import pytest

from eeg2fmri.classify import classify_run
from eeg2fmri.classify.methods.frame import GroupFrame
from eeg2fmri.core.errors import CheckpointError, ConfigError, InputError, StoreError
from eeg2fmri.data.features.recentring import Recentring

SETTINGS = {
    "folds": 3,
    "inner_folds": 2,
    "bootstraps": 50,
    "permutations": 100,
    "refits": 2,
    "refit_folds": 2,
    "methods": ["view", "untrained view", "spectrogram", "band power", "majority"],
    "view": {"training": {"epochs": 1, "pairs": 8, "batch_size": 8}},
}


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    from eeg2fmri.data.eeg_only.prepare import prepare_eeg_only
    from eeg2fmri.simulate.groups.write import GroupsConfig, simulate_groups

    folder = tmp_path_factory.mktemp("groups")
    config = GroupsConfig(
        subjects=6,
        seconds=20.0,
        sfreq=100.0,
        electrodes=("F3", "F4", "C3", "C4", "P3", "P4", "O1", "O2"),
        regions=12,
        site_confound=1.0,
        site_effect=0.3,
        age_confound=60,
    )
    return prepare_eeg_only(simulate_groups(folder / "bids", config), folder / "store").path


@pytest.fixture(scope="module")
def result(small_run, store, tmp_path_factory):
    folder = tmp_path_factory.mktemp("classified") / "result"
    return folder, classify_run(small_run, store, folder, SETTINGS, keep_models=True)


def test_every_method_is_scored_on_every_subject(result):
    folder, found = result
    scores = json.loads((folder / "scores.json").read_text())
    assert list(scores["methods"]) == SETTINGS["methods"]
    for method in scores["methods"].values():
        assert set(method["subject"]) == {"balanced_accuracy", "auc", "sensitivity", "specificity", "f1"}
        assert method["calibration"]["window"]["brier"] >= 0
        assert len(method["choices"]) == 3
    assert scores["methods"]["view"]["permutation"]["refits"] == 2
    assert scores["verdict"] == found.verdict
    assert "EEG itself" in found.verdict
    assert "untrained" in found.verdict
    rows = list(csv.DictReader((folder / "predictions.csv").read_text().splitlines()))
    assert len(rows) == 5 * len(found.data.labels)
    assert {row["subject"] for row in rows} == {f"0{k}" for k in range(1, 7)}
    assert all(abs(float(r["p_control"]) + float(r["p_patient"]) - 1) < 1e-5 for r in rows)
    assert len(list(csv.DictReader((folder / "subjects.csv").read_text().splitlines()))) == 5 * 6


def test_what_was_done_to_the_recordings_is_said(result):
    notes = "\n".join(result[1].notes)
    assert "interpolated by spherical splines" in notes
    assert "rows of 1.5 s" in notes
    assert "'site' differs between the classes" in notes or "'age' differs between the classes" in notes


def test_decisions_are_explained_in_the_place_of_the_voxels(result, small_run):
    from eeg2fmri.models.saving.hub import load

    folder, _ = result
    card = load(small_run).card
    image = nibabel.load(folder / "explanation" / "class-patient_desc-view_relevance.nii.gz")
    assert image.shape == card.grid
    np.testing.assert_allclose(image.affine, card.affine)
    with np.load(folder / "explanation" / "relevance.npz") as arrays:
        assert arrays["eeg"].shape == (2, 1, 12, len(card.frequencies), 4)
        share = np.abs(arrays["eeg"][0]).sum()
    assert 0 < share <= 1 + 1e-5
    electrodes = list(csv.DictReader((folder / "explanation" / "electrodes.csv").read_text().splitlines()))
    assert [row["electrode"] for row in electrodes] == list(card.electrodes)
    summary = json.loads((folder / "explanation" / "summary.json").read_text())
    assert -1 <= summary["stability"]["view"]["patient"] <= 1


def test_the_model_card_says_what_it_is_not(result):
    text = (result[0] / "MODEL_CARD.md").read_text()
    assert "not a medical device" in text
    assert "| view |" in text


def test_models_of_folds_load_again_and_give_what_was_written(result):
    import torch

    from eeg2fmri.models.saving.hub import load

    folder, found = result
    fold = json.loads(str(np.load(folder / "folds" / "fold-000.npz")["facts"]))
    model = load(folder / "models" / "fold-000" / "class-patient").model
    own = found.data.of(fold["test"])
    with torch.inference_mode():
        p = torch.sigmoid(model(torch.from_numpy(found.data.features["windows"][own])).logit[:, 0]).numpy()
    np.testing.assert_allclose(p, found.probability["view"][own, 1], atol=1e-5)


def test_a_classification_goes_on_where_it_was_stopped_and_any_number_of_processes_gives_the_same(
    result, small_run, store, tmp_path
):
    _, whole = result
    settings = {**SETTINGS, "refits": 0}

    def stop(what, done, total):
        if what == "Folds" and done == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        classify_run(small_run, store, tmp_path / "cut", settings, progress=stop)
    (kept,) = (tmp_path / "cut" / "folds").glob("fold-*.npz")
    before = kept.stat().st_mtime_ns
    again = classify_run(small_run, store, tmp_path / "cut", settings, n_jobs=2)
    assert kept.stat().st_mtime_ns == before
    for name, probability in again.probability.items():
        np.testing.assert_array_equal(probability, whole.probability[name], err_msg=name)
    with pytest.raises(InputError, match="another classification"):
        classify_run(small_run, store, tmp_path / "cut", {**settings, "seed": 5})


@pytest.fixture(scope="module")
def recommended_run(small_store, small_settings, tmp_path_factory):
    from eeg2fmri.train.run import train_run

    settings = {
        "model": {"preset": "recommended", "components": 6},
        "pairs": {"window": 4, "eeg": "amplitude", "target": "dynamics"},
        "split": small_settings["split"],
        "accelerator": "cpu",
        "epochs": 0,
    }
    return train_run(small_store, tmp_path_factory.mktemp("recommended") / "run", settings).run


def test_a_recommended_synthesiser_lends_its_view_and_the_truth_stands_beside_its_explanation(
    recommended_run, store, tmp_path
):
    settings = {**SETTINGS, "view": {"strengths": [0.01]}, "explain_windows": 3}
    found = classify_run(recommended_run, store, tmp_path / "result", settings, keep_models=True)
    folder = tmp_path / "result"
    assert list(found.methods) == SETTINGS["methods"]
    assert found.methods["view"]["permutation"]["refits"] == 2
    assert "Band amplitudes" in (folder / "MODEL_CARD.md").read_text()
    with np.load(folder / "explanation" / "relevance.npz") as arrays:
        assert arrays["eeg"].shape == (2, 1, 12, 3, 4)
        assert arrays["frequencies"].tolist() == [6.0, 10.5, 21.5]
    truth = json.loads((folder / "explanation" / "truth.json").read_text())
    assert list(truth["groups"]) == ["patient"]
    for method in ("view", "untrained view"):
        parts = truth["groups"]["patient"][method]
        assert 0 <= parts["view"]["value"] <= 1
        assert 0 < parts["view"]["p"] <= 1
        # electrodes that were interpolated have no truth of their own
        known = set(found.data.electrodes) & {"F3", "F4", "C3", "C4", "P3", "P4", "O1", "O2"}
        value = parts["electrodes"]["value"]
        assert value is None if len(known) < 3 else -1 <= value <= 1
        assert parts["frequencies"]["value"] in (0.0, 0.5, 1.0)
    assert any(note.startswith("Explanation and truth of patient") for note in found.notes)
    # what a fold keeps goes from the amplitudes of the test subjects to what was written
    import torch

    from eeg2fmri.models.saving.hub import load

    fold = json.loads(str(np.load(folder / "folds" / "fold-000.npz")["facts"]))
    model = load(folder / "models" / "fold-000" / "class-patient").model
    own = found.data.of(fold["test"])
    recentring = Recentring(model.whitener.numpy(), model.amplitude_mean.numpy(), model.amplitude_std.numpy())
    with torch.inference_mode():
        logit = model(torch.from_numpy(GroupFrame(recentring).windows(found.data.features["rows"][own]))).logit[:, 0]
    np.testing.assert_allclose(torch.sigmoid(logit).numpy(), found.probability["view"][own, 1], atol=1e-4)


def test_a_recommended_synthesiser_has_no_encoder_to_train(recommended_run, store, tmp_path):
    with pytest.raises(ConfigError, match="no encoder to train"):
        classify_run(recommended_run, store, tmp_path / "a", {**SETTINGS, "view": {"encoder": "anew"}})
    assert not (tmp_path / "a").exists()


def test_wrong_folders_are_refused(small_run, small_store, store, tmp_path):
    with pytest.raises(StoreError, match="not an eeg2fmri EEG-only store"):
        classify_run(small_run, small_store, tmp_path / "a")
    with pytest.raises(CheckpointError):
        classify_run(tmp_path, store, tmp_path / "a")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").touch()
    with pytest.raises(InputError, match="no classification"):
        classify_run(small_run, store, tmp_path / "full")
    assert not (tmp_path / "a").exists()
