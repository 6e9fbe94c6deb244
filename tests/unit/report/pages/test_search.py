"""The page of a search: best trial, every trial, what went wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from eeg2fmri.core.errors import InputError
from eeg2fmri.report import write_search_figure
from eeg2fmri.results.search import read_trials, write_trials

TRIALS = [
    {"number": 1, "state": "pruned", "score": None, "params": {"learning_rate": 0.01}, "error": "<script>no\nmore"},
    {"number": 0, "state": "complete", "score": 1.25, "params": {"learning_rate": 0.001, "latent": 7}, "error": ""},
    {"number": 2, "state": "complete", "score": 0.75, "params": {"learning_rate": 0.0004}, "error": ""},
]


def study(folder: Path, trials: object = TRIALS) -> Path:
    (folder / "trials.json").write_text(json.dumps(trials), encoding="utf-8")
    return folder


def test_page_tells_the_best_and_every_trial(tmp_path, methods_on):
    page = write_search_figure(study(tmp_path))
    assert page == tmp_path / "search.html"
    text = page.read_text(encoding="utf-8")
    assert "Trial 2 reached 0.7500; the first that was completed reached 1.250" in text
    assert "The last trial was the best" in text
    assert "3 trials with Optuna" in methods_on(text)
    assert "1 trial could not be trained" in text
    assert "&lt;script&gt;no" in text
    assert "<script>" not in text
    rows = text[text.index("<tbody>") :].split("<tr")[1:]
    assert [row.split('scope="row">')[1][0] for row in rows] == ["2", "0", "1"]
    assert 'class="strong"' in rows[0]


def test_trials_come_in_their_order_and_the_page_where_it_is_wanted(tmp_path):
    assert [trial.number for trial in read_trials(study(tmp_path))] == [0, 1, 2]
    assert write_search_figure(tmp_path, tmp_path / "other.html") == tmp_path / "other.html"
    assert not (tmp_path / "search.html").exists()


def test_trials_are_written_as_they_are_read(tmp_path):
    trials = read_trials(study(tmp_path))
    (tmp_path / "again").mkdir()
    write_trials(tmp_path / "again", trials)
    assert json.loads((tmp_path / "again" / "trials.json").read_text()) == [TRIALS[k] for k in (1, 0, 2)]


def test_refusals(tmp_path):
    with pytest.raises(InputError, match="holds no search"):
        write_search_figure(tmp_path)
    with pytest.raises(InputError, match="cannot be read"):
        write_search_figure(study(tmp_path, [{"number": 1}]))
    for trials in ([], TRIALS[:1]):
        with pytest.raises(InputError, match="no trial"):
            write_search_figure(study(tmp_path, trials))
