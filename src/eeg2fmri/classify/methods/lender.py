"""The synthesiser that lends its view."""

from __future__ import annotations

from pathlib import Path

from torch import nn

from eeg2fmri.core.errors import CheckpointError
from eeg2fmri.models.capabilities import LendsView
from eeg2fmri.models.saving.hub import Loaded, load
from eeg2fmri.predict.synthesizer import Synthesizer


def load_lender(folder: str | Path) -> tuple[Loaded, LendsView]:
    """Load a run, and check that its model makes volumes of EEG.

    Raises
    ------
    CheckpointError
        If it cannot be loaded, or is of a kind that lends no view.
    """
    loaded = load(folder)
    return loaded, _lends(loaded.model, str(folder))


def lender(
    given: str | Path | Synthesizer | LendsView,
) -> tuple[LendsView, tuple[str, ...] | None]:
    """Take a synthesiser in any form, and the names of its electrodes (None if not known).

    Raises
    ------
    CheckpointError
        If it cannot be loaded, or is of a kind that lends no view.
    """
    if isinstance(given, LendsView):
        card = getattr(given, "card", None)
        return given, None if card is None else card.electrodes or None
    loaded = given.loaded if isinstance(given, Synthesizer) else load(given)
    where = repr(given) if isinstance(given, Synthesizer) else str(given)
    return _lends(loaded.model, where), loaded.card.electrodes or None


def _lends(model: nn.Module, where: str) -> LendsView:
    if not isinstance(model, LendsView):
        raise CheckpointError(
            "this kind of model lends no view",
            where=where,
            got=type(model).__name__,
            expected="a synthesiser (model preset 'documented' or 'recommended')",
            hint="train one:  eeg2fmri train STORE RUN",
        )
    return model
