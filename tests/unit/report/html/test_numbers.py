"""Numbers read well and never lie about what they are not."""

from __future__ import annotations

import pytest

from eeg2fmri.report.html import numbers


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (0.12345, "0.123"),
        (-0.0999, "\N{MINUS SIGN}0.0999"),
        (9.999, "10.00"),
        (61.234, "61.2"),
        (12345.6, "12346"),
        (3e8, "3.00e+08"),
        (2e-6, "2.00e\N{MINUS SIGN}06"),
        (0.0, "0"),
        (float("nan"), "not defined"),
        (float("inf"), "infinite"),
    ],
)
def test_number(given, text):
    assert numbers.number(given) == text


def test_decimals_have_no_negative_zero():
    texts = [numbers.decimals(v) for v in (-0.00004, 0.12345, -1.5, float("nan"))]
    assert texts == ["0.000", "0.123", "\N{MINUS SIGN}1.500", "not defined"]
    assert numbers.correlation(-0.001) == "0.00"


def test_values_of_every_type():
    values = [True, None, 3, 0.5, "a", [1, 2.5], {"a": False}, [], {}]
    assert [numbers.value(v) for v in values] == ["yes", "none", "3", "0.500", "a", "1, 2.50", "a no", "none", "none"]


def test_p_values_and_durations():
    assert [numbers.p_value(p) for p in (0.0004, 0.0123, float("nan"))] == ["p < 0.001", "p = 0.012", "p not known"]
    assert [numbers.duration(s) for s in (7.3, 300, 9000, float("nan"))] == ["7.3 s", "5 min", "2.5 h", "not known"]
    assert [numbers.plural(1, "shift"), numbers.plural(2, "shift")] == ["1 shift", "2 shifts"]
