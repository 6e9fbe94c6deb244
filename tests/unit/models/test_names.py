import pytest

import eeg2fmri.models


def test_old_name_of_the_network_goes_on_with_a_warning() -> None:
    with pytest.warns(FutureWarning, match="use SynthesizerNetwork"):
        old = eeg2fmri.models.Synthesizer
    assert old is eeg2fmri.models.SynthesizerNetwork
    with pytest.raises(AttributeError):
        _ = eeg2fmri.models.Nothing
