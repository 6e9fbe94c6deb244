"""Keep what one control of an evaluation found, and say whether it explains the score."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from statistics import NormalDist
from typing import Any, Literal, Self

from eeg2fmri.results.files import as_float, defined
from eeg2fmri.results.scores.method import SIGNIFICANT, upper

#: What a control is given.
Kind = Literal["exchanged", "known", "EEG", "others", "own BOLD", "template"]
#: Share of r that may go with what is taken out before the rest is in doubt.
LEFT = 0.5


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
        Of `score`, against surrogates of the prediction.
    remaining : float
        r of the model after what the control knows was taken out of truth and prediction; of the connectivity, its
        similarity beyond the template.
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
        return combined([one.p_value for one in self.recordings.values()])

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
            return f"{upper(alone)}."
        found = [f"what is predicted from {alone}"] if self.as_good else []
        if math.isfinite(self.remaining):
            found.insert(0 if self.bites else 1, f"{self.without}, {of} {self.model:.3f} becomes {self.remaining:.3f}")
        return " ".join(f"{upper(text)}." for text in found)

    @property
    def without(self) -> str:
        """What `remaining` is of, in words."""
        if self.kind == "template":
            return f"beyond {self.label}"
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


def _over_subjects(found: Iterable[OfRecording], key: str) -> float:
    """Mean over the recordings of each subject, then over subjects, of what is defined."""
    of_subject: dict[str, list[float]] = {}
    for one in found:
        value = getattr(one, key)
        if math.isfinite(value):
            of_subject.setdefault(one.subject, []).append(value)
    means = [sum(values) / len(values) for values in of_subject.values()]
    return sum(means) / len(means) if means else math.nan


def combined(p_values: Sequence[float]) -> float:
    """Combine one-sided p values of independent recordings (Stouffer); NaN if there is none."""
    normal = NormalDist()
    known = [min(max(p, 1e-12), 1 - 1e-6) for p in p_values if math.isfinite(p)]
    if not known:
        return math.nan
    return normal.cdf(sum(normal.inv_cdf(p) for p in known) / math.sqrt(len(known)))
