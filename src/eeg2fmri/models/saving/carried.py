"""Let a model carry its card and the statistics of its training group."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from eeg2fmri.data.pairs.scaling import GroupStatistics
    from eeg2fmri.models.saving.card import ModelCard


class CarriesCard:
    """What a loaded model knows of itself.

    Attributes
    ----------
    card : ModelCard or None
        What the model was loaded with, or what `save_pretrained` is to write; None of a model that was just built.
    statistics : GroupStatistics or None
        Of the training group.
    """

    card: ModelCard | None = None
    statistics: GroupStatistics | None = None
