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


@pytest.mark.parametrize(("stated", "from_header", "told"), [
    (2000.0, 2.0, "sidecar 2000 s, header 2 s: the sidecar is in milliseconds"),
    (2.0, 2000.0, "sidecar 2 s, header 2000 s: the header is in milliseconds"),
    (2018.0, 2.0, "sidecar 2018 s, header 2 s: the sidecar is in milliseconds"),
    (2022.0, 2.0, "sidecar 2022 s, header 2 s"),
    (1.982, 2000.0, "sidecar 1.982 s, header 2000 s: the header is in milliseconds"),
    (1.978, 2000.0, "sidecar 1.978 s, header 2000 s"),
    (2.0, 2.5, "sidecar 2 s, header 2.5 s"),
])  # fmt: skip
def test_times_that_differ_by_a_thousand(stated: float, from_header: float, told: str) -> None:
    with pytest.raises(InputError) as caught:
        repetition_time(from_header, {"RepetitionTime": stated}, where="a.nii")
    (problem,) = caught.value.problems
    assert (problem.what, problem.got, problem.expected) == (
        "the TR in sidecar and header disagree", told, "the same time in both",
    )  # fmt: skip


class Header:
    """What nibabel gives, with values that a file can hold and nibabel does not write."""

    def __init__(self, zooms: tuple[float, ...], unit: str | None = "sec") -> None:
        self.zooms, self.unit = zooms, unit

    def get_zooms(self) -> tuple[float, ...]:
        return self.zooms

    def get_xyzt_units(self) -> tuple[str, str]:
        if self.unit is None:
            raise KeyError(99)
        return "mm", self.unit


@pytest.mark.parametrize(
    ("zooms", "unit", "tr"),
    [
        ((3, 3, 3), "sec", None), ((3, 3, 3, 2.0, 1), "sec", 2.0), ((3, 3, 3, np.nan), "sec", None),
        ((3, 3, 3, -2.0), "sec", None), ((3, 3, 3, 2.0), None, 2.0), ((3, 3, 3, 1.0), None, None),
        ((3, 3, 3, 0.5), "hz", 0.5), ((3, 3, 3, np.float32(2.16)), "sec", 2.16), ((3, 3, 3, 0.25), "sec", 0.25),
        ((3, 3, 3, 2.1234567), "sec", 2.123457),
    ],
)  # fmt: skip
def test_headers_that_say_little(zooms: tuple[float, ...], unit: str | None, tr: float | None) -> None:
    assert header_tr(Header(zooms, unit)) == tr
