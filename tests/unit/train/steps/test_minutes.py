"""A budget of minutes: the running epoch ends there, is validated, and counts over resumptions."""

import pytest


class Clock:
    """A clock that a step moves on by ten seconds."""

    now = 0.0

    def __call__(self):
        Clock.now += 5.0  # asked before and after each piece of work
        return Clock.now


@pytest.fixture
def slow(monkeypatch):
    monkeypatch.setattr("eeg2fmri.train.states.position.monotonic", Clock())


def test_the_running_epoch_ends_with_the_minutes_and_is_validated(toy_training, slow):
    fitted = toy_training(epochs=1000, minutes=2).run()
    assert fitted.stopped == "minutes"
    assert fitted.history[-1]["validation_loss"] > 0
    assert 1 <= len(fitted.history) < 20
    spent = sum(row["seconds"] + row["seconds_validation"] for row in fitted.history)
    assert 120 < spent < 180


def test_minutes_that_are_not_spent_change_nothing(toy_training):
    free, bounded = (toy_training(folder=name, minutes=minutes).run() for name, minutes in (("a", None), ("b", 60)))
    assert free.stopped == bounded.stopped == "epochs"
    for name, weights in free.weights.items():
        assert weights.equal(bounded.weights[name])


def test_a_resumption_does_not_begin_the_minutes_anew(toy_training, slow):
    class Killed(Exception):
        pass

    def kill(row):
        if row["epoch"] == 1:
            raise Killed

    with pytest.raises(Killed):
        toy_training(epochs=1000, minutes=4).run(on_epoch=kill)
    fitted = toy_training(epochs=1000, minutes=4).run(resume=True)
    spent = sum(row["seconds"] + row["seconds_validation"] for row in fitted.history)
    assert fitted.stopped == "minutes"
    assert 240 < spent < 300
