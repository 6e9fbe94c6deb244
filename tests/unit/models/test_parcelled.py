"""A model of regions as a model of voxels: means in, values of a part out, nothing of a test recording."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from eeg2fmri.models import parcelled as module
from eeg2fmri.models.capabilities import block_of
from eeg2fmri.models.output import Synthesis
from eeg2fmri.models.parcelled import Parcelled, ParcelledConfig, parts_of_brain

SHAPE = (4, 5, 3)


class Inner(nn.Module):
    """Gives the sums of electrodes, one a region."""

    def forward(self, x, y=None, *, generator=None):
        return Synthesis(x.sum(dim=(2, 3))[:, :, None, None], None, x, None, None)

    def loss(self, out, y):
        return {"reconstruction": (out.volume - y).square().mean()}

    def regularization(self):
        return torch.zeros(())

    kl = regularization


@pytest.fixture
def model(monkeypatch):
    monkeypatch.setattr(module, "build", lambda config: Inner())
    made = Parcelled(ParcelledConfig(eeg_shape=(3, 2, 4), volume_shape=SHAPE, regions=3, inner={"kind": "inner"}))
    rng = np.random.default_rng(0)
    mask = rng.random(SHAPE) < 0.7
    volumes = torch.from_numpy(rng.standard_normal((20, *SHAPE)).astype(np.float32))
    made.look([SimpleNamespace(y=volume) for volume in volumes], mask)
    return made, mask, volumes


def test_parts_cover_the_brain_and_no_more():
    mask = np.zeros((8, 9, 7), bool)
    mask[1:7, 1:8, 1:6] = True
    parts = parts_of_brain(mask, 6, 0)
    assert (parts.reshape(mask.shape) >= 0).tolist() == mask.tolist()
    sizes = np.bincount(parts[parts >= 0])
    assert len(sizes) == 6
    assert sizes.min() > 0.4 * sizes.mean()
    np.testing.assert_array_equal(parts, parts_of_brain(mask, 6, 0))


def test_means_of_the_training_volumes_have_unit_power(model):
    made, _, volumes = model
    means = made.means(volumes)
    assert tuple(means.shape) == (20, 3, 1, 1)
    torch.testing.assert_close(means.square().mean(dim=0), torch.ones(3, 1, 1))
    flat, part = volumes.flatten(1).numpy(), made.part.numpy()
    expected = np.stack([flat[:, part == k].mean(axis=1) for k in range(3)], axis=1) / made.spread.numpy()
    np.testing.assert_allclose(means[:, :, 0, 0].numpy(), expected, atol=1e-5)


def test_each_voxel_has_the_value_of_its_part(model):
    made, mask, volumes = model
    x = torch.randn(2, 3, 2, 4)
    out = made(x, volumes[:2])
    part = made.part.reshape(SHAPE)
    assert (out.volume[:, ~torch.from_numpy(mask)] == 0).all()
    for k in range(3):
        value = x[:, k].sum(dim=(1, 2)) * made.spread[k]
        torch.testing.assert_close(out.volume[:, part == k], value[:, None].expand(2, int((part == k).sum())))
    parts = made.loss(out, volumes[:2])
    assert float(parts["reconstruction"]) == pytest.approx(
        float((x.sum(dim=(2, 3)) - made.means(volumes[:2])[:, :, 0, 0]).square().mean())
    )


def test_the_output_is_made_of_tensors_that_a_step_can_take_one_by_one(model):
    made, _, volumes = model
    out = made(torch.randn(2, 3, 2, 4), volumes[:2])
    assert all(isinstance(part, torch.Tensor) for part in out.for_loss)
    again = out._replace(volume=out.volume + made._voxels(torch.ones(2, 3)))
    got = made.loss(again, made._voxels(torch.zeros(2, 3)))["reconstruction"]
    assert float(got) == pytest.approx(float((made.means(out.volume) + 1).square().mean()), rel=1e-5)


class InnerOfBlocks(Inner):
    """Gives two volumes of three regions: the sums of electrodes, and these times ten."""

    block_length = 2

    def forward(self, x, y=None, *, generator=None):
        out = super().forward(x).volume
        return Synthesis(torch.cat([out, 10 * out], dim=1), None, x, None, None)


def test_blocks_of_volumes_are_blocks_of_regions(monkeypatch, model):
    single, mask, volumes = model
    monkeypatch.setattr(module, "build", lambda config: InnerOfBlocks())
    made = Parcelled(single.config)
    pairs = [SimpleNamespace(y=torch.cat([volumes[k], volumes[k + 1]])) for k in range(19)]
    made.look(pairs, mask)
    # the last volume of each pair is looked at, as where a pair has one
    single.look([SimpleNamespace(y=volume) for volume in volumes[1:]], mask)
    for name, buffer in single.named_buffers():
        torch.testing.assert_close(getattr(made, name), buffer)
    assert (block_of(made), block_of(single)) == (2, 1)
    blocks = torch.stack([pairs[3].y, pairs[8].y])
    means = made.means(blocks)
    assert tuple(means.shape) == (2, 6, 1, 1)
    torch.testing.assert_close(means[:, :3], single.means(volumes[[3, 8]]))
    torch.testing.assert_close(means[:, 3:], single.means(volumes[[4, 9]]))
    x = torch.randn(2, 3, 2, 4)
    out, one = made(x, blocks), single(x)
    assert tuple(out.volume.shape) == (2, 8, 5, 3)
    torch.testing.assert_close(out.volume[:, :4], one.volume)
    torch.testing.assert_close(out.volume[:, 4:], 10 * one.volume)
    sums = x.sum(dim=(2, 3))
    wanted = (torch.cat([sums, 10 * sums], dim=1) - means[:, :, 0, 0]).square().mean()
    torch.testing.assert_close(made.loss(out, blocks)["reconstruction"], wanted)
