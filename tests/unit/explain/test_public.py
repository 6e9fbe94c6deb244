"""Names of the package are there, and cost nothing until they are used."""

import subprocess
import sys

import pytest

import eeg2fmri.explain


def test_every_public_name_is_there():
    assert set(eeg2fmri.explain.__all__) == set(dir(eeg2fmri.explain))
    for name in eeg2fmri.explain.__all__:
        assert callable(getattr(eeg2fmri.explain, name))
    with pytest.raises(AttributeError, match="nothing"):
        eeg2fmri.explain.nothing  # noqa: B018


def test_the_command_is_described_without_torch():
    code = "import sys, eeg2fmri.explain, eeg2fmri.cli.commands.eeg.explain; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
