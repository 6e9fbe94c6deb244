"""Hold, write and read what an evaluation, a benchmark or a cross-validation found.

``RUN/evaluation/`` holds

- ``scores.json``: verdict, protocol, metrics, methods, every score, significance, notes (`Evaluation.to_dict`), and
  where there are any, ``uncertainty`` (coverage of intervals), ``regions`` (of an atlas), ``latent_frechet_distance``,
  ``ceilings`` (r of every method in the parts of a simulated brain); ``significant_voxels``: share of the voxels of
  each recording that are significant at .05, family-wise and by the false discovery rate;
- ``scores.csv``: one row a method and subject, and one with subject ``all``; with a known truth, temporal r as a
  fraction of either ceiling too;
- ``null.npz``: ``scores`` (draw,), ``observed``, ``p_value``: the headline of the model with surrogates of the
  prediction of each test recording; ``subject_<label>`` (draw,): the same of each subject; ``protocol``;
- ``<recording>_desc-temporalr_map.nii.gz``: temporal r of the model at each voxel;
- ``<recording>_desc-epistemic_map.nii.gz``, ``<recording>_desc-aleatoric_map.nii.gz``: uncertainty, BOLD units, of a
  model that tells of it;
- ``recordings.npz``: scores of each recording, see `eeg2fmri.evaluate.recordings.collect`;
- ``<recording>_examples.npz``: see `eeg2fmri.results.examples`;
- ``<recording>_courses.npz``: see `eeg2fmri.results.courses`;
- ``reads.json``: every reading of the test recordings.

A benchmark and a cross-validation write the first three.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from eeg2fmri.core.disk.files import write_csv, write_json
from eeg2fmri.core.disk.npz import read_npz, save_npz
from eeg2fmri.core.space import described
from eeg2fmri.data.splits.claims import PROTOCOLS, Protocol, protocol_label
from eeg2fmri.results.files import AbsentResultError, ResultError, as_float, cell, defined, read_content, reading
from eeg2fmri.results.scores.claims import Claim, claims
from eeg2fmri.results.scores.controls import CONTROLS, Controls
from eeg2fmri.results.scores.finding import Finding, finding
from eeg2fmri.results.scores.intervals import IntervalScores
from eeg2fmri.results.scores.method import Method, Metric
from eeg2fmri.results.scores.pooled_test import PooledTest
from eeg2fmri.results.scores.regions import RegionScores

if TYPE_CHECKING:
    import pandas as pd

FORMAT = "eeg2fmri evaluation"
VERSION = 1
#: Folder of the results in a run.
FOLDER = "evaluation"
SCORES, TABLE, NULL = "scores.json", "scores.csv", "null.npz"
#: Metric whose ratio is given as a fraction of a ceiling.
OF_CEILINGS = "temporal_r_mean"
#: Temporal r below which a ceiling is no measure: on null data there is nothing to reach.
LOWEST = 0.01
#: Keys of ``scores.json`` that are no facts.
OWN = frozenset(
    {
        "format",
        "version",
        "verdict",
        "finding",
        "helped",
        "claims",
        "space",
        "protocol_label",
        "methods",
        "metrics",
        "subjects",
        "notes",
    }
    | {"scores", "pooled", "significance", "model_minus"}
)
#: Facts that some evaluations have, and the attribute that gives each.
PARTS = {
    CONTROLS: "controls",
    "uncertainty": "uncertainty",
    "regions": "regions",
    "latent_frechet_distance": "latent_distance",
}
AGAIN = "evaluate again: eeg2fmri evaluate RUN STORE"


@dataclass(frozen=True, eq=False, repr=False)
class Evaluation:
    """Scores of a run on its test recordings, beside baselines and nulls.

    Attributes
    ----------
    methods : tuple of Method
        The judged model first.
    subjects : tuple of str
        Test subjects.
    metrics : tuple of Metric
        The headline first.
    values : array, shape (method, subject, metric)
        NaN where a score is not defined.
    p_values : array, shape (method, subject)
        Of the headline against surrogates of the prediction; NaN where there is no test.
    pooled : dict of method name to PooledTest
        The same over all test recordings, for methods whose prediction varies over time.
    intervals : array, shape (method, metric, 2)
        95 % bootstrap interval over subjects of the mean; NaN for a single subject.
    against : dict of method name to dict
        Of the model's headline minus the method's: ``difference``, ``low``, ``high`` (95 % interval over subjects),
        ``p_value`` (sign flips over subjects, that it is more than the difference that counts), ``effect_size``,
        ``effect_low``, ``effect_high`` (mean over subjects in their standard deviations, with its interval), and
        ``low_surrogates``, ``high_surrogates`` and ``p_surrogates`` (the same within these recordings, both with the
        same surrogates), None where they are not defined.
    space : str
        Space of the volumes: in ``native`` space, voxels of different subjects do not correspond.
    facts : dict
        Run, store hash, weights, pairs, split, seed, number of readings of the test recordings.
    notes : tuple of str
        What a reader must know before trusting the numbers.
    nulls : mapping of subject to array, shape (draw,)
        Null distributions of the model's headline of each subject.
    """

    methods: tuple[Method, ...]
    subjects: tuple[str, ...]
    metrics: tuple[Metric, ...]
    values: np.ndarray
    p_values: np.ndarray
    pooled: dict[str, PooledTest]
    intervals: np.ndarray
    against: dict[str, dict[str, float | None]]
    space: str
    facts: dict[str, Any]
    notes: tuple[str, ...] = ()
    nulls: Mapping[str, np.ndarray] = field(default_factory=dict)

    def __repr__(self) -> str:
        people = f"{len(self.subjects)} {self.protocol.people(len(self.subjects))}"
        return f"<Evaluation: {len(self.methods)} methods, {len(self.metrics)} metrics, {people}. {self.verdict}>"

    @property
    def headline(self) -> Metric:
        """The metric that decides whether the EEG helped."""
        return self.metrics[0]

    @property
    def model(self) -> Method:
        """The judged model."""
        return self.methods[0]

    @property
    def test(self) -> PooledTest | None:
        """Test of the model against surrogates of its prediction; None if what it predicts is constant in time."""
        return self.pooled.get(self.model.name)

    @property
    def protocol(self) -> Protocol:
        """How the test recordings relate to what the model was trained on."""
        return PROTOCOLS[self.facts.get("protocol", "fixed-subjects")]

    @property
    def protocol_label(self) -> str:
        """Title of the protocol, its fold or folds, and what the model has seen of the test recordings."""
        return protocol_label(self.protocol.name, self.facts.get("fold"), self.facts.get("folds"))

    @property
    def context(self) -> str:
        """Say by which protocol and in which space the scores are, for captions."""
        return f"Protocol: {self.protocol_label}. Space: {described(self.space)}."

    @property
    def times_read(self) -> int | None:
        """How often the test recordings have been read; None if it was not counted."""
        times = self.facts.get("times_read")
        return None if times is None else int(times)

    @property
    def verdict(self) -> str:
        """What was found, in one plain sentence."""
        return self.finding.sentence

    @property
    def finding(self) -> Finding:
        """What was found: that sentence, and the few words that a table has for it."""
        return finding(self)

    @property
    def claims(self) -> tuple[Claim, Claim, Claim]:
        """Does the EEG carry information; is the model better than simpler ones; could it be something else."""
        return claims(self)

    @property
    def helped(self) -> bool:
        """Whether the EEG carries information about the BOLD, and no control explains it."""
        informs, _, cerebral = self.claims
        reverse = bool(informs.numbers.get("reversed"))
        return informs.decision == "yes" and not reverse and cerebral.decision != "no"

    @property
    def uncertainty(self) -> IntervalScores | None:
        """How the intervals of the model hold; None for a model without any."""
        found = self.facts.get("uncertainty")
        return None if found is None else IntervalScores.from_dict(found)

    @property
    def controls(self) -> Controls | None:
        """Whether the score could be something else than the activity of the brain; None where it was not asked."""
        found = self.facts.get(CONTROLS)
        return None if found is None else Controls.from_dict(found)

    @property
    def regions(self) -> tuple[RegionScores, ...]:
        """Scores of the regions of each test recording, where an atlas was given."""
        return tuple(RegionScores.from_dict(name, one) for name, one in self.facts.get("regions", {}).items())

    @property
    def latent_distance(self) -> dict[str, float]:
        """Frechet distance between the latents of EEG and of volumes, by recording, where the model has both."""
        found = self.facts.get("latent_frechet_distance") or {}
        return {str(name): float(one) for name, one in found.items() if one is not None}

    def of(self, method: str, metric: str) -> np.ndarray:
        """Scores of one method, shape (subject,), by the names of method and metric."""
        return self.values[_index(self.methods, method), :, _index(self.metrics, metric)]

    def score(self, method: str, metric: str, subject: str | None = None) -> float:
        """Score of one method; the mean over subjects if no subject is named."""
        scores = self.of(method, metric)
        return _mean(scores) if subject is None else float(scores[self.subjects.index(subject)])

    def interval(self, method: str, metric: str) -> tuple[float, float]:
        """95 % interval of a mean over subjects; NaN where there is none."""
        low, high = self.intervals[_index(self.methods, method), _index(self.metrics, metric)]
        return float(low), float(high)

    def p_value(self, method: str, subject: str | None = None) -> float:
        """P value of the headline against surrogates, of all subjects or of one; NaN where there is no test."""
        if subject is not None:
            return float(self.p_values[_index(self.methods, method), self.subjects.index(subject)])
        return self.pooled[method].p_value if method in self.pooled else float("nan")

    @property
    def ceilings(self) -> tuple[Method, ...]:
        """The ceilings among the methods: both, or none where the truth is not known."""
        return tuple(method for method in self.methods if method.role == "ceiling")

    def reached(self, method: str, ceiling: str, subject: str | None = None) -> float:
        """Temporal r of a method as a fraction of that of a ceiling, both as means over voxels (and subjects).

        The median over voxels would not do: where half the brain follows no EEG, the median of the ceiling is 0, and
        that of a method whose r scatters around 0 there lies above it. Expected values of the mean are in order.
        """
        return fraction(self.score(method, OF_CEILINGS, subject), self.score(ceiling, OF_CEILINGS, subject))

    def to_frame(self) -> pd.DataFrame:
        """Give every score as a pandas DataFrame: a row a method and subject, and one of their mean (``all``)."""
        import pandas as pd

        frame = pd.DataFrame(self._rows(), columns=self._columns())
        return frame.astype(dict.fromkeys(self._columns()[4:], float))

    def _columns(self) -> list[str]:
        names = [metric.name for metric in self.metrics]
        return ["method", "subject", "protocol", "space", "p_value", *names, *(f"of_{c.name}" for c in self.ceilings)]

    def _rows(self) -> Iterator[list[Any]]:
        """Give all scores: methods and subjects, then methods and their means."""
        whose: list[str | None] = [*self.subjects]
        wanted = [(method.name, subject) for method in self.methods for subject in whose]
        for method, subject in [*wanted, *((method.name, None) for method in self.methods)]:
            scores = [self.score(method, metric.name, subject) for metric in self.metrics]
            reached = [self.reached(method, ceiling.name, subject) for ceiling in self.ceilings]
            head = [method, subject or "all", self.protocol.name, self.space]
            yield [*head, self.p_value(method, subject), *scores, *reached]

    def to_dict(self) -> dict[str, Any]:
        """Give everything but the null distributions as JSON values; what is not defined is None."""
        return {
            "format": FORMAT,
            "version": VERSION,
            "verdict": self.verdict,
            "finding": self.finding.label,
            "helped": self.helped,
            "claims": [claim.to_dict() for claim in self.claims],
            "space": self.space,
            "protocol": self.protocol.name,
            "protocol_label": self.protocol_label,
            "methods": [asdict(method) for method in self.methods],
            "metrics": [asdict(metric) for metric in self.metrics],
            "subjects": list(self.subjects),
            "scores": [self._subject(method.name, subject) for method in self.methods for subject in self.subjects],
            "pooled": [self._group(method.name) for method in self.methods],
            "significance": {name: test.to_dict() for name, test in self.pooled.items()},
            "model_minus": self.against,
            "notes": list(self.notes),
            **self.facts,
        }

    def _subject(self, method: str, subject: str) -> dict[str, Any]:
        return {
            "method": method,
            "subject": subject,
            "p_value": defined(self.p_value(method, subject)),
            **{f"of_{c.name}": defined(self.reached(method, c.name, subject)) for c in self.ceilings},
            **{metric.name: defined(self.score(method, metric.name, subject)) for metric in self.metrics},
        }

    def _group(self, method: str) -> dict[str, Any]:
        found: dict[str, Any] = {"method": method, "p_value": defined(self.p_value(method))}
        found |= {f"of_{c.name}": defined(self.reached(method, c.name)) for c in self.ceilings}
        for metric in self.metrics:
            low, high = self.interval(method, metric.name)
            mean = self.score(method, metric.name)
            found[metric.name] = {"mean": defined(mean), "low": defined(low), "high": defined(high)}
        return found

    def write_json(self, path: str | Path) -> None:
        """Write every score to one JSON file."""
        write_json(path, self.to_dict())

    def write(self, folder: str | Path) -> None:
        """Write ``scores.csv``, ``null.npz``, and last ``scores.json`` into a folder that exists.

        Raises
        ------
        OutputError
            If one cannot be written.
        """
        folder = Path(folder)
        rows = ([value if isinstance(value, str) else cell(value) for value in row] for row in self._rows())
        write_csv(folder / TABLE, self._columns(), rows)
        arrays: dict[str, Any] = {f"subject_{label}": null for label, null in self.nulls.items()}
        arrays["protocol"] = self.protocol_label
        if self.test is not None and self.test.null is not None:
            found = self.test
            arrays |= {"scores": found.null, "observed": found.observed, "p_value": found.p_value}
        save_npz(folder / NULL, arrays)
        self.write_json(folder / SCORES)

    @classmethod
    def read(cls, folder: str | Path, problems: list[str] | None = None) -> Self:
        """Read what `write` wrote.

        Parameters
        ----------
        folder : path
        problems : list of str, optional
            Takes what beside the scores is damaged, and the rest is read; left out, damage is an error.

        Raises
        ------
        AbsentResultError
            If the folder holds no scores.
        ResultError
            If they are damaged or of another version.
        """
        path = Path(folder) / SCORES
        with reading(path, "the scores of the evaluation", AGAIN, "the folder holds no evaluation"):
            found = cls._of(read_content(path, FORMAT, VERSION))
        for name, part in PARTS.items():
            try:
                with reading(path, f"what the evaluation says of {name}", AGAIN):
                    getattr(found, part)
            except ResultError as error:
                _report(problems, f"{SCORES} ({name})", error)
                del found.facts[name]
        return found._with_nulls(Path(folder) / NULL, problems)

    @classmethod
    def _of(cls, content: Mapping[str, Any]) -> Self:
        metrics = tuple(Metric(**metric) for metric in content["metrics"])
        methods = tuple(Method(**method) for method in content["methods"])
        subjects = tuple(str(subject) for subject in content["subjects"])
        values = np.full((len(methods), len(subjects), len(metrics)), np.nan)
        p_values = np.full((len(methods), len(subjects)), np.nan)
        for row in content["scores"]:
            at = _index(methods, row["method"]), subjects.index(str(row["subject"]))
            values[at] = [as_float(row[metric.name]) for metric in metrics]
            p_values[at] = as_float(row["p_value"])
        pooled = {row["method"]: row for row in content["pooled"]}
        ends = [
            [[as_float(pooled[method.name][metric.name][end]) for end in ("low", "high")] for metric in metrics]
            for method in methods
        ]
        found = cls(
            methods=methods,
            subjects=subjects,
            metrics=metrics,
            values=values,
            p_values=p_values,
            pooled={name: PooledTest.from_dict(test) for name, test in content["significance"].items()},
            intervals=np.array(ends),
            against={name: dict(one) for name, one in content["model_minus"].items()},
            space=str(content["space"]),
            facts={name: value for name, value in content.items() if name not in OWN},
            notes=tuple(str(note) for note in content["notes"]),
        )
        for part in ("verdict", "protocol_label", "times_read"):  # whatever they stand on must be there
            getattr(found, part)
        return found

    def _with_nulls(self, path: Path, problems: list[str] | None) -> Self:
        """Add the null distributions."""
        try:
            with reading(path, "the null distribution of the scores", AGAIN):
                arrays = read_npz(path)
                pooled = dict(self.pooled)
                if self.test is not None:
                    pooled[self.model.name] = self.test.with_null(arrays["scores"])
        except ResultError as error:
            _report(problems, NULL, error)
            return self
        nulls = {name.removeprefix("subject_"): null for name, null in arrays.items() if name.startswith("subject_")}
        return replace(self, pooled=pooled, nulls=nulls)


def fraction(score: float, ceiling: float) -> float:
    """Give a score as a fraction of a ceiling; NaN where there is nothing to reach."""
    return score / ceiling if ceiling >= LOWEST else float("nan")


def _report(problems: list[str] | None, name: str, error: ResultError) -> None:
    """Keep a problem for the reader's page, or raise it."""
    if problems is None:
        raise error
    if not isinstance(error, AbsentResultError):
        problems.append(error.brief(name))


def _index(among: tuple[Method, ...] | tuple[Metric, ...], name: str) -> int:
    return [each.name for each in among].index(name)


def _mean(values: np.ndarray) -> float:
    """Mean of what is defined; NaN if nothing is."""
    known = values[~np.isnan(values)]
    return float(known.mean()) if known.size else float("nan")
