"""Say whether a score could be something else than the activity of the brain: what all controls found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

from eeg2fmri.results.files import as_float, defined
from eeg2fmri.results.scores.control import Control, combined
from eeg2fmri.results.scores.method import SIGNIFICANT, upper

#: Key among the facts of an evaluation.
CONTROLS = "controls"
#: Name of the control that takes out all that is known at once.
ALL_KNOWN = "all_known"


@dataclass(frozen=True)
class Controls:
    """All controls of an evaluation.

    Attributes
    ----------
    rows : tuple of Control
    p_values : mapping of recording to float
        Of the model's r in the places that are looked at, against surrogates of the prediction.
    places : str
        Which voxels are looked at, in words.
    voxels : int
    told : bool or None
        Whether the evaluation claims that the EEG tells something of the BOLD; None where controls stand by themselves,
        and the p values say so.
    """

    rows: tuple[Control, ...]
    p_values: Mapping[str, float]
    places: str
    voxels: int
    told: bool | None = None

    @property
    def informative(self) -> bool:
        """Whether there is something to explain: one test decides that for the claims and for the controls."""
        if self.told is not None:
            return self.told
        return bool(self.p_values) and combined(list(self.p_values.values())) <= SIGNIFICANT

    @property
    def biting(self) -> tuple[Control, ...]:
        """Controls that could explain the score; none where there is no score to explain."""
        rows = [row for row in self.rows if row.bites and row.kind != "template"]
        single = [row for row in rows if row.kind == "known" and row.name != ALL_KNOWN]
        # all together tell something only where none does so by itself
        return tuple(row for row in rows if not single or row.name != ALL_KNOWN) if self.informative else ()

    @property
    def could_be(self) -> str:
        """List what the score could be, as in "motion or the task"; empty where no control bites."""
        names = list(dict.fromkeys(row.could_be for row in self.biting))
        return _listed(names, "or") if names else ""

    @property
    def sentence(self) -> str:
        """Say in one sentence whether the score could be something else than the activity of the brain."""
        looked = [row for row in self.rows if row.available]
        if not self.informative:
            return "There is no score beyond chance for which something else than the brain could be the reason."
        if self.biting:
            return f"The score could be {self.could_be}. {self.biting[0].sentence}"
        absent = [row.label for row in self.rows if not row.available]
        told = f"None of {len(looked)} controls explains the score"
        return f"{told}; not known: {_listed(absent, 'and')}." if absent else f"{told}."

    @property
    def warnings(self) -> tuple[str, ...]:
        """One sentence or two for each control that a reader has to be told of."""
        if not self.informative:
            return tuple(_of_connectivity(row) for row in self.rows if row.kind == "template" and row.bites)
        found = []
        for row in self.rows:
            if row.kind == "template" and row.bites:
                found.append(_of_connectivity(row))
            elif row in self.biting:
                found.append(f"The score could be {row.could_be}. {row.sentence}")
            elif row.told and not row.bites:
                found.append(f"{upper(row.could_be)} alone reaches as much as the model. {row.sentence}")
        return tuple(found)

    def to_dict(self) -> dict[str, Any]:
        """Give everything as JSON values."""
        return {
            "sentence": self.sentence,
            "informative": self.informative,
            "places": self.places,
            "voxels": self.voxels,
            "p_values": {name: defined(value) for name, value in self.p_values.items()},
            "rows": [row.to_dict() for row in self.rows],
        }

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Self:
        """Rebuild from `to_dict`."""
        return cls(
            rows=tuple(Control.from_dict(row) for row in content["rows"]),
            p_values={str(name): as_float(value) for name, value in content["p_values"].items()},
            places=str(content["places"]),
            voxels=int(content["voxels"]),
            told=bool(content["informative"]),
        )

    @classmethod
    def pooled(cls, parts: Sequence[Controls]) -> Controls:
        """Put the controls of several folds together: each recording was tested once."""
        rows = []
        for row in parts[0].rows:
            same = [one for part in parts for one in part.rows if one.name == row.name]
            recordings = {name: found for one in same for name, found in one.recordings.items()}
            rows.append(replace(row, recordings=recordings, reason="" if recordings else row.reason))
        p_values = {name: p for part in parts for name, p in part.p_values.items()}
        return cls(tuple(rows), p_values, parts[0].places, max(part.voxels for part in parts))


def _of_connectivity(row: Control) -> str:
    return f"The connectivity could be {row.could_be}. {row.sentence}"


def _listed(names: Sequence[str], word: str) -> str:
    return f"{', '.join(names[:-1])} {word} {names[-1]}" if len(names) > 1 else names[0]
