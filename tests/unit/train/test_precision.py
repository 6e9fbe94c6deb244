"""Mixed precision trains, and the penalty of other arithmetic stays small."""

import torch


def test_bfloat16_lowers_the_loss_as_float32_does(toy_training):
    settings = {"noise": False, "epochs": 12, "optimiser": {"learning_rate": 0.02}}
    full = toy_training("full", **settings).run()
    mixed = toy_training("mixed", precision="bf16-mixed", **settings).run()
    assert mixed.history[-1]["train_loss"] < 0.8 * mixed.history[0]["train_loss"]
    assert abs(mixed.history[-1]["train_loss"] / full.history[-1]["train_loss"] - 1) < 0.05
    assert all(value.dtype == torch.float32 for value in mixed.weights.values() if value.is_floating_point())
