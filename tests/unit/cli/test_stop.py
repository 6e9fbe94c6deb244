"""A request of the system to stop ends every command, with its own status, and leaves nothing half written."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from eeg2fmri.cli import main as main_module
from eeg2fmri.cli.main import run
from eeg2fmri.core.progress import silent


@pytest.fixture
def command(monkeypatch):
    """Let the command line be one function (function)."""

    def take(function):
        app = typer.Typer()
        app.command()(function)
        monkeypatch.setattr(main_module, "app", app)

    return take


def asked_to_stop(*_, **__):
    """Return what a training gives that SIGTERM ended (TrainResult)."""
    from eeg2fmri.train.run import TrainResult
    from eeg2fmri.train.steps.loop import Fitted

    return TrainResult(
        Path("run"), Fitted(history=[], best_epoch=0, weights={}, stopped="asked", signal=signal.SIGTERM)
    )


@pytest.fixture(autouse=True)
def not_ignored():
    """Start from the signals of a terminal: tests run by nohup, or in the background, inherit ignored ones."""
    signals = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
    before = {one: signal.getsignal(one) for one in signals}
    for one in signals:
        if before[one] is signal.SIG_IGN:
            signal.signal(one, signal.default_int_handler if one is signal.SIGINT else signal.SIG_DFL)
    yield
    for one, handler in before.items():
        signal.signal(one, handler)


@pytest.mark.parametrize(("name", "status"), [("SIGTERM", 143), ("SIGHUP", 129), ("SIGINT", 130)])
def test_a_stop_removes_what_is_half_written(command, tmp_path, capsys, name, status):
    from eeg2fmri.core.disk.files import whole_file, whole_folder

    def work() -> None:
        with whole_folder(tmp_path / "out") as folder, whole_file(tmp_path / "file.txt") as part:
            (folder / "half").write_text("half")
            part.write_text("half")
            os.kill(os.getpid(), getattr(signal, name))

    command(work)
    before = signal.getsignal(getattr(signal, name))
    assert run([]) == status
    assert list(tmp_path.iterdir()) == []
    assert signal.getsignal(getattr(signal, name)) is before
    told = capsys.readouterr().err
    assert ("interrupted" if name == "SIGINT" else name) in told
    assert "Traceback" not in told


def test_a_signal_that_is_ignored_stays_ignored(command, tmp_path):
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        command(lambda: os.kill(os.getpid(), signal.SIGHUP))
        assert run([]) == 0
    finally:
        signal.signal(signal.SIGHUP, before)


def test_an_error_that_a_stop_brings_about_is_no_traceback(command, capsys):
    def work() -> None:
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGTERM)
        raise AssertionError("an empty stack")

    command(work)
    assert run([]) == 143
    told = capsys.readouterr().err
    assert "SIGTERM" in told
    assert "empty stack" not in told


def test_a_stop_within_code_that_was_run_from_a_text_keeps_its_status():
    """Python marks a `KeyboardInterrupt` that leaves such code, and ends as if by Ctrl-C; libraries have some."""
    code = """
import contextlib, signal, sys
from eeg2fmri.cli.stop import Stoppable
with Stoppable() as stop, contextlib.suppress(KeyboardInterrupt):
    exec("signal.raise_signal(signal.SIGTERM)")
sys.exit(stop.status)
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 143


def test_ctrl_c_before_or_after_the_command_shows_no_traceback():
    code = "import signal, eeg2fmri.__main__; signal.raise_signal(signal.SIGINT)"
    # in the background signals may be ignored
    ended = subprocess.run(
        [sys.executable, "-c", f"import signal; signal.signal(signal.SIGINT, signal.default_int_handler); {code}"],
        check=False,
        capture_output=True,
        text=True,
    )
    assert (ended.returncode, ended.stderr) == (-signal.SIGINT, "")


def test_a_stop_after_the_work_while_the_logs_are_ended_is_no_traceback(command, monkeypatch, capsys):
    from eeg2fmri.cli.common import _logs

    command(lambda: None)
    _logs.callback(os.kill, os.getpid(), signal.SIGTERM)
    assert run([]) == 143
    told = capsys.readouterr().err
    assert "SIGTERM" in told
    assert "Traceback" not in told


def test_a_stop_within_the_closed_form_ends_the_training(small_store, tmp_path, monkeypatch, capsys):
    from eeg2fmri.models.recommended import model

    def stop(*_, **__):
        os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(model.Recommended, "fit_closed_form", stop)
    assert run(["train", str(small_store), str(tmp_path / "run"), "--preset", "recommended"]) == 143
    assert list(tmp_path.iterdir()) == []


def test_a_demo_that_is_stopped_ends_and_leaves_nothing(tmp_path, monkeypatch):
    from eeg2fmri.cli.commands import demo

    def study(out: Path, name: str, *_: object) -> None:
        (out / "data" / name).mkdir(parents=True)
        os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(demo, "_study", study)
    monkeypatch.setattr("joblib.cpu_count", lambda: 1)  # in this process
    assert run(["demo", str(tmp_path / "demo")]) == 143
    assert list(tmp_path.iterdir()) == []


def test_a_demo_whose_training_is_stopped_does_not_go_on(small_store, tmp_path, monkeypatch):
    from eeg2fmri.cli.commands import demo

    monkeypatch.setattr("eeg2fmri.train.run.train_run", asked_to_stop)
    before = signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        with pytest.raises(KeyboardInterrupt):
            demo._run(small_store, tmp_path / "run", {}, silent)
    finally:
        signal.signal(signal.SIGTERM, before)


@pytest.mark.parametrize("quiet", [[], ["--quiet"]])
@pytest.mark.parametrize(
    ("name", "used", "on"),
    [
        (["train"], "train.run", "--resume"),
        (["crossvalidate", "--folds", "3"], "crossvalidate.run", "the same command"),
        (["benchmark", "--models", "recommended"], "compare.run", "the same command"),
        (["tune", "--trials", "1"], "tune.search", ""),
    ],
)
def test_a_training_that_was_asked_to_stop_tells_by_which_signal(
    name, used, on, quiet, small_store, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(f"eeg2fmri.{used}.train_run", asked_to_stop)
    assert run([name[0], str(small_store), str(tmp_path / "run"), *name[1:], *quiet]) == 143
    told = capsys.readouterr().err
    assert "SIGTERM" in told
    assert on in told
    assert "Traceback" not in told
