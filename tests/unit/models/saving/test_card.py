from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pytest

from eeg2fmri.core.errors import CheckpointError, ConfigError
from eeg2fmri.data.pairs.windows import PairConfig
from eeg2fmri.data.settings.prepare import PrepareConfig
from eeg2fmri.models.saving.card import ModelCard


def test_survives_json_to_the_last_bit(synthesizer_card):
    again = ModelCard.make(json.loads(json.dumps(synthesizer_card.model_dump(mode="json"))))
    assert again == synthesizer_card
    assert again.frequencies[2] == 3 / 2.16
    assert again.affine[2][3] == 1 / 3


def test_of_store_takes_what_the_store_knows(synthesizer_config):
    store = SimpleNamespace(
        path="store",
        electrodes=("A", "B", "C", "D", "E"),
        frequencies=np.arange(1, 8) / 2.0,
        tr=2.0,
        grid=(6, 4, 3),
        affine=np.diag([2.0, 3.0, 4.0, 1.0]),
        space="native",
        sfreq=250.0,
        regions=(),
        elements="",
        config=PrepareConfig(n_bins=7),
    )
    card = ModelCard.of_store(store, synthesizer_config, PairConfig(window=4, lag=1))
    assert card.model == synthesizer_config.model_dump(mode="json")
    assert card.model["kind"] == "synthesizer"
    assert card.electrodes == store.electrodes
    assert card.prepare.n_bins == 7
    assert card.frequencies == tuple(store.frequencies)
    assert np.array_equal(np.asarray(card.affine), store.affine)
    assert (card.tr, card.grid, card.space, card.pairs.lag) == (2.0, (6, 4, 3), "native", 1)
    assert {"eeg2fmri", "torch", "numpy", "python", "safetensors"} <= set(card.versions)
    card.check_usable("run")


def test_every_entry_that_does_not_fit_the_model_is_named(synthesizer_config):
    with pytest.raises(ConfigError) as caught:
        ModelCard.of_model(
            synthesizer_config,
            electrodes=("A", "B"),
            pairs={"window": 9},
            grid=(6, 4, 4),
        )
    assert [problem.where for problem in caught.value.problems] == [
        "electrodes",
        "pairs.window",
        "grid",
    ]
    with pytest.raises(ConfigError, match="one frequency for each bin"):
        ModelCard.of_model(synthesizer_config, frequencies=(1.0, 2.0))


def test_doubled_electrodes_and_falling_frequencies_are_refused(synthesizer_config):
    with pytest.raises(ConfigError) as caught:
        ModelCard.of_model(
            synthesizer_config, electrodes=("A", "B", "A", "C", "D"), frequencies=(1.0, 2.0, 3.0, 5.0, 4.0, 6.0, 7.0)
        )
    assert [problem.where for problem in caught.value.problems] == ["electrodes", "frequencies"]


def test_window_and_grid_follow_from_the_model(synthesizer_config):
    card = ModelCard.of_model(synthesizer_config, pairs={"lag": 2})
    assert (card.pairs.window, card.pairs.lag, card.grid) == (4, 2, (6, 4, 3))


def test_what_is_not_known_is_named_before_use(synthesizer_config, synthesizer_card):
    card = ModelCard.of_model(synthesizer_config)
    assert card.unknown() == ("electrodes", "frequencies", "tr", "affine")
    with pytest.raises(CheckpointError, match="unknown: electrodes, frequencies, tr, affine") as caught:
        card.check_usable("folder")
    assert caught.value.problems[0].where == "folder"
    assert synthesizer_card.unknown() == ()


def test_unknown_entries_are_refused(synthesizer_config):
    with pytest.raises(ConfigError, match="unknown setting"):
        ModelCard.of_model(synthesizer_config, electrode=("A",))
