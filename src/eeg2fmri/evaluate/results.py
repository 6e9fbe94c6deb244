"""What an evaluation found, and the files that it is written to.

``RUN/evaluation/`` holds

- ``scores.json``: verdict, protocol, metrics, methods, every score, significance, notes (`Evaluation.to_dict`), and
  where there are any, ``uncertainty`` (coverage of intervals), ``regions`` (of an atlas), ``latent_frechet_distance``,
  ``ceilings`` (r of every method in the parts of a simulated brain); ``significant_voxels``: share of the voxels of
  each recording that are significant at .05, family-wise and by the false discovery rate;
- ``scores.csv``: one row a method and subject, and one with subject ``all``; with a known truth, temporal r as a
  fraction of either ceiling too;
- ``null.npz``: ``scores`` (draw,), ``observed``, ``p_value``: the headline of the model when each test recording is
  shifted in time beyond its autocorrelation; ``subject_<label>`` (draw,): the same of each subject; ``protocol``;
- ``<recording>_desc-temporalr_map.nii.gz``: temporal r of the model at each voxel;
- ``<recording>_desc-epistemic_map.nii.gz``, ``<recording>_desc-aleatoric_map.nii.gz``: uncertainty, BOLD units, of a
  model that tells of it;
- ``recordings.npz``: scores of each recording, see `eeg2fmri.evaluate.recordings.collect`;
- ``<recording>_examples.npz``: see `eeg2fmri.evaluate.inputs.examples`;
- ``<recording>_courses.npz``: see `eeg2fmri.evaluate.recordings.courses`;
- ``reads.json``: every reading of the test recordings.
"""

from __future__ import annotations

import csv
import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from eeg2fmri.data.splits.claims import PROTOCOLS, Protocol, protocol_label
from eeg2fmri.evaluate.inputs.methods import Method
from eeg2fmri.evaluate.protocol import Metric
from eeg2fmri.evaluate.significance.tests import PooledShiftTest
from eeg2fmri.evaluate.truth.ceilings import fraction

FORMAT = "eeg2fmri evaluation"
VERSION = 1
#: Metric whose ratio is given as a fraction of a ceiling.
OF_CEILINGS = "temporal_r_mean"


@dataclass(frozen=True, eq=False)
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
        Of the headline against circular time shifts of the prediction; NaN where there is no test.
    pooled : dict of method name to PooledShiftTest
        The same over all test recordings, for methods whose prediction varies over time.
    intervals : array, shape (method, metric, 2)
        95 % bootstrap interval over subjects of the mean; NaN for a single subject.
    against : dict of method name to dict
        Of the model's headline minus the method's: ``difference``, ``low``, ``high`` (95 % interval over subjects),
        ``p_value`` (sign flips over subjects), ``effect_size``, ``effect_low``, ``effect_high`` (mean over subjects in
        their standard deviations, with its interval) and ``p_shifts`` (both shifted in time together, within
        recordings), None where they are not defined.
    space : str
        Space of the volumes: in ``native`` space, voxels of different subjects do not correspond.
    facts : dict
        Run, store hash, weights, pairs, split, seed, number of readings of the test recordings.
    notes : tuple of str
        What a reader must know before trusting the numbers.
    """

    methods: tuple[Method, ...]
    subjects: tuple[str, ...]
    metrics: tuple[Metric, ...]
    values: np.ndarray
    p_values: np.ndarray
    pooled: dict[str, PooledShiftTest]
    intervals: np.ndarray
    against: dict[str, dict[str, float | None]]
    space: str
    facts: dict[str, Any]
    notes: tuple[str, ...] = ()

    @property
    def protocol(self) -> Protocol:
        """How the test recordings relate to what the model was trained on."""
        return PROTOCOLS[self.facts.get("protocol", "fixed-subjects")]

    @property
    def protocol_label(self) -> str:
        """Title of the protocol, its fold or folds, and what the model has seen of the test recordings."""
        return protocol_label(self.protocol.name, self.facts.get("fold"), self.facts.get("folds"))

    @property
    def verdict(self) -> str:
        """Whether the EEG helped, in one sentence."""
        from eeg2fmri.evaluate.verdict import verdict

        return verdict(self)

    @property
    def helped(self) -> bool:
        """Whether the model is significantly better than with shifted EEG, and than every baseline."""
        from eeg2fmri.evaluate.verdict import helped

        return helped(self)

    def score(self, method: str, metric: str, subject: str | None = None) -> float:
        """Score of one method; the mean over subjects if no subject is named."""
        names = [each.name for each in self.methods]
        scores = self.values[names.index(method), :, [each.name for each in self.metrics].index(metric)]
        return _mean(scores) if subject is None else float(scores[self.subjects.index(subject)])

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

    def to_dict(self) -> dict[str, Any]:
        """Give everything but the null distributions as JSON values; what is not defined is None."""
        rows = [
            {
                "method": method.name,
                "subject": subject,
                "p_value": _number(self.p_values[m, s]),
                **{f"of_{c.name}": _number(self.reached(method.name, c.name, subject)) for c in self.ceilings},
                **{metric.name: _number(self.values[m, s, k]) for k, metric in enumerate(self.metrics)},
            }
            for m, method in enumerate(self.methods)
            for s, subject in enumerate(self.subjects)
        ]
        pooled = [
            {
                "method": method.name,
                "p_value": _number(self.pooled[method.name].p_value) if method.name in self.pooled else None,
                **{f"of_{c.name}": _number(self.reached(method.name, c.name)) for c in self.ceilings},
                **{
                    metric.name: {
                        "mean": _number(_mean(self.values[m, :, k])),
                        "low": _number(self.intervals[m, k, 0]),
                        "high": _number(self.intervals[m, k, 1]),
                    }
                    for k, metric in enumerate(self.metrics)
                },
            }
            for m, method in enumerate(self.methods)
        ]
        return {
            "format": FORMAT,
            "version": VERSION,
            "verdict": self.verdict,
            "helped": self.helped,
            "space": self.space,
            "protocol": self.protocol.name,
            "protocol_label": self.protocol_label,
            "methods": [asdict(method) for method in self.methods],
            "metrics": [asdict(metric) for metric in self.metrics],
            "subjects": list(self.subjects),
            "scores": rows,
            "pooled": pooled,
            "significance": {name: _test(test) for name, test in self.pooled.items()},
            "model_minus": self.against,
            "notes": list(self.notes),
            **self.facts,
        }

    def write_json(self, path: str | Path) -> None:
        """Write `to_dict` as JSON."""
        path = Path(path)
        part = path.with_name(path.name + ".part")
        part.write_text(json.dumps(self.to_dict(), indent=2, allow_nan=False) + "\n", encoding="utf-8")
        part.replace(path)

    def write_csv(self, path: str | Path) -> None:
        """Write one row a method and subject, then one a method with the mean over subjects (subject ``all``)."""
        path = Path(path)
        names = [metric.name for metric in self.metrics]
        part = path.with_name(path.name + ".part")
        with part.open("w", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream)
            of = [f"of_{ceiling.name}" for ceiling in self.ceilings]
            writer.writerow(["method", "subject", "protocol", "space", "p_value", *names, *of])
            for m, method in enumerate(self.methods):
                for s, subject in enumerate(self.subjects):
                    row = [_cell(self.p_values[m, s]), *map(_cell, self.values[m, s])]
                    row += [_cell(self.reached(method.name, c.name, subject)) for c in self.ceilings]
                    writer.writerow([method.name, subject, self.protocol.name, self.space, *row])
            for m, method in enumerate(self.methods):
                test = self.pooled.get(method.name)
                means = [_cell(_mean(self.values[m, :, k])) for k in range(len(names))]
                means += [_cell(self.reached(method.name, ceiling.name)) for ceiling in self.ceilings]
                row = [_cell(test.p_value) if test else "", *means]
                writer.writerow([method.name, "all", self.protocol.name, self.space, *row])
        part.replace(path)

    def write_null(self, path: str | Path, subjects: dict[str, np.ndarray]) -> None:
        """Write the null distribution of the model's headline, pooled and of subjects."""
        test = self.pooled.get(self.methods[0].name)
        arrays: dict[str, Any] = {f"subject_{label}": scores for label, scores in subjects.items()}
        arrays["protocol"] = self.protocol_label
        if test is not None:
            arrays |= {"scores": test.null, "observed": test.observed, "p_value": test.p_value}
        np.savez_compressed(Path(path), **arrays)


def _test(test: PooledShiftTest) -> dict[str, Any]:
    low, high = np.percentile(test.null, [2.5, 97.5])
    return {
        "observed": _number(test.observed),
        "p_value": _number(test.p_value),
        "null_mean": _number(test.null.mean()),
        "null_low": _number(low),
        "null_high": _number(high),
        "null_draws": len(test.null),
        "distinct_shifts": test.distinct,
        "effect_in_null_deviations": _number(test.effect),
    }


def _mean(values: np.ndarray) -> float:
    """Mean of what is defined; NaN if nothing is."""
    defined = values[~np.isnan(values)]
    return float(defined.mean()) if defined.size else float("nan")


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _cell(value: float) -> str:
    return repr(float(value)) if math.isfinite(value) else ""
