from __future__ import annotations

from typing import Any

import nibabel
import numpy as np
import pytest

from eeg2fmri.core.errors import InputError
from eeg2fmri.data.timing.repetition_time import header_tr, repetition_time


def header(value: float, unit: str) -> nibabel.Nifti1Header:
    image = nibabel.Nifti1Image(np.zeros((2, 3, 4, 5), np.int16), np.eye(4))
    image.header.set_xyzt_units("mm", unit)
    image.header.set_zooms((1, 1, 1, value))
    return image.header


@pytest.mark.parametrize(
    ("value", "unit", "tr"),
    [
        (2.16, "sec", 2.16),
        (2160, "msec", 2.16),
        (2_160_000, "usec", 2.16),
        (2.16, "unknown", 2.16),
        (1, "sec", 1.0),
        (1, "unknown", None),
        (0, "sec", None),
    ],
)
def test_the_header_in_its_unit(value: float, unit: str, tr: float | None) -> None:
    assert header_tr(header(value, unit)) == tr


def test_sidecar_and_header_agree() -> None:
    assert repetition_time(2.16, {"RepetitionTime": 2.16}) == (2.16, ())
    assert repetition_time(2.1604, {"RepetitionTime": 2.16}) == (2.16, ())


def test_one_is_enough_but_the_user_is_told() -> None:
    assert repetition_time(None, {"RepetitionTime": 2}) == (2.0, ("the header gives no TR: 2 s is that of the other",))
    assert repetition_time(1.5, {})[0] == 1.5
    assert "sidecar gives no TR" in repetition_time(1.5, {})[1][0]


@pytest.mark.parametrize(
    ("from_header", "sidecar", "what"),
    [
        (2.0, {"RepetitionTime": 2.5}, r"disagree(.|\n)*sidecar 2.5 s, header 2 s"),
        (1.28, {"RepetitionTime": 1280.0}, "the sidecar is in milliseconds"),
        (1280.0, {"RepetitionTime": 1.28}, "the header is in milliseconds"),
        (None, {"RepetitionTime": 1280.0}, r"implausible(.|\n)*milliseconds"),
        (1280.0, {"RepetitionTime": 1280.0}, "implausible"),
        (None, {}, "neither the sidecar nor the header"),
        (2.0, {"RepetitionTime": "2"}, "not a positive number"),
        (2.0, {"RepetitionTime": True}, "not a positive number"),
        (2.0, {"RepetitionTime": -2}, "not a positive number"),
        (2.0, {"RepetitionTime": float("nan")}, "not a positive number"),
        (2.0, {"RepetitionTime": [2.0]}, "not a positive number"),
    ],
)
def test_what_cannot_be_settled_is_an_error(from_header: float | None, sidecar: dict[str, Any], what: str) -> None:
    with pytest.raises(InputError, match=what) as caught:
        repetition_time(from_header, sidecar, where="sub-01_bold.nii.gz")
    assert "sub-01_bold.nii.gz" in str(caught.value)


def test_the_users_word_settles_it() -> None:
    assert repetition_time(1.28, {"RepetitionTime": 1280.0}, override=1.28) == (1.28, ())
