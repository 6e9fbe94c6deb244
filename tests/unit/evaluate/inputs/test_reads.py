"""The record of how often the test recordings were read."""

from types import SimpleNamespace

import pytest

from eeg2fmri.core.errors import CheckpointError
from eeg2fmri.evaluate.inputs.reads import reading_note, record_reading


def run(weights: str) -> SimpleNamespace:
    """Return what is said of a run (SimpleNamespace)."""
    split = SimpleNamespace(label="one split", test=("sub-01_task-rest",))
    return SimpleNamespace(store=SimpleNamespace(hash="h"), loaded=SimpleNamespace(digest=weights), split=split)


def test_every_reading_is_kept_and_told(tmp_path):
    first = record_reading(run("a"), tmp_path / "evaluation", 3)
    assert reading_note(first) == ""
    assert {key: first[0][key] for key in ("seed", "weights", "recordings", "protocol", "store_hash")} == {
        "seed": 3,
        "weights": "a",
        "recordings": ["sub-01_task-rest"],
        "protocol": "one split",
        "store_hash": "h",
    }
    again = record_reading(run("a"), tmp_path / "evaluation", 3)
    assert "read 2 times by this run, with the same weights" in reading_note(again)
    other = record_reading(run("b"), tmp_path / "evaluation", 3)
    assert "read 3 times by this run, with 2 versions of the weights" in reading_note(other)


@pytest.mark.parametrize("content", ["{", "3", '""', "{}", '[{"seed": Infinity}]', '[{"recordings": NaN}]', "[1]"])
def test_a_damaged_record_is_told(tmp_path, content):
    (tmp_path / "reads.json").write_text(content)
    with pytest.raises(CheckpointError, match=r"record of earlier evaluations is damaged(.|\n)*reads.json"):
        record_reading(run("a"), tmp_path, 0)
    assert (tmp_path / "reads.json").read_text() == content
