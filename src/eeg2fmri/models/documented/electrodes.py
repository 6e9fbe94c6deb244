"""Electrodes of two recordings matched by name."""

from __future__ import annotations

from eeg2fmri.core.config import Config


class ElectrodeNames(Config):
    """Names of the electrodes that a synthesiser was trained with, and of those in front of it now.

    Attributes
    ----------
    trained, recorded : tuple of str
        In the order of the channels. Compared without case.
    """

    trained: tuple[str, ...]
    recorded: tuple[str, ...]

    def common(self) -> list[tuple[int, int]]:
        """Return (recorded channel, trained channel) of every electrode that is in both."""
        places = {name.strip().casefold(): i for i, name in enumerate(self.recorded)}
        named = ((places.get(name.strip().casefold()), i) for i, name in enumerate(self.trained))
        return [(recorded, trained) for recorded, trained in named if recorded is not None]

    def selection(self) -> list[int] | None:
        """Return the recorded channel of every trained electrode, or None if one of them was not recorded."""
        common = self.common()
        return [recorded for recorded, _ in common] if len(common) == len(self.trained) else None
