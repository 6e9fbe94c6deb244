"""Work that ends early leaves what is finished, and nothing else."""

import resource
import signal

import pytest

from eeg2fmri.core.disk.files import OutputError
from eeg2fmri.core.errors import InputError
from eeg2fmri.data.prepare.run import prepare
from eeg2fmri.evaluate import run as evaluation_module
from eeg2fmri.evaluate.run import evaluate_run


class Stopped(KeyboardInterrupt):
    pass


def test_an_interrupted_preparation_keeps_what_is_finished(small_bids, small_store, tmp_path):
    def stop(what, done, total):
        if what == "Preparing" and done == 2:
            raise Stopped

    with pytest.raises(Stopped) as told:
        prepare(small_bids, tmp_path / "store", progress=stop)
    assert "2 finished recordings are kept" in told.value.__notes__[0]
    (left,) = tmp_path.iterdir()
    assert sorted(path.name for path in left.iterdir() if path.is_dir()) == ["sub-01_task-rest", "sub-02_task-rest"]
    made = []
    again = prepare(small_bids, tmp_path / "store", progress=lambda *state: made.append(state))
    assert [done for what, done, _ in made if what == "Preparing"] == [3]
    assert again.hash == prepare_hash(small_store)
    assert [path.name for path in tmp_path.iterdir()] == ["store"]


def prepare_hash(path):
    from eeg2fmri.data.store.store import Store

    return Store.open(path).hash


def test_an_interrupted_preparation_with_nothing_finished_leaves_nothing(small_bids, tmp_path, monkeypatch):
    from eeg2fmri.data.prepare import run as module

    def stop(*_):
        raise Stopped

    monkeypatch.setattr(module, "convert", stop)
    with pytest.raises(Stopped):
        prepare(small_bids, tmp_path / "store")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("settings", [{"eeg": {"clean": {"resample": 1e12}}}, {"grid": [10**6, 10**6, 10**6]}])
def test_a_preparation_that_does_not_fit_is_refused_before_it_begins(small_bids, tmp_path, settings):
    with pytest.raises(Exception, match=r"more memory than there is|too little space") as told:
        prepare(small_bids, tmp_path / "store", settings)
    assert "grid" in str(told.value) or "resample" in str(told.value)
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def own_run(small_run, tmp_path):
    import shutil

    return shutil.copytree(small_run, tmp_path / "run", ignore=shutil.ignore_patterns("evaluation", "*.lock"))


def test_an_interrupted_evaluation_leaves_its_record_alone(own_run, small_store):
    def stop(what, done, total):
        if (own_run / "evaluation").is_dir() and list((own_run / "evaluation").glob(".part-*/*_map.nii.gz")):
            raise Stopped

    before = {path.name for path in own_run.iterdir()}
    with pytest.raises(Stopped):
        evaluate_run(own_run, small_store, progress=stop)
    # the test recordings were read, and that is not forgotten
    assert [path.name for path in (own_run / "evaluation").iterdir()] == ["reads.json"]
    assert {path.name for path in own_run.iterdir()} == before | {"evaluation"}


def test_an_evaluation_that_cannot_write_keeps_its_scores(own_run, small_store, tmp_path, monkeypatch):
    import tempfile

    from eeg2fmri.results.scores.evaluation import Evaluation

    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    write = evaluation_module.write_recordings

    def full(*arguments):
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        try:
            write(*arguments)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))

    monkeypatch.setattr(evaluation_module, "write_recordings", full)
    with pytest.raises(OutputError, match="is kept in") as told:
        evaluate_run(own_run, small_store)
    (kept,) = (tmp_path / "temporary").iterdir()
    assert str(kept) in str(told.value)
    assert Evaluation.read(kept).verdict
    assert [path.name for path in (own_run / "evaluation").iterdir()] == ["reads.json"]


def test_an_explanation_that_cannot_write_is_kept(small_run, small_store, tmp_path, monkeypatch):
    import tempfile

    from eeg2fmri.explain.run import explain_run
    from eeg2fmri.results.explanation import Explanation

    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))

    def gone(what, done, total):
        for made in tmp_path.glob(".out.part-*/made"):
            made.rmdir()

    with pytest.raises(OutputError, match="is kept in") as told:
        explain_run(small_run, small_store, tmp_path / "out", {"windows": 1, "passes": 0, "checks": 0}, progress=gone)
    (kept,) = (tmp_path / "temporary").iterdir()
    assert str(kept) in str(told.value)
    assert Explanation.read(kept).subjects
    assert [path.name for path in tmp_path.iterdir()] == ["temporary"]


def test_two_evaluations_at_once_end_in_a_line(own_run, small_store):
    from eeg2fmri.core.disk.lock import locked

    with locked(own_run / "evaluation", "x"), pytest.raises(InputError, match="under way in another process"):
        evaluate_run(own_run, small_store)


@pytest.mark.parametrize("name", ["model.pt2", "model.onnx"])
def test_an_export_on_a_full_disk_is_told_and_leaves_nothing(small_run, tmp_path, name):
    """In a process of its own: the writer of torch used to end it."""
    import os

    child = os.fork()
    if not child:
        status = 1
        try:
            from eeg2fmri.predict.export import export_run

            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))
            export_run(small_run, tmp_path / name)
        except OutputError as error:
            status = 0 if name in str(error) and "larger than the file system" in str(error) else 2
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert list(tmp_path.iterdir()) == []


def test_an_export_that_does_not_fit_is_refused_before_it_begins(small_run, tmp_path, monkeypatch):
    import shutil
    from types import SimpleNamespace

    from eeg2fmri.predict.export import export_run

    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1000))
    with pytest.raises(OutputError, match=r"too little space(.|\n)*1.0 kB free"):
        export_run(small_run, tmp_path / "model.pt2")


def with_volumes(bids, place, change):
    import shutil

    import nibabel
    import numpy as np

    shutil.copytree(bids, place)
    path = place / "sub-01" / "func" / "sub-01_task-rest_bold.nii.gz"
    image = nibabel.load(path)
    volumes = np.asarray(image.dataobj).copy()
    change(volumes)
    nibabel.Nifti1Image(volumes, image.affine, image.header).to_filename(path)
    return place


def test_volumes_of_one_value_are_told_and_most_of_them_refused(small_bids, tmp_path):
    def two(volumes):
        volumes[..., [7, 12]] = 0

    store = prepare(with_volumes(small_bids, tmp_path / "two", two), tmp_path / "store")
    assert any("one value alone" in text and "7, 12" in text for text in store.recordings[0].quality["warnings"])
    assert not any("one value alone" in text for text in store.recordings[1].quality["warnings"])

    def most(volumes):
        volumes[..., 10:] = 0

    with pytest.raises(InputError, match=r"most volumes hold one value(.|\n)*sub-01_task-rest_bold"):
        prepare(with_volumes(small_bids, tmp_path / "most", most), tmp_path / "none")
    assert not (tmp_path / "none").exists()
