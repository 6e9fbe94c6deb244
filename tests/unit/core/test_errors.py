"""Errors show what, where, got, expected and the next step, and several problems at once."""

import pytest

from eeg2fmri.core.errors import (
    CheckpointError,
    ConfigError,
    Eeg2FmriError,
    InputError,
    LeakageError,
    Problem,
    ShapeError,
    StoreError,
    first_of,
)
from eeg2fmri.core.log import collected, note, use_log_level


def test_an_error_shows_all_its_parts():
    text = str(
        InputError("the file is truncated", where="a.nii", got="10 bytes", expected="20 bytes", hint="copy it again")
    )
    assert text.splitlines() == [
        "the file is truncated",
        "  where:    a.nii",
        "  got:      10 bytes",
        "  expected: 20 bytes",
        "  do:       copy it again",
    ]


def test_empty_parts_are_left_out():
    assert str(InputError("no pairs")) == "no pairs"


def test_several_problems_become_one_error_of_the_class_asked_for():
    error = InputError.of([Problem("one", "a"), Problem("two", "b")])
    assert isinstance(error, InputError)
    assert str(error).startswith("2 problems\none\n")
    assert [problem.where for problem in error.problems] == ["a", "b"]


def test_one_problem_is_not_counted():
    assert str(Eeg2FmriError.of([Problem("one", "a")])) == "one\n  where:    a"


def test_an_error_without_a_problem_is_a_defect():
    with pytest.raises(ValueError, match="at least one"):
        Eeg2FmriError.of([])


def test_the_first_of_many_things() -> None:
    assert first_of([], 3) == ""
    assert first_of(range(3), 3) == "0, 1, 2"
    assert first_of((name for name in "abcde"), 3) == "a, b, c and 2 more"


@pytest.mark.parametrize("kind", [InputError, LeakageError, ConfigError, ShapeError])
def test_errors_of_inputs_and_settings_are_value_errors(kind):
    assert issubclass(kind, ValueError)
    assert issubclass(kind, Eeg2FmriError)


@pytest.mark.parametrize("kind", [StoreError, CheckpointError])
def test_damaged_files_are_no_value_errors(kind):
    assert not issubclass(kind, ValueError)


def test_a_message_never_lists_everything():
    names = ", ".join(f"sub-{k:05d}" for k in range(40_000))
    text = str(InputError("files are missing", where=names, got=names, hint=names))
    assert len(text) < 8000
    assert "characters more" in text
    many = InputError.of(Problem(f"fault {k}", names, names) for k in range(40_000))
    assert len(str(many)) < 100_000
    assert "40000 problems" in str(many)
    assert "and 39980 other problems" in str(many)
    assert many.shortened
    assert len(many.problems) == 40_000


def test_a_note_never_lists_everything():
    with use_log_level("CRITICAL"), collected() as notes:
        note("x" * 100_000)
    assert len(notes[0]) < 3000
