"""The loop: resumes to the very same weights, averages, accumulates, stops when asked, leaves global state alone."""

import os
import random
import signal

import numpy as np
import pytest
import torch

from eeg2fmri.core.errors import Eeg2FmriError
from eeg2fmri.train.steps.loop import BEST


class Killed(BaseException):
    """Stands for a process that ends between two statements."""


def kill_at(step):
    def progress(what, done, total):
        if done == step:
            raise Killed

    return progress


def same(a, b):
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def losses(history):
    return [{name: value for name, value in row.items() if not name.startswith("seconds")} for row in history]


@pytest.mark.parametrize("step", [1, 5, 6, 7, 13, 17])
@pytest.mark.parametrize("settings", [{}, {"average_decay": 0.9, "optimiser": {"schedule": "cosine", "accumulate": 2}}])
def test_a_killed_training_resumes_to_the_same_weights(toy_training, step, settings):
    # 6 batches an epoch; a state after every step that ends a group of accumulated batches
    settings = {"checkpoint_minutes": 1e-9, **settings}
    whole = toy_training("whole", **settings).run()
    with pytest.raises(Killed):
        toy_training("cut", **settings).run(progress=kill_at(step))
    resumed = toy_training("cut", **settings).run(resume=True)
    assert same(whole.weights, resumed.weights)
    assert losses(whole.history) == losses(resumed.history)
    assert whole.best_epoch == resumed.best_epoch


def test_a_training_killed_while_saving_resumes_to_the_same_weights(toy_training, monkeypatch):
    from eeg2fmri.train.states import state

    whole = toy_training("whole").run()
    real, saves = state.save_file, []

    def die_in_the_middle(tensors, path):
        saves.append(path)
        if len(saves) == 4:
            path.write_bytes(b"half a file")
            raise Killed
        real(tensors, path)

    monkeypatch.setattr(state, "save_file", die_in_the_middle)
    with pytest.raises(Killed):
        toy_training("cut").run()
    monkeypatch.setattr(state, "save_file", real)
    assert same(whole.weights, toy_training("cut").run(resume=True).weights)


def test_a_damaged_last_state_falls_back_loudly_and_resumes_to_the_same_weights(toy_training, tmp_path):
    settings = {"checkpoint_minutes": 1e-9}
    whole = toy_training("whole", **settings).run()
    with pytest.raises(Killed):
        toy_training("cut", **settings).run(progress=kill_at(9))
    newest = sorted((tmp_path / "cut").glob("state-*.safetensors"))[-1]
    newest.write_bytes(newest.read_bytes()[:-100])
    with pytest.warns(UserWarning, match=f"{newest.stem}.* damaged"):
        resumed = toy_training("cut", **settings).run(resume=True)
    assert same(whole.weights, resumed.weights)


def test_damaged_weights_of_the_best_epoch_fall_back_to_the_best_before_and_say_so(toy_training, tmp_path):
    settings = {"noise": False, "optimiser": {"learning_rate": 0.02}}
    two = toy_training("two", epochs=2, **settings).run()
    assert two.best_epoch == 2

    def damage(row):
        if row["epoch"] == 3:
            newest = sorted((tmp_path / "three" / "best").glob("*.safetensors"))[-1]
            newest.write_bytes(newest.read_bytes()[:-100])

    three = toy_training("three", epochs=3, **settings)
    with pytest.warns(UserWarning, match="damaged"):
        fitted = three.run(on_epoch=damage)
    assert three.at.best[0] == 3
    assert fitted.best_epoch == 2
    assert same(fitted.weights, two.weights)


def test_the_number_of_workers_does_not_change_the_result(toy_training):
    alone, helped = (toy_training(f"w{n}", workers=n, epochs=1).run() for n in (0, 2))
    assert same(alone.weights, helped.weights)


def test_the_seed_changes_the_result(toy_training):
    a, b = (toy_training(f"s{seed}", seed=seed).run() for seed in (0, 1))
    assert not same(a.weights, b.weights)


def test_the_global_random_state_is_untouched(toy_training):
    training = toy_training(epochs=1)
    before = torch.get_rng_state().clone(), np.random.get_state()[1].copy(), random.getstate()  # noqa: NPY002
    training.run()
    assert torch.equal(torch.get_rng_state(), before[0])
    assert np.array_equal(np.random.get_state()[1], before[1])  # noqa: NPY002
    assert random.getstate() == before[2]


def test_accumulated_batches_step_as_one_large_batch(toy_training):
    plain = {"n": 16, "norm": False, "noise": False, "epochs": 2}
    large = toy_training("large", batch_size=8, **plain).run()
    small = toy_training("small", batch_size=4, optimiser={"accumulate": 2}, **plain).run()
    for name, value in large.weights.items():
        assert torch.allclose(value, small.weights[name], atol=1e-6), name


def test_training_lowers_the_loss_and_keeps_the_best_validated_epoch(toy_training):
    fitted = toy_training(epochs=12, noise=False, optimiser={"learning_rate": 0.02}).run()
    values = [row["validation_loss"] for row in fitted.history]
    assert fitted.history[-1]["train_loss"] < 0.6 * fitted.history[0]["train_loss"]
    assert fitted.best_epoch == 1 + values.index(min(values))


def misled(training):
    """Validation pairs of which the opposite is true: the better the training, the worse the validation."""
    training.sets["validation"].y *= -1
    return training


def test_the_kept_weights_are_those_of_the_best_epoch_not_the_last(toy_training):
    settings = {"noise": False, "optimiser": {"learning_rate": 0.02}}
    long = misled(toy_training("long", epochs=5, **settings)).run()
    assert long.best_epoch < 5
    short = misled(toy_training("short", epochs=long.best_epoch, **settings)).run()
    assert same(long.weights, short.weights)


def test_patience_ends_a_training_that_gets_no_better(toy_training):
    fitted = misled(toy_training(epochs=50, patience=2, noise=False, optimiser={"learning_rate": 0.02})).run()
    assert fitted.stopped == "patience"
    assert len(fitted.history) == fitted.best_epoch + 2


def test_the_average_is_what_is_validated_and_kept(toy_training):
    plain = toy_training("plain", epochs=1).run()
    averaged = toy_training("averaged", epochs=1, average_decay=0.99).run()
    start = toy_training("start", epochs=1).raw.decode.weight
    moved = [(fitted.weights["decode.weight"] - start).abs().mean() for fitted in (plain, averaged)]
    assert moved[1] < 0.2 * moved[0]


def test_a_clipped_gradient_takes_the_same_direction_with_the_norm_asked_for(toy_training):
    training = toy_training(noise=False, optimiser={"clip_norm": 0.01}, epochs=1)
    norms = []
    step = training.wrapped.step

    def look():
        gradients = [p.grad for p in training.raw.parameters()]
        norms.append(torch.linalg.vector_norm(torch.stack([g.norm() for g in gradients])).item())
        step()

    training.wrapped.step = look
    training.run()
    assert max(norms) == pytest.approx(0.01, rel=1e-3)


def test_an_interrupt_ends_after_the_step_and_can_be_resumed(toy_training):
    whole = toy_training("whole").run()

    def interrupt(what, done, total):
        if done == 8:
            os.kill(os.getpid(), signal.SIGINT)

    cut = toy_training("cut")
    fitted = cut.run(progress=interrupt)
    assert fitted.stopped == "asked"
    assert (cut.at.epoch, cut.at.batches_done) == (1, 2)
    assert same(whole.weights, toy_training("cut").run(resume=True).weights)


def test_a_loss_that_is_not_finite_says_where(toy_training):
    training = toy_training()
    training.sets["train"].y[:] = float("nan")
    with pytest.raises(Eeg2FmriError, match="not finite") as caught:
        training.run()
    assert "epoch 1, batch 1" in str(caught.value)


def test_a_training_that_diverged_keeps_nothing_as_best(toy_training):
    training = toy_training()
    with torch.no_grad():
        for weight in training.raw.parameters():
            weight.fill_(1e9)
    training.optimiser.param_groups[0]["lr"] = 0.0
    with pytest.raises(Eeg2FmriError, match="diverged") as caught:
        training.run()
    assert "validation loss" in str(caught.value)
    assert not (training.folder / BEST).exists()


def test_several_processes_need_a_launcher(toy_training):
    with pytest.raises(Eeg2FmriError, match="torchrun"):
        toy_training(devices=2)
