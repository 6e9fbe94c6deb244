"""An explanation as files, complete or absent: JSON, arrays, CSV, NIfTI and FIF, named as BIDS derivatives.

::

    OUT/explain.json                  what was explained and how, errors, tests, graphs, checks
    OUT/explain.npz                   arrays; see `arrays`
    OUT/dataset_description.json
    OUT/sub-01/eeg/sub-01_desc-TARGET_electrodes.csv, _frequencies.csv, _bands.csv, _times.csv
    OUT/sub-01/eeg/sub-01_desc-TARGET_electrodesByFrequencies.csv, _electrodesByTimes.csv, _frequenciesByTimes.csv
    OUT/sub-01/eeg/sub-01_desc-TARGET_pairs.csv       attention and relevance of pairs of electrodes
    OUT/sub-01/eeg/sub-01_desc-TARGET_ave.fif         signed share by electrode and time (MNE Evoked)
    OUT/sub-01/func/sub-01_space-SPACE_desc-latent_relevance.nii.gz
    OUT/group/group_desc-TARGET_*.csv                 means over subjects and their tests
    OUT/group/group_desc-TARGET_attentionEdges.csv, _pairsEdges.csv    graph of electrodes
    OUT/group/group_space-SPACE_desc-latent_relevance.nii.gz, ..._stat-t_statmap.nii.gz

Shares have no unit: ``signed`` is relevance over the sum of absolute relevance, ``magnitude`` sums to 1,
``fluctuation`` is the share in what changes from window to window. ``pattern`` is the correlation of the EEG with the
output, ``sensor_pattern`` that of single electrodes where the model reads recentred ones
(`eeg2fmri.explain.windows.of_one_subject.SubjectRelevance`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from eeg2fmri import __version__
from eeg2fmri.core.disk.files import write_json
from eeg2fmri.core.errors import InputError
from eeg2fmri.explain.checks.fidelity import plain
from eeg2fmri.explain.results.collect import Explanation
from eeg2fmri.explain.results.images import write_evoked
from eeg2fmri.explain.results.tables import group_tables, subject_tables, write_table
from eeg2fmri.explain.windows.inference import TTest
from eeg2fmri.results import explanation as result
from eeg2fmri.results.images import write_map

#: Arrays of a subject that some models or targets do not have.
OPTIONAL = ("fluctuation", "pattern", "sensor_pattern", "attention", "pairs", "latent")
#: Edges that the summary names: those above the lowest percentile.
LEAST_PERCENTILE = 98.0


def check_replaceable(out: Path) -> None:
    """Refuse an output that exists and is no explanation.

    Raises
    ------
    InputError
    """
    if out.exists() and not (out.is_dir() and ((out / result.SUMMARY).is_file() or not any(out.iterdir()))):
        raise InputError(
            "the output exists and is no explanation",
            where=str(out),
            hint="choose another folder, or remove this one first",
        )


def write(explanation: Explanation, folder: Path) -> None:
    """Write an explanation into an empty folder."""
    write_json(folder / "dataset_description.json", description())
    label = explanation.target.name
    space = "" if explanation.space in {"native", "unknown"} else f"_space-{explanation.space}"
    for subject in explanation.subjects:
        name = f"sub-{subject.subject}"
        eeg, func = folder / name / "eeg", folder / name / "func"
        eeg.mkdir(parents=True)
        for suffix, table in subject_tables(explanation, subject).items():
            write_table(eeg / f"{name}_desc-{label}_{suffix}.csv", table)
        write_evoked(eeg / f"{name}_desc-{label}_ave.fif", subject.signed.sum(1), explanation.axes, explanation.tr)
        if subject.latent is not None:
            func.mkdir()
            volume = func / f"{name}{space}_desc-latent_relevance.nii.gz"
            write_map(volume, subject.latent, explanation.affines.get(subject.subject, explanation.affine))
    group = folder / "group"
    group.mkdir()
    for suffix, table in group_tables(explanation).items():
        write_table(group / f"group_desc-{label}_{suffix}.csv", table)
    test = explanation.latent_test
    if test is not None:
        write_map(group / f"group{space}_desc-latent_relevance.nii.gz", test.mean, explanation.affine)
        write_map(group / f"group{space}_desc-latent_stat-t_statmap.nii.gz", test.t, explanation.affine)
    files = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    result.Explanation(summary(explanation) | {"files": sorted([*files, result.ARRAYS])}, arrays(explanation)).write(
        folder
    )


def arrays(explanation: Explanation) -> dict[str, np.ndarray]:
    """Arrays of an explanation by name; see `eeg2fmri.results.explanation`."""
    found: dict[str, Any] = {
        **explanation.axes.arrays(),
        "subjects": np.array([subject.subject for subject in explanation.subjects]),
        "signed": explanation.signed,
        "magnitude": explanation.magnitude,
        "affine": explanation.affine,
        "target": explanation.target.weights,
        **{name: explanation.stacked(name) for name in OPTIONAL},
    }
    if explanation.fidelity is not None:
        curves, control = explanation.fidelity.curves, explanation.fidelity.untrained_curves
        found |= {
            "curve_fractions": curves.fractions,
            "curve_deletion": curves.deletion,
            "curve_insertion": curves.insertion,
            "curve_random_deletion": curves.random_deletion,
            "curve_random_insertion": curves.random_insertion,
            "curve_untrained_deletion": control.deletion,
            "curve_untrained_insertion": control.insertion,
        }
    there = {name: array for name, array in found.items() if array is not None}
    single = ("signed", "magnitude", "fluctuation", "pattern", "sensor_pattern", "latent")
    return {name: array.astype(np.float32) if name in single else array for name, array in there.items()}


def summary(explanation: Explanation) -> dict[str, Any]:
    """Everything but the large arrays, as JSON has it."""
    subjects = [
        {
            "subject": subject.subject,
            "windows": subject.n_windows,
            "explained": subject.explained,
            "absorbed_by_biases": subject.absorbed,
            "spread_constants": subject.spread,
            "from_biases": subject.from_biases,
            "conservation_error": subject.error,
            "unaccounted": subject.unaccounted,
            "through_scores": subject.through_scores,
            "latent_conservation_error": subject.latent_error,
        }
        for subject in explanation.subjects
    ]
    tests = {
        measure: {name: _test_facts(test) for name, test in found.items()}
        for measure, found in explanation.tests.items()
    }
    graphs = {
        name: {
            "thresholds": {f"{percentile:g}": value for percentile, value in graph.thresholds.items()},
            "edges": [vars(edge) for edge in graph.above(LEAST_PERCENTILE)],
        }
        for name, graph in explanation.graphs.items()
    }
    content: dict[str, Any] = plain(
        {
            "format": result.FORMAT,
            "eeg2fmri": __version__,
            "facts": explanation.facts,
            "target": {
                "name": explanation.target.name,
                "what": explanation.target.what,
                "voxels": explanation.target.n_voxels,
            },
            "config": explanation.config.model_dump(mode="json"),
            "conservation_error": explanation.error,
            "from_biases": explanation.from_biases,
            "subjects": subjects,
            "bands": {name: list(_limits(explanation, members)) for name, members in explanation.axes.bands()},
            "tests": tests,
            "graphs": graphs,
            "fidelity": None if explanation.fidelity is None else explanation.fidelity.to_dict(),
            "truth": None if explanation.recovery is None else explanation.recovery.to_dict(),
            "summary": explanation.summary(),
            "notes": list(explanation.notes),
        }
    )
    return content


def _test_facts(test: TTest) -> dict[str, Any]:
    return {
        "n_subjects": test.n_subjects,
        "smallest_p_max": test.smallest_p_max,
        "significant_fdr": int((test.p_fdr < 0.05).sum()),
        "significant_max": int((test.p_max < 0.05).sum()),
        "tests": int(test.t.size),
    }


def _limits(explanation: Explanation, members: np.ndarray) -> tuple[float, float]:
    inside = explanation.axes.frequencies[members]
    return float(inside[0]), float(inside[-1])


def description() -> dict[str, Any]:
    """Facts that make a folder a BIDS derivative."""
    return {
        "Name": "Relevance of EEG for synthesised BOLD",
        "BIDSVersion": "1.9.0",
        "DatasetType": "derivative",
        "GeneratedBy": [{"Name": "eeg2fmri explain", "Version": __version__}],
    }
