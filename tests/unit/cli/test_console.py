"""Progress where there is no terminal, and tables."""

from eeg2fmri.cli.console import progress_bar, table


def test_a_task_is_named_once_when_it_is_done(capsys):
    with progress_bar() as progress:
        for k in range(1, 4):
            progress(f"Epoch {k}/3, loss 0.5", k, 3)
        progress("Saving", 1, 2)
    assert capsys.readouterr().err == "Epoch 3/3, loss 0.5: done\n"


def test_a_table_shows_every_cell(capsys):
    table("Scores", ["model", "r"], [["ridge [weak]", "0.31"], ["ours", "-0.02"]], caption="median")
    shown = capsys.readouterr().out
    for words in ("Scores", "ridge [weak]", "0.31", "-0.02", "median"):
        assert words in shown
