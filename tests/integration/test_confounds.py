"""Worlds in which the EEG tells of something else than rest: what a model trained on them is said to have found."""

from __future__ import annotations

import html
from pathlib import Path

import numpy as np
import pytest

from eeg2fmri.data.prepare.run import PrepareConfig, prepare
from eeg2fmri.evaluate.run import evaluate_run
from eeg2fmri.report import write_report
from eeg2fmri.results.scores.evaluation import Evaluation
from eeg2fmri.results.scores.table import scores_table
from eeg2fmri.simulate.config import small_config
from eeg2fmri.simulate.dataset import simulate_dataset
from eeg2fmri.train.run import train_run

SIZE = {"subjects": 7, "volumes": 150, "grid": (12, 14, 10), "electrodes": 16, "regions": 20, "seed": 3}
#: An eighth of these regions follows in the focal world: five.
LARGER = {"subjects": 8, "volumes": 160, "electrodes": 32, "regions": 40}
#: World, and what its score could be.
CONFOUNDED = {"events": "the task", "blocks": "the task", "motion": "motion"}


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory):
    """Simulate a world, prepare, train and evaluate: the folder of the run, and what it found."""
    made: dict[str, tuple[Path, Evaluation]] = {}

    def make(world: str) -> tuple[Path, Evaluation]:
        if world not in made:
            folder, size = tmp_path_factory.mktemp(world), SIZE | (LARGER if world == "focal" else {})
            simulate_dataset(folder / "bids", small_config(**size, world=world, derivatives="fmriprep"))
            bold = {"derivatives": "derivatives/fmriprep"}
            store = prepare(folder / "bids", folder / "store", PrepareConfig.make({"bold": bold}))
            split = {"by": "subject", "test": 3}
            train_run(store, folder / "run", {"model": {"preset": "recommended"}, "split": split, "seed": 1})
            made[world] = folder / "run", evaluate_run(folder / "run", store)
        return made[world]

    return make


@pytest.mark.parametrize("world", CONFOUNDED)
def test_a_confound_is_named_and_does_not_help(world: str, found) -> None:
    """The EEG does tell of the BOLD here, through what both follow; nobody may take it for the brain at rest."""
    run, evaluation = found(world)
    informs, _, cerebral = evaluation.claims
    assert (informs.decision, cerebral.decision) == ("yes", "no")
    assert not evaluation.helped
    assert CONFOUNDED[world] in evaluation.controls.could_be
    assert f"but it could be {evaluation.controls.could_be} and not the activity" in evaluation.verdict
    assert any(note.startswith(f"The score could be {CONFOUNDED[world]}.") for note in evaluation.notes)
    assert evaluation.finding.label == "Could be something else"
    kept = Evaluation.read(run / "evaluation")
    page = html.unescape(write_report(run).read_text(encoding="utf-8"))
    for text in (evaluation.verdict, evaluation.finding.label):
        assert text in page
        assert text in (kept.verdict, kept.finding.label)
    assert scores_table(evaluation).rows


def test_a_focal_effect_is_found_where_it_is(found) -> None:
    """The median over the brain cannot see an eighth of it; the voxels chosen in the training group do."""
    _, evaluation = found("focal")
    informs = evaluation.claims[0]
    assert informs.decision == "yes"
    assert evaluation.claims[2].decision == "yes"
    assert informs.numbers["r"] > 0.2 > 4 * abs(informs.numbers["median_over_brain"])
    assert 0 < informs.numbers["share_significant"] < 0.25
    assert np.isfinite(evaluation.score("model", "responsive_r_without_global"))
    assert evaluation.helped
