"""On a CUDA device a training takes the steps that it takes on the CPU, goes on after a cut, and tells its memory."""

import pytest
import torch

from eeg2fmri.train.environment import measured

pytestmark = [pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")]


class Cut(BaseException):
    """Ends a training between two steps."""


def cut(what, done, total):
    if done == 7:
        raise Cut


def worst(a, b):
    assert a.keys() == b.keys()
    return max((a[name].cpu() - b[name].cpu()).abs().max().item() for name in a)


@pytest.mark.parametrize(("precision", "most"), [("32-true", 1e-4), ("bf16-mixed", 2e-2)])
def test_the_device_takes_the_steps_of_the_cpu(toy_training, precision, most):
    settings = {"noise": False, "optimiser": {"learning_rate": 0.01, "clip_norm": 1.0, "accumulate": 2}}
    cpu = toy_training("cpu", **settings).run()
    cuda = toy_training("cuda", accelerator="cuda", precision=precision, average_decay=None, **settings).run()
    assert worst(cpu.weights, cuda.weights) < most
    assert cuda.history[-1]["train_loss"] < cuda.history[0]["train_loss"]


def test_a_cut_training_goes_on_with_the_same_draws(toy_training):
    settings = {"accelerator": "cuda", "checkpoint_minutes": 1e-9, "average_decay": 0.9}
    whole = toy_training("whole", **settings).run()
    with pytest.raises(Cut):
        toy_training("cut", **settings).run(progress=cut)
    resumed = toy_training("cut", **settings).run(resume=True)
    # CUDA need not sum in the same order twice
    assert worst(whole.weights, resumed.weights) < 1e-5


def test_the_random_state_of_the_device_is_untouched(toy_training):
    training = toy_training(accelerator="cuda", epochs=1)
    before = torch.cuda.get_rng_state().clone()
    training.run()
    assert torch.equal(torch.cuda.get_rng_state(), before)


def test_the_memory_of_the_device_is_told(toy_training):
    toy_training(accelerator="cuda", epochs=1).run()
    assert measured(1.0, [])["peak_gpu_memory_mb"] >= 0
