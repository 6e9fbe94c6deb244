"""Progress where there is no terminal, and tables."""

import re

from eeg2fmri.cli.console import progress_bar, table


def test_a_task_is_named_once_when_it_is_done(capsys):
    with progress_bar() as progress:
        for k in range(1, 4):
            progress("Preparing", k, 3)
        progress("Saving", 1, 2)
    assert capsys.readouterr().err == "Preparing: done\n"


def test_every_epoch_has_a_line_with_the_time_left(capsys):
    with progress_bar() as progress:
        for step in range(1, 7):
            progress(f"Epoch {(step + 1) // 2}/3, loss 0.{step}, 20 pairs/s", step, 6)
    first, second, last = capsys.readouterr().err.splitlines()
    assert re.fullmatch(r"Epoch 1/3, loss 0\.2, 20 pairs/s, 0:00:0\d left", first)
    assert re.fullmatch(r"Epoch 2/3, loss 0\.4, 20 pairs/s, 0:00:0\d left", second)
    assert last == "Epoch 3/3, loss 0.6, 20 pairs/s: done"


def test_a_table_shows_every_cell(capsys):
    table("Scores", ["model", "r"], [["ridge [weak]", "0.31"], ["ours", "-0.02"]], caption="median")
    shown = capsys.readouterr().out
    for words in ("Scores", "ridge [weak]", "0.31", "-0.02", "median"):
        assert words in shown
