"""How often does an evaluation claim something where the EEG tells nothing?

    python -m benchmarks.study_claims [--real FOLDER] [--people 1 5] [--sets 200] [--kept]

makes sets of recordings whose predictions are independent of their BOLD (the worlds of `benchmarks.study_nulls`),
scores a model and a baseline on them as `evaluate` does, and reads what it claims: information, one global course, a
reversed sign, regions by name, a better model. Each is a look at the same data, so what has to stay at .05 is the share
of sets with any claim. What was found is kept in ``claims.json`` beside this file, and printed as a table.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import scipy.stats

from benchmarks.study_nulls import WORLDS, World, real_worlds
from eeg2fmri.core.progress import silent
from eeg2fmri.core.random import generator
from eeg2fmri.evaluate.metrics.measured import value_range
from eeg2fmri.evaluate.recordings.atlas_scores import score_courses
from eeg2fmri.evaluate.recordings.scoring import Recording, Scores
from eeg2fmri.evaluate.summary import summarise_recordings
from eeg2fmri.results.scores.evaluation import Evaluation
from eeg2fmri.results.scores.method import Method

KEPT = Path(__file__).parent / "claims.json"
PEOPLE, SETS = (1, 5), 200
MODEL, BASELINE = Method("model", "model", "EEG", "model"), Method("baseline", "baseline", "EEG")
#: Regions that voxels are shared out into; the first is where the training group responded.
REGIONS = 6
#: What can be claimed, in the order of the table.
CLAIMS = ("information", "of it global", "reversed", "a region by name", "better", "any")


def evaluated(world: World, people: int, seed: Sequence[int]) -> Evaluation:
    """Score a model and a baseline on one recording of each of some people of a world, as `evaluate` does."""
    make, tr = world
    scores = Scores(silent)
    regions = {}
    for person in range(people):
        truth, prediction = make(np.random.default_rng([*seed, person, 0]))
        _, other = make(np.random.default_rng([*seed, person, 1]))
        series = [1000 + course.astype(np.float32)[:, :, None, None] for course in (truth, prediction, other)]
        recording = _recording(f"sub-{person}_task-null{'-'.join(map(str, seed))}", series[0], tr)
        scores.add_mapped(MODEL, recording, series[1])
        scores.add_tested(BASELINE, recording, series[2])
        courses = [
            np.stack([p.mean(axis=1) for p in np.array_split(c, REGIONS, axis=1)], axis=1) for c in (truth, prediction)
        ]
        names = [f"region {k + 1}" for k in range(REGIONS)]
        regions[recording.id] = score_courses(recording, *courses, names, np.arange(REGIONS) + 1, "regions").to_dict()
    subject_of = {name: name[:5] for name in regions}
    facts = {"significant_voxels": dict(scores.voxels), "regions": regions}
    return summarise_recordings(scores, subject_of, generator(seed[-1], "evaluate"), "MNI152NLin2009cAsym", facts)


def _recording(name: str, truth: np.ndarray, tr: float) -> Recording:
    mask = np.ones(truth.shape[1:], bool)
    responsive = np.arange(mask.size).reshape(mask.shape) < mask.size // REGIONS
    return Recording(name, np.arange(len(truth)), truth, mask, value_range(truth, mask), tr, responsive)


def claimed(evaluation: Evaluation) -> dict[str, bool]:
    """Say what an evaluation claims in its sentences."""
    informs, superior, _ = evaluation.claims
    reverse = bool(informs.numbers["reversed"])
    found = {
        "information": informs.decision == "yes" and not reverse,
        "of it global": bool(informs.numbers["global"]),
        "reversed": reverse,
        "a region by name": "best:" in informs.sentence,
        "better": superior.decision == "yes",
    }
    return {**found, "any": any(found.values())}


def study(worlds: dict[str, World], people: Sequence[int], sets: int) -> dict[str, dict[str, list[int]]]:
    """Count claims: name of the world and number of people to name of the claim to (claimed, sets)."""
    found: dict[str, dict[str, list[int]]] = {}
    for number, (name, world) in enumerate(worlds.items()):
        for count in people:
            every = [claimed(evaluated(world, count, (7, number, count, k))) for k in range(sets)]
            found[f"{name}; {count}"] = {what: [sum(one[what] for one in every), sets] for what in CLAIMS}
            print(found_row(f"{name}; {count}", found[f"{name}; {count}"]), flush=True)
    return found


def found_row(name: str, counts: dict[str, list[int]]) -> str:
    """Give a row of the table: shares, and the binomial interval of any claim."""
    count, sets = counts["any"]
    interval = scipy.stats.binomtest(count, sets).proportion_ci(0.95)
    shares = [f"{k / n:.3f}" for k, n in counts.values()]
    return f"| {' | '.join([*name.split('; '), *shares])} [{interval.low:.3f}, {interval.high:.3f}] |"


def main() -> None:
    """Run the study, or take what was kept of it, and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--real", type=Path, help="folder of the real EEG powers and BOLD")
    parser.add_argument("--people", type=int, nargs="+", default=list(PEOPLE))
    parser.add_argument("--sets", type=int, default=SETS)
    parser.add_argument("--kept", action="store_true", help="print what was found before")
    asked = parser.parse_args()
    if not asked.kept:
        worlds = {**WORLDS, **(real_worlds(asked.real) if asked.real else {})}
        KEPT.write_text(json.dumps(study(worlds, asked.people, asked.sets)) + "\n", encoding="utf-8")
    found = json.loads(KEPT.read_text(encoding="utf-8"))
    print(f"| world | people | {' | '.join(CLAIMS)} |\n|{'---|' * (2 + len(CLAIMS))}")
    for name, counts in found.items():
        print(found_row(name, counts))
    total = {what: [sum(one[what][k] for one in found.values()) for k in (0, 1)] for what in CLAIMS}
    print(found_row("all; any", total))


if __name__ == "__main__":
    main()
