import numpy as np
import pytest
import torch
from skimage.metrics import structural_similarity

from eeg2fmri.models.rivals.losses import courses_loss, similarity, similarity_and_error


def _volumes(shape, noise):
    source = torch.Generator().manual_seed(3)
    smooth = torch.nn.functional.avg_pool2d(torch.rand(*shape[:1], shape[3], *shape[1:3], generator=source), 3, 1, 1)
    volume = smooth.movedim(1, -1).contiguous()
    return volume, (volume + noise * torch.randn(volume.shape, generator=source)).clamp(0, 1)


@pytest.mark.parametrize("data_range", [1.0, 4.0])
def test_similarity_is_that_of_another_program(data_range):
    volume, predicted = _volumes((2, 23, 17, 3), 0.1)
    expected = [
        np.mean(
            [
                structural_similarity(
                    volume[n, :, :, k].double().numpy(),
                    predicted[n, :, :, k].double().numpy(),
                    data_range=data_range,
                    gaussian_weights=True,
                    use_sample_covariance=False,
                )
                for k in range(3)
            ]
        )
        for n in range(2)
    ]
    np.testing.assert_allclose(similarity(predicted.double(), volume.double(), data_range).numpy(), expected, atol=1e-9)


def test_similarity_falls_with_noise_and_fits_small_slices():
    for shape in ((2, 23, 17, 3), (2, 5, 4, 2), (2, 1, 6, 1)):
        volume, little = _volumes(shape, 0.02)
        _, much = _volumes(shape, 0.3)
        found = [similarity(one, volume).mean().item() for one in (volume, little, much)]
        assert found[0] == pytest.approx(1, abs=1e-5)
        assert found[0] > found[1] > found[2]


def test_similarity_and_error_have_the_published_weights():
    volume, predicted = _volumes((2, 13, 12, 3), 0.1)
    parts = similarity_and_error(predicted, volume)
    assert parts["reconstruction"].item() == pytest.approx(0.5 * (predicted - volume).square().mean().item())
    assert parts["similarity"].item() == pytest.approx(0.5 * (1 - similarity(predicted, volume).mean().item()))


def test_courses_are_compared_by_value_correlation_and_connectivity():
    source = torch.Generator().manual_seed(0)
    y = torch.randn(9, 5, 1, 1, generator=source)
    perfect = courses_loss(y, y)
    assert all(part.item() == pytest.approx(0, abs=1e-6) for part in perfect.values())
    scaled = courses_loss(2 * y + 1, y)
    assert scaled["reconstruction"] > 0.1
    assert scaled["correlation"].item() == pytest.approx(0, abs=1e-6)
    other = torch.randn(9, 5, 1, 1, generator=source)
    a, b = (np.corrcoef(part.flatten(1).numpy().T) for part in (other, y))
    r = [np.corrcoef(other[:, k, 0, 0], y[:, k, 0, 0])[0, 1] for k in range(5)]
    found = courses_loss(other, y)
    assert found["correlation"].item() == pytest.approx(0.2 * (1 - np.mean(r)), abs=1e-5)
    assert found["connectivity"].item() == pytest.approx(0.2 * np.mean((a - b) ** 2), abs=1e-5)
    assert set(courses_loss(y[:2], y[:2])) == {"reconstruction"}
