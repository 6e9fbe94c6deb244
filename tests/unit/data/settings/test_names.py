"""Names of files in the settings are names that a file can have."""

import pytest

from eeg2fmri.core.errors import ConfigError
from eeg2fmri.data.prepare.run import PrepareConfig


@pytest.mark.parametrize("setting", ["derivatives", "atlas"])
@pytest.mark.parametrize("name", ["x" * 256, "\u00fc" * 128, "folder/" * 600])
def test_a_name_that_no_file_can_have_is_refused(setting, name):
    with pytest.raises(ConfigError, match="longer than the name of a file can be"):
        PrepareConfig.make({"bold": {setting: name}})
    assert PrepareConfig.make({"bold": {setting: f"folder/{'x' * 255}"}}).bold.model_dump()[setting]
