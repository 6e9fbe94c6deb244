"""Every control where it must bite, and where it must not."""

import numpy as np
import pytest

from eeg2fmri.results.scores.controls import Controls

#: What bites in each world, and what the sentence names.
WORLDS = {
    "motion": ({"motion", "clean_windows"}, "motion"),
    "task": ({"task"}, "the task"),
    "shared_task": ({"task", "other_subject", "group_course"}, "the task"),
    "heart": ({"heart"}, "the heartbeat"),
    "respiration": ({"respiration"}, "breathing"),
    "eyes": ({"eyes"}, "eye movements"),
    "muscle": ({"outside_band"}, "muscles"),
    "regular": ({"displaced"}, "so regular"),
    "global": ({"global_signal"}, "whole brain"),
}


def row(controls, name):
    return next(one for one in controls.rows if one.name == name)


@pytest.mark.parametrize("kind", WORLDS)
def test_what_is_not_the_brain_is_named(controls_of, kind):
    controls = controls_of(kind)
    biting, words = WORLDS[kind]
    assert controls.informative
    assert {one.name for one in controls.biting} >= biting
    assert controls.sentence.startswith("The score could be ")
    assert words in controls.sentence
    assert len(controls.warnings) >= len(biting)
    named = next(one for one in controls.biting if one.name in biting)
    assert any(named.could_be in text and f"{named.model:.3f}" in text for text in controls.warnings)


def test_a_focal_brain_is_left_alone_by_every_control(controls_of):
    controls = controls_of("brain")
    assert controls.informative
    assert controls.biting == ()
    assert controls.sentence.startswith("None of ")
    assert "no ECG" in row(controls, "heart").reason
    motion = row(controls, "motion")
    assert motion.remaining == pytest.approx(motion.model, rel=0.2)
    assert abs(motion.score) < 0.1 < 0.3 < motion.model
    assert row(controls, "clean_windows").left > 0.6
    assert row(controls, "global_signal").left > 0.8
    assert abs(row(controls, "other_subject").score) < 0.15


def test_independent_data_have_nothing_to_explain(controls_of):
    controls = controls_of("null")
    assert not controls.informative
    assert controls.biting == ()
    assert "no score beyond chance" in controls.sentence


@pytest.mark.parametrize("kind", ["motion", "task", "heart", "respiration", "eyes", "muscle", "regular"])
def test_a_focal_score_is_not_called_global(controls_of, kind):
    assert "global_signal" not in {one.name for one in controls_of(kind).biting}


def test_a_single_test_subject_is_compared_with_the_training_group(controls_of):
    subjects = {"train": ("01", "02", "03", "04", "05"), "validation": ("06",), "test": ("07",)}
    controls = controls_of("brain", subjects)
    assert row(controls, "other_subject").available
    assert "other_subject" not in {one.name for one in controls.biting}


def test_one_training_recording_is_too_few_to_predict_from(controls_of):
    subjects = {"train": ("01",), "validation": (), "test": ("07", "08")}
    with pytest.raises(Exception, match="validation"):
        controls_of("motion", subjects)


def test_they_are_the_same_after_writing_and_reading(controls_of):
    controls = controls_of("motion")
    again = Controls.from_dict(controls.to_dict())
    assert again.to_dict() == controls.to_dict()
    assert again.sentence == controls.sentence


def test_folds_are_pooled_by_recording(controls_of):
    controls = controls_of("motion")
    names = list(controls.p_values)

    def part(kept):
        content = controls.to_dict()
        content["p_values"] = {name: content["p_values"][name] for name in kept}
        for one in content["rows"]:
            one["recordings"] = {name: found for name, found in one["recordings"].items() if name in kept}
        return Controls.from_dict(content)

    pooled = Controls.pooled([part(names[:1]), part(names[1:])])
    assert pooled.to_dict() == controls.to_dict()


def test_every_number_of_the_motion_control_follows_from_the_recordings(controls_of):
    motion = row(controls_of("motion"), "motion")
    for key in ("model", "score", "remaining"):
        assert getattr(motion, key) == pytest.approx(np.mean([getattr(one, key) for one in motion.recordings.values()]))
    assert motion.left == pytest.approx(motion.remaining / motion.model)
