"""Which columns of a table hold numbers."""

import pytest

from eeg2fmri.core.columns import columns_of_words, of_words

MINUS = "\N{MINUS SIGN}"


@pytest.mark.parametrize(
    "cells",
    [
        ["0.543", f"{MINUS}0.1", "\N{EN DASH}"],
        ["p = 0.001", "p < 0.001", "no test"],
        ["0.5 to 0.7", "not defined"],
        ["0.543 (0.509 to 0.577)", "0.1 [0, 1]", "39 %", "7.7 MB", "12 min", "3 x 4 x 5", "1e-05"],
    ],
)
def test_numbers_with_units_and_gaps_are_numbers(cells):
    assert not of_words(cells)


@pytest.mark.parametrize(
    "cells", [["No", "Not known: 24 regressors"], ["own BOLD"], ["0.49, ridge regression"], ["sub-01"], ["1", "none"]]
)
def test_words_are_words_also_beside_numbers(cells):
    assert of_words(cells)


def test_the_first_column_names_the_rows():
    assert columns_of_words([("1", "2", "x"), ("3", "4", "5")]) == [True, False, True]
    assert columns_of_words([]) == []
