import json
import shutil
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from eeg2fmri.core.errors import CheckpointError, InputError
from eeg2fmri.core.progress import silent
from eeg2fmri.data.pairs.windows import PairConfig
from eeg2fmri.evaluate import benchmark as module
from eeg2fmri.evaluate.benchmark import benchmark
from eeg2fmri.evaluate.inputs.fit import fit_baselines
from eeg2fmri.evaluate.inputs.methods import common_targets, simple_pairs
from eeg2fmri.evaluate.inputs.open_run import open_run
from eeg2fmri.models.baselines.kinds.band_power_ridge import HaemodynamicRidge, LaggedBandPowerRidge
from eeg2fmri.models.saving.hub import load, save

TESTED = ("sub-04_task-a", "sub-05_task-a", "sub-05_task-b")


@pytest.fixture
def two_runs(make_run, tmp_path):
    """Runs of one split, the second with a lag, so that its first target comes later."""
    first = make_run()
    second = tmp_path / "second"
    shutil.copytree(first, second)
    loaded = load(second)
    card = loaded.card.model_copy(update={"pairs": PairConfig(window=4, lag=2, target="volume")})
    save(second, loaded.model, card, loaded.statistics)
    return {"ours": first, "theirs": second}


def test_all_models_and_baselines_on_the_same_volumes(two_runs, small_store, tmp_path, monkeypatch):
    seen = []
    of = module.Recording.of.__func__
    monkeypatch.setattr(module.Recording, "of", classmethod(lambda cls, *args: seen.append(of(cls, *args)) or seen[-1]))
    evaluation = benchmark(two_runs, small_store.path, tmp_path / "out")
    names = [method.name for method in evaluation.methods]
    assert names[:3] == ["model", "shifted_eeg", "model_2"]
    assert [method.label for method in evaluation.methods if method.role == "model"] == ["ours", "theirs"]
    assert [recording.targets[0] for recording in seen if recording.id in TESTED] == [3 + 4 + 2] * 3
    assert np.isfinite(evaluation.values[:, :, 0]).all()
    assert set(evaluation.pooled) >= {"model", "model_2", "group_mean_of_others"}
    scores = json.loads((tmp_path / "out" / "scores.json").read_text())
    assert scores["runs"] == {label: str(path) for label, path in two_runs.items()}
    assert (tmp_path / "out" / "scores.csv").is_file()
    for run in two_runs.values():
        assert len(json.loads((run / "evaluation" / "reads.json").read_text())) == 1


def test_common_targets(two_runs, small_store):
    opened = [open_run(path, small_store.path) for path in two_runs.values()]
    assert common_targets(opened, "sub-04_task-a").tolist() == list(range(9, 49))
    assert common_targets(opened[:1], "sub-04_task-a").tolist() == list(range(7, 49))


def test_runs_of_other_splits_are_refused(two_runs, small_store, tmp_path):
    path = two_runs["theirs"] / "split.json"
    split = json.loads(path.read_text())
    split["validation"], split["test"] = split["test"][:1], split["validation"]
    path.write_text(json.dumps(split))
    with pytest.raises(CheckpointError) as error:
        benchmark(two_runs, small_store.path, tmp_path / "out")
    assert "another validation part than ours" in str(error.value)
    assert "another test part than ours" in str(error.value)
    assert not (tmp_path / "out").exists()
    with pytest.raises(InputError, match="no run"):
        benchmark({}, small_store.path, tmp_path / "out")


def test_predictions_are_cut_at_their_beginning(two_runs, small_store):
    opened = [open_run(path, small_store.path) for path in two_runs.values()]
    recording = module.Recording.of(opened, "sub-04_task-a")
    np.testing.assert_array_equal(recording.truth, small_store.bold("sub-04_task-a")[9:])
    # the first run's predictions are of volumes 7 to 48
    assert recording.cut(np.arange(7, 49)).tolist() == recording.targets.tolist()


def test_simple_methods_keep_a_window_for_the_response_beside_a_model_of_one_tr(make_run, small_store):
    def with_windows(**pairs):
        card = opened.loaded.card.model_copy(update={"pairs": PairConfig(**pairs)})
        return replace(opened, loaded=replace(opened.loaded, card=card))

    opened = open_run(make_run(), small_store.path)
    assert simple_pairs(opened) == opened.loaded.card.pairs
    reaching = with_windows(window=1, lag=3)  # 8 s from the beginning of the window to the volume
    assert simple_pairs(reaching) == reaching.loaded.card.pairs
    opened = with_windows(window=1, lag=-1)
    simple = simple_pairs(opened)
    assert (simple.window, simple.lag) == (10, 0)
    fitted, not_fitted = fit_baselines(opened, [HaemodynamicRidge(), LaggedBandPowerRidge()], silent)
    assert not not_fitted
    assert common_targets([opened], "sub-04_task-a", simple).tolist() == list(range(13, 49))
    for _, ridge in fitted:
        assert len(ridge.predict(small_store, "sub-04_task-a")) == 36


def test_windows_stay_those_of_the_model_where_recordings_are_short(make_run, small_store):
    opened = open_run(make_run(), small_store.path)
    card = opened.loaded.card.model_copy(update={"pairs": PairConfig(window=1, lag=-1)})
    short = replace(opened.store.recordings[0], n_volumes=16)
    store = SimpleNamespace(tr=2.0, recordings=(short,))
    run = SimpleNamespace(store=store, loaded=SimpleNamespace(card=card))
    assert simple_pairs(run) == card.pairs
