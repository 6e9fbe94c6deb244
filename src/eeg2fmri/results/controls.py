"""Say whether a score could be something else than the activity of the brain: what the controls found."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from statistics import NormalDist
from typing import Any, Literal, Self

from eeg2fmri.results.files import as_float, defined

#: Key among the facts of an evaluation.
CONTROLS = "controls"
#: What a control is given.
Kind = Literal["exchanged", "known", "EEG", "others", "own BOLD", "template"]
#: Name of the control that takes out all that is known at once.
ALL_KNOWN = "all_known"
#: Share of r that may go with what is taken out before the rest is in doubt.
LEFT = 0.5
#: Largest p value of a score that is called more than chance.
SIGNIFICANT = 0.05


@dataclass(frozen=True)
class OfRecording:
    """What a control found in one test recording, NaN where it is not defined.

    Attributes
    ----------
    subject : str
    model : float
        r of the model; drifts are taken out of truth and prediction, as everywhere here.
    score : float
        r that the control reaches without the EEG of the recording, or with the EEG in the wrong place.
    p_value : float
        Of `score`, against circular time shifts.
    remaining : float
        r of the model after what the control knows was taken out of truth and prediction.
    volumes : int
        Volumes that were looked at.
    """

    subject: str
    model: float
    score: float = math.nan
    p_value: float = math.nan
    remaining: float = math.nan
    volumes: int = 0


@dataclass(frozen=True)
class Control:
    """One other explanation of a score.

    Attributes
    ----------
    name : str
        Key in files.
    label : str
        What a reader calls it.
    could_be : str
        What the score could be if the control bites, as in "could be motion".
    kind : {"exchanged", "known", "EEG", "others", "own BOLD", "template"}
        The same model with other EEG; what was recorded beside EEG and BOLD; other frequencies of the EEG; the BOLD of
        other people; the BOLD of the test recording itself; the connectivity of other people (`score` and `model` are
        similarities of connectivity then, no r over time).
    recordings : mapping of recording to OfRecording
        Those that it could be computed of.
    reason : str
        Why it could not be computed; empty where it could.
    """

    name: str
    label: str
    could_be: str
    kind: Kind
    recordings: Mapping[str, OfRecording] = field(default_factory=dict)
    reason: str = ""

    def filled(self, recordings: Mapping[str, OfRecording], reason: str = "") -> Control:
        """Add what was found in the recordings; the reason is for the case that nothing was."""
        return replace(self, recordings=recordings, reason="" if recordings else reason or self.reason)

    @property
    def available(self) -> bool:
        """Whether it could be computed of any test recording."""
        return bool(self.recordings)

    @property
    def model(self) -> float:
        """Mean r of the model in the same recordings, over subjects."""
        return _over_subjects(self.recordings.values(), "model")

    @property
    def score(self) -> float:
        """Mean r that the control reaches, over subjects; NaN where it only takes something out."""
        return _over_subjects(self.recordings.values(), "score")

    @property
    def p_value(self) -> float:
        """P value of `score`: those of the recordings, combined (Stouffer)."""
        return _combined([one.p_value for one in self.recordings.values()])

    @property
    def remaining(self) -> float:
        """Mean r of the model after the control was taken out of truth and prediction, over subjects."""
        return _over_subjects(self.recordings.values(), "remaining")

    @property
    def left(self) -> float:
        """Share of the model's r that the control does not explain; NaN where that is not defined.

        Where EEG is exchanged, what is left is what the model has more than the control; elsewhere what remains when
        the control is taken out.
        """
        if not self.model > 0:
            return math.nan
        if self.kind == "exchanged":
            return 1 - self.score / self.model if self._more_than_chance else 1.0
        return self.remaining / self.model

    @property
    def as_good(self) -> bool:
        """Whether it reaches, by more than chance, what the model reaches."""
        return self._more_than_chance and self.score >= self.model

    @property
    def bites(self) -> bool:
        """Whether the score could be this: more than half of r goes, or the control does as well as the model.

        What can be taken out of both sides explains a score only if the score goes with it, however much it reaches
        alone.
        """
        return self.left < LEFT if math.isfinite(self.left) else self.as_good

    @property
    def told(self) -> bool:
        """Whether a reader has to be told of it: it bites, or it reaches what the model reaches.

        A control that is given the BOLD of the test recording itself may well reach more than the model.
        """
        return self.bites or (self.as_good and self.kind != "own BOLD")

    @property
    def sentence(self) -> str:
        """Say what it found where a reader has to be told; empty elsewhere."""
        if not self.told:
            return ""
        of = "similarity" if self.kind == "template" else "r"
        alone = f"{self.label}: {of} {self.score:.3f}; the model: {self.model:.3f}"
        if self.kind == "exchanged":
            return f"{_upper(alone)}."
        found = [f"what is predicted from {alone}"] if self.as_good else []
        if math.isfinite(self.remaining):
            found.insert(0 if self.bites else 1, f"{self.without}, r {self.model:.3f} becomes {self.remaining:.3f}")
        return " ".join(f"{_upper(text)}." for text in found)

    @property
    def without(self) -> str:
        """What `remaining` is of, in words."""
        return self.label if self.name == "clean_windows" else f"without {self.label} in measured and predicted BOLD"

    @property
    def _more_than_chance(self) -> bool:
        return self.score > 0 and (self.p_value <= SIGNIFICANT or self.kind == "template")

    def to_dict(self) -> dict[str, Any]:
        """Give everything as JSON values; what is not defined is None."""
        of_recordings = {
            name: {key: defined(value) if isinstance(value, float) else value for key, value in asdict(one).items()}
            for name, one in self.recordings.items()
        }
        return {
            "name": self.name,
            "label": self.label,
            "could_be": self.could_be,
            "kind": self.kind,
            "available": self.available,
            "reason": self.reason,
            "bites": self.bites,
            "sentence": self.sentence,
            **{key: defined(getattr(self, key)) for key in ("model", "score", "p_value", "remaining", "left")},
            "n_recordings": len(self.recordings),
            "recordings": of_recordings,
        }

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Self:
        """Rebuild from `to_dict`."""
        recordings = {
            str(name): OfRecording(
                subject=str(one["subject"]),
                **{key: as_float(one[key]) for key in ("model", "score", "p_value", "remaining")},
                volumes=int(one["volumes"]),
            )
            for name, one in content["recordings"].items()
        }
        texts = {key: str(content[key]) for key in ("name", "label", "could_be", "reason")}
        return cls(recordings=recordings, kind=content["kind"], **texts)


@dataclass(frozen=True)
class Controls:
    """All controls of an evaluation.

    Attributes
    ----------
    rows : tuple of Control
    p_values : mapping of recording to float
        Of the model's r in the places that are looked at, against circular time shifts.
    places : str
        Which voxels are looked at, in words.
    voxels : int
    """

    rows: tuple[Control, ...]
    p_values: Mapping[str, float]
    places: str
    voxels: int

    @property
    def informative(self) -> bool:
        """Whether the model's r there is more than chance, so that there is something to explain."""
        return bool(self.p_values) and _combined(list(self.p_values.values())) <= SIGNIFICANT

    @property
    def biting(self) -> tuple[Control, ...]:
        """Controls that could explain the score; none where there is no score to explain."""
        rows = [row for row in self.rows if row.bites and row.kind != "template"]
        single = [row for row in rows if row.kind == "known" and row.name != ALL_KNOWN]
        # all together tell something only where none does so by itself
        return tuple(row for row in rows if not single or row.name != ALL_KNOWN) if self.informative else ()

    @property
    def sentence(self) -> str:
        """Say in one sentence whether the score could be something else than the activity of the brain."""
        looked = [row for row in self.rows if row.available]
        if not self.informative:
            return "There is no score beyond chance for which something else than the brain could be the reason."
        if self.biting:
            names = list(dict.fromkeys(row.could_be for row in self.biting))
            return f"The score could be {_listed(names, 'or')}. {self.biting[0].sentence}"
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
                found.append(f"{_upper(row.could_be)} alone reaches as much as the model. {row.sentence}")
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


def control_warnings(facts: Mapping[str, Any]) -> tuple[str, ...]:
    """Give the warnings of the controls among the facts of an evaluation; none where there were no controls."""
    return Controls.from_dict(facts[CONTROLS]).warnings if CONTROLS in facts else ()


def _over_subjects(found: Iterable[OfRecording], key: str) -> float:
    """Mean over the recordings of each subject, then over subjects, of what is defined."""
    of_subject: dict[str, list[float]] = {}
    for one in found:
        value = getattr(one, key)
        if math.isfinite(value):
            of_subject.setdefault(one.subject, []).append(value)
    means = [sum(values) / len(values) for values in of_subject.values()]
    return sum(means) / len(means) if means else math.nan


def _combined(p_values: Sequence[float]) -> float:
    """Combine one-sided p values of independent recordings (Stouffer); NaN if there is none."""
    normal = NormalDist()
    known = [min(max(p, 1e-12), 1 - 1e-6) for p in p_values if math.isfinite(p)]
    if not known:
        return math.nan
    return normal.cdf(sum(normal.inv_cdf(p) for p in known) / math.sqrt(len(known)))


def _listed(names: Sequence[str], word: str) -> str:
    return f"{', '.join(names[:-1])} {word} {names[-1]}" if len(names) > 1 else names[0]


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]
