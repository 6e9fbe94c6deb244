"""Progress where there is no terminal, and tables."""

import logging

import pytest

from eeg2fmri.cli.console import ProgressLines, heard, logged, notes, progress_bar, table
from eeg2fmri.core.log import note, use_log_level
from eeg2fmri.core.progress import silent


class Clock:
    """A clock that the test moves."""

    now = 0.0

    def __call__(self):
        return self.now


def test_a_long_task_has_a_line_a_tenth():
    clock, lines = Clock(), []
    progress = ProgressLines(lines.append, clock)
    for step in range(1, 301):
        clock.now = 4.0 * step
        progress(f"Epoch {step}/300, loss 0.{step}", step, 300)
    assert len(lines) == 10
    assert lines[0] == "Epoch 30/300, loss 0.30: 10 %, 0:17:24 left"
    assert lines[-1] == "Epoch 300/300, loss 0.300: done"


def test_short_work_and_tasks_within_a_task_are_not_told_of():
    clock, lines = Clock(), []
    progress = ProgressLines(lines.append, clock)
    for step in range(1, 101):
        clock.now += 0.01
        progress("Reading headers", step, 100)
    assert not lines
    for fold in range(4):
        progress("Folds", fold, 4)
        for step in range(1, 1001):
            clock.now += 0.1
            progress("Epoch", step, 1000)
    progress("Folds", 4, 4)
    steps = ["25 %, 0:05:00 left", "50 %, 0:03:20 left", "75 %, 0:01:40 left", "done"]
    assert lines == [f"Folds: {step}" for step in steps]


def test_where_there_is_no_terminal_there_are_lines_not_bars(capsys):
    with progress_bar() as progress:
        progress("Preparing", 1, 2)
        progress("Preparing", 2, 2)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("level", "lines"),
    [("ERROR", 0), ("INFO", 4), ("DEBUG", 8)],
)
def test_verbose_tells_when_each_task_begins_and_ends(level, lines, capsys, monkeypatch):
    monkeypatch.setattr(logging.root, "handlers", [])  # those of pytest
    clock = Clock()
    progress = logged(silent, clock)
    with use_log_level(level):
        progress("Folds", 0, 2)
        for step in range(2):
            clock.now += 1.5
            progress(f"Epoch {step}", step, 1)
        progress("Folds", 2, 2)
    told = capsys.readouterr().err.splitlines()
    assert len(told) == lines
    assert ("eeg2fmri: Epoch 1: done in 1.5 s" in told) == (level != "ERROR")


def test_a_table_shows_every_cell(capsys):
    table("Scores", ["model", "r"], [["ridge [weak]", "0.31"], ["ours", "-0.02"]], caption="median")
    shown = capsys.readouterr().out
    for words in ("Scores", "ridge [weak]", "0.31", "-0.02", "median"):
        assert words in shown


def test_words_of_a_table_stand_at_the_left_and_numbers_at_the_right(capsys):
    rows = [["sub-01_task-rest", "1", "no markers"], ["sub-02", "150", "the EEG is shorter than its volumes"]]
    table("Left out", ["recording", "volumes", "reason"], rows)
    first, second = (line for line in capsys.readouterr().out.splitlines() if "sub-0" in line)
    assert first.index("no markers") == second.index("the EEG")
    assert first.index(" 1 ") + 1 == second.index("150") + 2


def test_a_table_that_is_too_wide_goes_on_beneath_and_no_number_is_cut(capsys, monkeypatch):
    monkeypatch.setattr("eeg2fmri.cli.console.WIDTH", 60)
    monkeypatch.setenv("COLUMNS", "60")
    heads = [f"temporal r, responsive {k}" for k in range(6)]
    name = "ridge on band power convolved with the haemodynamic response"
    table("Scores", ["method", *heads], [[name, *(f"{k}.12345678" for k in range(6))]], caption="median")
    shown = capsys.readouterr().out
    assert "\N{HORIZONTAL ELLIPSIS}" not in shown
    assert max(map(len, shown.splitlines())) == 60
    assert all(f" {k}.12345678 " in shown for k in range(6))
    assert shown.count(" ridge ") == shown.count(" method ") == 3
    assert shown.count("Scores") == shown.count("median") == 1


@pytest.mark.parametrize(("level", "said"), [("INFO", ""), ("ERROR", "note: twice\n"), (None, "note: twice\n")])
def test_a_note_is_said_once(level, said, capsys, monkeypatch):
    monkeypatch.setattr(logging.root, "handlers", [])
    if level is None:  # the log was not listened to
        note("twice")
        notes(["twice"])
    else:
        with use_log_level(level), heard():
            note("twice")
            notes(["twice"])
    assert capsys.readouterr().out == said
