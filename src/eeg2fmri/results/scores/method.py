"""The rows and columns of a table of scores: methods and metrics."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Role = Literal["model", "null", "baseline", "ceiling"]

#: Largest p value that is called significant.
SIGNIFICANT = 0.05
#: Difference of temporal r that counts.
DIFFERENCE = 0.01


def upper(text: str) -> str:
    """Begin a sentence with a capital letter."""
    return text[:1].upper() + text[1:]


def reachable(cases: int) -> bool:
    """Tell whether a test of so many equally likely cases can be significant at all."""
    return cases * SIGNIFICANT >= 1


def least_p(cases: int, of: str, more: str) -> str:
    """Say what p cannot be below where a test has few equally likely cases, and what to do where nothing can pass it.

    Examples
    --------
    >>> least_p(6, "5 refits", "give 19 or more")
    'with 5 refits p cannot be below 1/6, so that nothing can be significant (p <= 0.05): give 19 or more'
    >>> least_p(32, "5 test subjects", "test on more")
    'with 5 test subjects p cannot be below 1/32'
    """
    text = f"with {of} p cannot be below 1/{cases}"
    return text if reachable(cases) else f"{text}, so that nothing can be significant (p <= {SIGNIFICANT}): {more}"


@dataclass(frozen=True)
class Method:
    """A row of the table.

    Attributes
    ----------
    name : str
        Key in files: ``model`` for the judged one.
    label : str
        What a reader calls it.
    sees : str
        What it is given of a test recording: "nothing", "own BOLD", "EEG", or "EEG at the wrong time"; a ceiling is
        given "the truth".
    role : {"model", "null", "baseline", "ceiling"}
    """

    name: str
    label: str
    sees: str
    role: Role = "baseline"

    @property
    def title(self) -> str:
        """The label as it starts a line."""
        return upper(self.label)


@dataclass(frozen=True)
class Metric:
    """A score.

    Attributes
    ----------
    name : str
        Key in files.
    label : str
        What a reader calls it.
    unit : str
        Empty for a ratio.
    higher_is_better : bool
    protocol : str
        How it is computed on one recording. A subject's score is the mean over the subject's recordings, the pooled
        score the mean over subjects.
    decimals : int or None
        Of the score in a table; None where tables leave it out.
    """

    name: str
    label: str
    unit: str
    higher_is_better: bool
    protocol: str
    decimals: int | None = None

    @property
    def title(self) -> str:
        """The label as it starts a line."""
        return upper(self.label)

    @property
    def axis(self) -> str:
        """Label of an axis that shows it."""
        return f"{self.title} ({self.unit or 'dimensionless'})"
