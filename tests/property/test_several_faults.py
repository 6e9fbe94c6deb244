"""Recordings with several faults at a time: an onset is right, or the recording is refused; never another volume's."""

from __future__ import annotations

from typing import Any

import pytest
from tests.property.faulty_recordings import SFREQ, Recording, recording

from eeg2fmri.core.errors import InputError
from eeg2fmri.data.settings.first_volume import ClockConfig
from eeg2fmri.data.timing.volume_onsets import volume_onsets

#: The first ones, and some that were wrong once.
NUMBERS = (*range(250), 832, 1447, 1691, 1714)


def outcome(one: Recording, triggers: Any, said: dict[str, Any]) -> str:
    markers = {"Response/R128": one.markers()}
    try:
        found = volume_onsets(
            markers, one.volumes(), SFREQ, ClockConfig(triggers=triggers, **said), one.span(), where="x"
        )
    except InputError:
        return "refused"
    if not len(one.wrong(found)):
        return "right"
    return "like a sound one" if one.alike(found) else "wrong"


@pytest.mark.parametrize("triggers", ["error", "repair", "trim"])
def test_several_faults_never_give_a_volume_other_samples(triggers: str) -> None:
    """With nothing said, and with the true word on the first marker."""
    counted: dict[str, list[tuple[int, bool]]] = {}
    for number in NUMBERS:
        one = recording(number)
        for said in filter(None, [{"count_from": None}, one.said()]):
            counted.setdefault(outcome(one, triggers, said), []).append((number, len(said) > 0))
    assert counted.get("wrong", []) == []
    assert len(counted["right"]) > (8 if triggers == "error" else 100)
    assert len(counted.get("like a sound one", ())) < 0.06 * len(NUMBERS)
