"""A comparison: one table, gone on with after a kill, refused where a test recording was used."""

import json
import pickle

import pytest

from eeg2fmri.compare import run as module
from eeg2fmri.compare.folder import run_folder, stage
from eeg2fmri.compare.run import compare
from eeg2fmri.core.errors import Eeg2FmriError, InputError, LeakageError, Problem
from eeg2fmri.data.pairs.scaling import group_statistics
from eeg2fmri.models.saving.hub import load, save
from eeg2fmri.report import write_benchmark
from eeg2fmri.results.comparison import Compared
from eeg2fmri.results.training import History

MODELS = ("recommended", "e2fnet")


class Killed(BaseException):
    pass


@pytest.fixture(scope="module")
def compared(five, tmp_path_factory):
    """A comparison that was killed in the second model, and gone on with."""
    folder = tmp_path_factory.mktemp("compared") / "table"
    settings = {"epochs": 2, "split": {"train": 2, "validation": 1, "test": 2, "seed": 0}, "accelerator": "cpu"}
    trained, real = [], module.train_run

    def killed(store, run, given, **how):
        def after(row):
            if run.name == "e2fnet":
                raise Killed

        return real(store, run, given, on_epoch=after, **how)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "train_run", killed)
        with pytest.raises(Killed):
            compare(five, folder, MODELS, settings, device="cpu")
        assert [stage(run_folder(folder, name)) for name in MODELS] == ["trained", "begun"]
        patch.setattr(module, "train_run", lambda *given, **how: trained.append(given[1].name) or real(*given, **how))
        done = compare(five, folder, MODELS, settings, device="cpu")
    return folder, settings, trained, done


def test_what_is_trained_is_not_trained_again_and_a_killed_one_goes_on(compared):
    folder, _, trained, _ = compared
    assert trained == ["e2fnet"]
    assert History.read(run_folder(folder, "e2fnet")).epochs.tolist() == [1, 2]


def test_the_table_has_scores_and_costs_of_all(compared):
    folder, _, _, done = compared
    labels = [method.label for method in done.evaluation.methods if method.role == "model"]
    assert labels == ["recommended", "E2fNet"]
    scores = json.loads((folder / "scores.json").read_text())
    assert scores["comparison"]["protocol"] == "one protocol"
    costs = Compared.of_facts(done.evaluation.facts).cost
    parameters = sum(one.numel() for one in load(run_folder(folder, "e2fnet")).model.parameters())
    assert costs["E2fNet"]["parameters"] == parameters
    assert costs["E2fNet"]["multiply_adds"] > parameters
    assert costs["E2fNet"]["epochs"] == 2
    assert costs["recommended"]["epochs"] == 0
    for one in costs.values():
        assert one["seconds_a_volume"] > 0
        assert one["training_seconds"] > 0
        assert one["peak_memory_mb"] > 10
    page = write_benchmark(folder).read_text()
    assert "What each model costs" in page
    assert "one protocol in place of the published one" in page


def test_a_comparison_of_other_settings_is_refused(compared, five):
    folder, settings, _, _ = compared
    with pytest.raises(InputError, match="setting epochs of e2fnet"):
        compare(five, folder, MODELS, {**settings, "epochs": 3}, device="cpu")
    with pytest.raises(InputError, match="another seed"):
        compare(five, folder, MODELS, settings, device="cpu", seed=5)


def test_statistics_of_test_people_are_refused(compared, five):
    folder, settings, _, _ = compared
    run = run_folder(folder, "e2fnet")
    loaded = load(run)
    everyone = group_statistics(five, range(5))
    save(run, loaded.model, loaded.card, everyone)
    try:
        with pytest.raises(LeakageError, match="training recordings"):
            compare(five, folder, MODELS, settings, device="cpu")
    finally:
        save(run, loaded.model, loaded.card, loaded.statistics)


def test_models_can_be_trained_by_other_processes(five, quick, tmp_path, monkeypatch):
    sent = []

    def elsewhere(work, jobs, n_jobs):
        for arguments in jobs:
            sent.append(n_jobs)
            function, moved = pickle.loads(pickle.dumps((work, arguments)))
            yield function(*moved)

    monkeypatch.setattr(module, "run_jobs", elsewhere)

    models = []

    class Bar:
        def __call__(self, *told):
            if told[0] == "Models":
                models.append(told[1:])

        def __reduce__(self):
            raise TypeError("a bar cannot be sent")

    compare(five, tmp_path / "table", ["e2fnet"], {**quick, "epochs": 1}, n_jobs=2, progress=Bar(), device="cpu")
    assert sent == [2]
    assert models == [(0, 1), (1, 1)]


def test_a_model_that_diverges_has_no_row_and_a_reason(five, quick, tmp_path, monkeypatch):
    real = module.train_run

    def diverging(store, run, given, **how):
        if run.name == "e2fnet":
            raise Eeg2FmriError("the loss is not finite", hint="lower optimiser.learning_rate")
        return real(store, run, given, **how)

    monkeypatch.setattr(module, "train_run", diverging)
    done = compare(five, tmp_path / "table", MODELS, quick, device="cpu")
    assert done.left_out == {"e2fnet": "the loss is not finite: lower optimiser.learning_rate"}
    assert [one.label for one in done.evaluation.methods if one.role == "model"] == ["recommended"]
    assert "e2fnet has no row: the loss is not finite" in write_benchmark(tmp_path / "table").read_text()


def test_a_folder_of_something_else_is_refused(five, quick, tmp_path):
    (tmp_path / "mine").mkdir()
    with pytest.raises(InputError, match="holds no comparison"):
        compare(five, tmp_path / "mine", MODELS, quick, device="cpu")


def test_a_model_of_another_split_or_size_is_refused_before_it_is_trained(compared, five):
    folder, settings, _, _ = compared
    split = {**settings["split"], "seed": 7}
    with pytest.raises(InputError, match="another split of recommended than e2fgan would have") as told:
        compare(five, folder, ["e2fgan"], {**settings, "split": split}, device="cpu")
    assert "'seed': 7" in str(told.value)
    with pytest.raises(InputError, match="another size of published models"):
        compare(five, folder, ["recommended"], settings, size="published", device="cpu")


def test_a_model_that_is_added_stands_beside_those_that_are_there(compared, five):
    folder, settings, _, _ = compared
    done = compare(five, folder, ["e2fgan"], {**settings, "epochs": 1}, device="cpu")
    labels = [one.label for one in done.evaluation.methods if one.role == "model"]
    assert labels == ["E2fGAN", "recommended", "E2fNet"]
    found = Compared.of_facts(done.evaluation.facts)
    assert set(found.cost) == set(labels)
    assert set(found.changed) == {"E2fGAN", "E2fNet"}
    assert "Target" in found.changed["E2fNet"]


def test_a_training_that_was_left_unfinished_is_named(five, quick, tmp_path, monkeypatch):
    real = module.train_run

    def killed(store, run, given, **how):
        def after(row):
            raise Killed

        return real(store, run, given, on_epoch=after, **how)

    monkeypatch.setattr(module, "train_run", killed)
    with pytest.raises(Killed):
        compare(five, tmp_path / "table", ["e2fnet"], quick, device="cpu")
    monkeypatch.setattr(module, "train_run", real)
    done = compare(five, tmp_path / "table", ["recommended"], quick, device="cpu")
    assert "name it too" in done.left_out["e2fnet"]


def test_settings_of_a_training_that_failed_can_be_mended_in_the_same_folder(five, quick, tmp_path, monkeypatch):
    real = module.train_run

    def failing(store, run, given, **how):
        problems = [Problem("a tensor has the wrong shape", f"file.pth: {n}", "(2,)", "(3,)", "mend it") for n in "ab"]
        raise InputError.of(problems)

    monkeypatch.setattr(module, "train_run", failing)
    with pytest.raises(InputError, match="no model could be trained") as told:
        compare(five, tmp_path / "table", ["e2fnet"], {**quick, "batch_size": 7}, device="cpu")
    for said in ("file.pth: a", "file.pth: b", "(3,)", "mend it"):
        assert said in str(told.value)
    monkeypatch.setattr(module, "train_run", real)
    done = compare(five, tmp_path / "table", ["e2fnet"], quick, device="cpu")
    assert done.evaluation is not None
