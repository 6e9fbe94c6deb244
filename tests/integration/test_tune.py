"""A search on a small store: validation decides, the test part is not read, the result is a file that train takes."""

import json
import shutil
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from optuna.trial import FixedTrial

from eeg2fmri.core.errors import ConfigError, InputError
from eeg2fmri.data.splits.make import SplitConfig, make_split
from eeg2fmri.data.store.store import Store
from eeg2fmri.models.presets import model_config
from eeg2fmri.models.registry import build
from eeg2fmri.train.config import TrainConfig
from eeg2fmri.train.run import train_run
from eeg2fmri.tune import search
from eeg2fmri.tune.config import TuneConfig
from eeg2fmri.tune.search import inner_splits, tune
from eeg2fmri.tune.space import architectures, suggest

FAST = ("learning_rate", "channels", "projection")


@pytest.fixture
def base(small_settings):
    return {key: value for key, value in small_settings.items() if key != "epochs"}


def test_the_best_settings_of_a_search_train(small_store, base, tmp_path):
    config = TuneConfig(base=base, vary=FAST, trials=3, epochs=1, pruning=False)
    found = tune(small_store, tmp_path / "study", config)
    done = [trial for trial in found.trials if trial["state"] == "complete"]
    assert len(done) == 3
    assert found.score == min(trial["score"] for trial in done)
    settings = TrainConfig.read(found.config)
    best = min(done, key=lambda trial: trial["score"])
    assert settings.optimiser.learning_rate == best["params"]["learning_rate"]
    result = train_run(small_store, tmp_path / "run", settings.model_dump(mode="json"))
    assert result.fitted.history[0]["validation_reconstruction"] == found.score
    assert not list((tmp_path / "study").glob("trial-*"))


def test_a_study_goes_on_where_it_stood(small_store, base, tmp_path):
    for trials in (1, 2):
        found = tune(small_store, tmp_path, TuneConfig(base=base, vary=FAST, trials=trials, epochs=1))
    assert [trial["number"] for trial in found.trials] == [0, 1]


WORKER = """
import json, sys
from eeg2fmri.tune import search
from eeg2fmri.tune.config import TuneConfig
from eeg2fmri.tune.search import tune

store, folder, seed, values = sys.argv[1:]
config = TuneConfig.make({**json.loads(values), "seed": int(seed)})
for name, storage in (("journal", None), ("database", f"sqlite:///{folder}/study.db")):
    tune(store, f"{folder}/{name}", config, storage=storage)
"""


def test_a_journal_whose_last_line_was_cut_off_goes_on(small_store, base, tmp_path):
    tune(small_store, tmp_path / "study", {"base": base, "vary": FAST, "trials": 1, "epochs": 1})
    journal = tmp_path / "study" / "journal.log"
    whole = journal.read_bytes()
    journal.write_bytes(whole + b'{"op_code": 4, "wor')
    found = tune(small_store, tmp_path / "study", {"base": base, "vary": FAST, "trials": 2, "epochs": 1})
    assert len(found.trials) == 2
    lines = journal.read_bytes()
    assert lines.startswith(whole)
    assert all(isinstance(json.loads(line), dict) for line in lines.splitlines())
    journal.write_bytes(whole[:100] + b"\n" + whole[100:])
    with pytest.raises(InputError, match="journal of the study is damaged"):
        tune(small_store, tmp_path / "study", {"base": base, "vary": FAST, "trials": 3, "epochs": 1})


def test_two_workers_share_one_study_by_a_file_or_by_a_database(small_store, base, tmp_path):
    values = json.dumps({"base": base, "vary": FAST, "trials": 4, "epochs": 1})
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", WORKER, str(small_store), str(tmp_path), seed, values],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for seed in ("1", "2")
    ]
    said = [worker.communicate(timeout=550)[0] for worker in workers]
    assert [worker.returncode for worker in workers] == [0, 0], said
    for name in ("journal", "database"):
        trials = json.loads((tmp_path / name / "trials.json").read_text())
        # a worker that has begun a trial ends it, so there can be one more than asked for
        assert 4 <= len(trials) <= 5
        assert [trial["number"] for trial in trials] == list(range(len(trials)))
        # each worker draws from its own seed, and both draw in one study
        assert len({trial["params"]["learning_rate"] for trial in trials}) == len(trials)
        scores = [trial["score"] for trial in trials if trial["state"] == "complete"]
        best = TrainConfig.read(tmp_path / name / "best.yaml")
        rates = [trial["params"]["learning_rate"] for trial in trials if trial["score"] == min(scores)]
        assert best.optimiser.learning_rate in rates
        assert not list((tmp_path / name).glob("*.part"))


def test_a_search_never_reads_the_test_subjects(small_store, base, tmp_path, monkeypatch):
    monkeypatch.setattr("eeg2fmri.data.store.store.touched_problems", lambda *_: [])  # or the store would be refused
    poisoned = shutil.copytree(small_store, tmp_path / "store")
    for name in make_split(Store.open(small_store), SplitConfig(seed=1)).test:
        for file in ("bold.npy", "eeg.npy"):
            array = np.load(poisoned / name / file)
            np.save(poisoned / name / file, np.full_like(array, np.nan))
    config = TuneConfig(base=base, vary=FAST, trials=1, epochs=1)
    found = [tune(store, tmp_path / name, config).score for name, store in (("a", small_store), ("b", poisoned))]
    assert found[0] == found[1]


def test_a_trial_that_is_worse_than_the_others_ends_early(small_store, base, tmp_path, monkeypatch):
    trained = []

    def pretended(store, folder, values, *, on_epoch, keep_weights):
        trained.append(0)
        history = []
        for epoch in range(1, 7):
            history.append({"epoch": epoch, search.SCORE: float(len(trained))})
            trained[-1] = epoch
            on_epoch(history[-1])
        return SimpleNamespace(interrupted=False, fitted=SimpleNamespace(history=history))

    monkeypatch.setattr(search, "train_run", pretended)
    found = tune(small_store, tmp_path / "on", TuneConfig(base=base, vary=FAST, trials=8, epochs=6))
    # the first five are what the others are compared with
    assert trained == [6, 6, 6, 6, 6, 1, 1, 1]
    assert [trial["state"] for trial in found.trials] == ["complete"] * 5 + ["pruned"] * 3
    assert found.score == 1
    trained.clear()
    tune(small_store, tmp_path / "off", TuneConfig(base=base, vary=FAST, trials=8, epochs=6, pruning=False))
    assert trained == [6] * 8


def test_settings_that_the_model_lacks_are_named_before_the_search(small_store, tmp_path):
    config = TuneConfig(base={"model": {"preset": "recommended"}}, vary=("learning_rate", "head", "latent"))
    with pytest.raises(ConfigError, match="head, latent"):
        tune(small_store, tmp_path / "study", config)
    assert not (tmp_path / "study").exists()


def test_a_search_over_the_recommended_model_gives_its_whole_training(small_store, tmp_path):
    base = {"model": {"preset": "recommended", "components": 5}, "pairs": {"window": 6}, "split": {"seed": 1}}
    config = TuneConfig(base=base, vary=("learning_rate", "batch_size"), trials=1, epochs=1)
    settings = TrainConfig.read(tune(small_store, tmp_path / "study", config).config)
    assert (settings.pairs.eeg, settings.pairs.window, settings.loss.voxels) == ("rows", 6, "brain")
    assert settings.epochs == 1


def test_inner_folds_hold_every_subject_out_once_and_leave_the_test_subjects_alone(small_store):
    store = Store.open(small_store)
    outer = make_split(store, SplitConfig(seed=1))
    test = {name.split("_")[0].removeprefix("sub-") for name in outer.test}
    folds = inner_splits(store, SplitConfig(seed=1), 2, seed=0)
    held = [set(fold.validation) for fold in folds]
    assert set.union(*held) | test == {recording.subject for recording in store.recordings}
    assert not set.intersection(*held)
    assert all(set(fold.test) == test for fold in folds)
    with pytest.raises(InputError, match="fewer subjects"):
        inner_splits(store, SplitConfig(seed=1), 3, seed=0)


def test_the_mean_over_inner_folds_decides(small_store, base, tmp_path):
    found = tune(small_store, tmp_path / "s", TuneConfig(base=base, vary=FAST, trials=1, epochs=1, folds=2))
    scores = []
    for number, split in enumerate(inner_splits(Store.open(small_store), SplitConfig(seed=1), 2, seed=0)):
        values = TrainConfig.read(found.config).model_dump(mode="json")
        values["split"] = split.model_dump(mode="json")
        result = train_run(small_store, tmp_path / f"fold{number}", values)
        scores.append(result.fitted.history[0]["validation_reconstruction"])
    assert found.score == pytest.approx(sum(scores) / 2, rel=1e-9)


@pytest.mark.parametrize("head", ["dense", "low_resolution"])
@pytest.mark.parametrize("style", ["none", "attention", "prior"])
def test_every_suggestion_builds(head, style):
    eeg_shape, volume_shape = (12, 36, 4), (9, 11, 8)
    names = [list(architectures(shape, name, 3, 0)) for shape, name in ((eeg_shape, "eeg"), (volume_shape, "fmri"))]
    trial = FixedTrial(
        {
            "learning_rate": 1e-3,
            "weight_decay": 1e-4,
            "channels": 2,
            "latent": 3,
            "batch_size": 8,
            "dropout": 0.2,
            "projection": "random_fourier",
            "style": style,
            "head": head,
            "eeg_na_spec": names[0][-1],
            "fmri_na_spec": names[1][0],
        }
    )
    values = TrainConfig.make(suggest(trial, TuneConfig(generated=3), eeg_shape, volume_shape))
    model = build(model_config(values.model, eeg_shape, volume_shape))
    assert model.config.latent_shape == (3, 3, 3)
    assert model.config.encoder.blocks.weight_decay == 1e-4


def test_published_architectures_that_fit_are_offered_by_name():
    assert len(architectures((64, 134, 10), "eeg", 0, 0)) == 15
    assert list(architectures((12, 36, 4), "eeg", 1, 0)) == ["eeg-2 scaled", "generated-0"]


def test_a_wrong_setting_of_the_search_is_named():
    with pytest.raises(ConfigError, match="trials"):
        TuneConfig.make({"trials": 0})


def test_a_search_without_a_completed_trial_says_why(small_store, base, tmp_path):
    wrong = {**base, "optimiser": {"clip_norm": 1e-3}, "pairs": {"window": 400}}
    with pytest.raises(InputError, match="shorter than one window"):
        tune(small_store, tmp_path, TuneConfig(base=wrong, vary=FAST, trials=1, epochs=1))
