import logging
import os
import subprocess
import sys
from dataclasses import dataclass

import pytest

from eeg2fmri.core.errors import ConfigError
from eeg2fmri.core.log import Verbose, collected, logger, note, set_log_level, tells, use_log_level


@dataclass
class Result:
    notes: tuple[str, ...]


@tells
def work(inside: str, *kept: str, verbose: Verbose = None) -> Result:
    """Note one thing, and keep others."""
    note(inside)
    logger.info("a step")
    return Result((inside, *kept))


def test_notes_are_logged_once_and_collected(caplog: pytest.LogCaptureFixture) -> None:
    with collected() as outer:
        work("a", "b")
    assert outer == ["a", "b"] == [record.getMessage() for record in caplog.records]


@pytest.mark.parametrize(
    ("verbose", "told"),
    [(True, ["a", "a step"]), ("info", ["a", "a step"]), (None, ["a"]), (False, []), (logging.CRITICAL, [])],
)
def test_verbose_is_the_level_of_one_call(verbose: Verbose, told: list[str], caplog: pytest.LogCaptureFixture) -> None:
    before = logger.level
    assert work("a", verbose=verbose).notes == ("a",)
    assert [record.getMessage() for record in caplog.records] == told
    assert logger.level == before


def test_notes_are_collected_whatever_the_level() -> None:
    with use_log_level("CRITICAL"), collected() as notes:
        note("a")
    assert notes == ["a"]


def test_unknown_level_is_refused() -> None:
    with pytest.raises(ConfigError, match="LOUD"):
        set_log_level("LOUD")


@pytest.mark.parametrize(("level", "told"), [("INFO", "eeg2fmri: a\neeg2fmri: b"), ("", "eeg2fmri: b"), ("ERROR", "")])
def test_level_comes_from_the_environment_and_lines_go_to_standard_error(level: str, told: str) -> None:
    code = "from eeg2fmri.core.log import logger; logger.info('a'); logger.warning('b')"
    environment = {**os.environ, **({"EEG2FMRI_LOGGING_LEVEL": level} if level else {})}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert done.stderr.strip() == told
