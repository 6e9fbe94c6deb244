"""A recommended synthesiser that was saved before it had families of features still loads and computes."""

from pathlib import Path

import torch
from safetensors.torch import load_file

from eeg2fmri.models.saving.hub import load

FOLDER = Path(__file__).parent / "data" / "recommended_checkpoint"


def test_a_checkpoint_of_band_amplitudes_gives_the_volumes_that_it_gave_then():
    expected = load_file(FOLDER / "expected.safetensors")
    loaded = load(FOLDER)
    with torch.inference_mode():
        out = loaded.model(expected["x"])
    assert expected["volume"].std() > 0.1
    torch.testing.assert_close(out.volume, expected["volume"])
    torch.testing.assert_close(out.scale, expected["scale"])
    assert loaded.card.pairs.eeg == "amplitude"
    assert loaded.model.fitted
