import numpy as np
import pytest
import torch

from eeg2fmri.core.errors import ConfigError, InputError, ShapeError
from eeg2fmri.models import registry
from eeg2fmri.models.recommended.acquisition import Acquisition
from eeg2fmri.models.recommended.config import RecommendedConfig
from eeg2fmri.models.recommended.model import Recommended
from eeg2fmri.models.saving.card import ModelCard
from eeg2fmri.models.saving.hub import load, save


def test_a_fit_carries_over_to_recordings_that_it_never_saw(fitted, planted, correlation):
    model, report = fitted
    r = correlation(model, planted([8]))
    coupled = np.r_[r[:2].ravel()[1:], r[3:].ravel()]
    assert np.median(coupled) > 0.4
    assert [family.local for family in report.families if family.weight] == [True]
    assert (report.left_out, report.groups) == ("subjects", 4)
    assert r[0, 0, 0] == 0


def test_without_coupling_there_is_no_correlation(planted, acquisition, config, correlation):
    model = Recommended(config)
    model.fit_closed_form(planted([1, 2, 3], coupling=0.0), planted([4], coupling=0.0), acquisition)
    r = [np.median(correlation(model, planted([seed], coupling=0.0))) for seed in range(10, 18)]
    assert abs(np.mean(r)) < 3 * np.std(r) / np.sqrt(len(r))


def test_the_prior_helps_where_there_are_few_recordings(planted, acquisition, config, correlation):
    pairs, held = planted([1], n_volumes=30), planted([4])
    scores = {}
    for widths in ([35.0], [None]):
        model = Recommended(config.model_copy(update={"fit": config.fit.model_copy(update={"widths_mm": widths})}))
        model.fit_closed_form(pairs, held, acquisition)
        r = correlation(model, planted([8]))
        scores[widths[0]] = np.median(np.r_[r[:2].ravel()[1:], r[3:].ravel()])
    assert scores[35.0] > scores[None]


def test_the_electrodes_that_matter_have_the_weight(fitted):
    weights = fitted[0].electrode_weights()
    assert weights.shape == (2, 6)
    assert weights.sum().item() == pytest.approx(1)
    assert sorted(weights.flatten().argsort()[-2:].tolist()) == [1, 6 + 4]


def test_the_offset_is_the_mean_volume_and_voxels_outside_the_brain_stay_0(fitted, planted):
    model, _ = fitted
    mean = np.mean([np.mean([p.y.numpy() for p in planted([seed])], axis=0) for seed in (1, 2, 3, 4)], axis=0)
    np.testing.assert_allclose(model.offset[1:].numpy(), mean[1:], rtol=1e-4)
    assert model.offset[0, 0, 0] == 0
    assert (model(planted([1])[0].x[None]).volume[0, 0, 0, 0] == 0).all()


def test_the_volume_is_the_sum_of_filtered_responses_times_maps(fitted, planted):
    model, _ = fitted
    x = torch.stack([planted([1])[k].x for k in (0, 5, 9)])
    out = model(x)
    courses = torch.einsum("ncbt,mt,kmbc->nk", x, model.responses, model.filters)
    torch.testing.assert_close(out.z_eeg[..., 0, 0], courses, rtol=1e-4, atol=1e-5)
    volume = model.offset + torch.einsum("nk,kxyz->nxyz", courses, model.maps)
    torch.testing.assert_close(out.volume, volume, rtol=1e-4, atol=1e-5)
    assert out.volume.shape == (3, 5, 4, 3)
    assert out.z_eeg.shape == (3, 5, 1, 1)
    assert (out.scale, out.z_fmri, out.attention) == (None, None, None)


def test_the_courses_of_a_synthesised_volume_are_those_of_its_eeg(fitted, planted):
    model, _ = fitted
    x = torch.stack([planted([1])[k].x for k in (0, 5, 9)])
    volume = model(x).volume
    again = model(x, volume)
    # components that hold next to nothing cannot be told from a volume in single precision
    torch.testing.assert_close((again.z_fmri - again.z_eeg)[:, :2].abs().max().item(), 0.0, atol=2e-2, rtol=0)
    torch.testing.assert_close(again.volume, volume)


def test_the_scale_is_the_mean_error_on_people_who_were_left_out(planted, acquisition, config):
    model = Recommended(config.model_copy(update={"scale": "laplace"})).eval()
    report = model.fit_closed_form(planted([1, 2, 3]), planted([4]), acquisition)
    assert report.r > 0.1
    out, errors = None, []
    for unseen in range(10, 20):
        pairs = planted([unseen])
        x, y = torch.stack([p.x for p in pairs]), torch.stack([p.y for p in pairs])
        out = model(x)
        errors.append((out.volume - y).abs().mean(dim=0).detach())
    assert out.scale.shape == out.volume.shape
    ratio = (out.scale[0] / torch.stack(errors).mean(dim=0)).flatten()[1:]
    assert 0.9 < ratio.median() < 1.1
    assert (out.scale > 0).all()


def test_what_was_left_out_says_where_the_model_responds(fitted, planted, correlation):
    model, report = fitted
    unseen = np.mean([correlation(model, planted([seed])) for seed in range(10, 18)], axis=0)
    r = model.left_out_r.numpy()
    assert r[0, 0, 0] == 0
    assert report.r == pytest.approx(r.ravel()[1:].mean(), abs=1e-6)
    # the middle of the grid follows nothing
    assert r[2].max() < min(np.median(r[:2].ravel()[1:]), np.median(r[3:]))
    # drifts are taken out before: it is a little higher than r with them
    assert np.corrcoef(unseen.ravel()[1:], r.ravel()[1:])[0, 1] > 0.9


def test_the_fit_is_the_same_every_time_and_leaves_the_random_state_alone(planted, acquisition, config, fitted):
    torch.manual_seed(5)
    before = torch.get_rng_state()
    model = Recommended(config)
    model.fit_closed_form(planted([1, 2, 3]), planted([4]), acquisition)
    assert torch.equal(torch.get_rng_state(), before)
    for name, value in fitted[0].state_dict().items():
        assert torch.equal(value, model.state_dict()[name]), name
    assert model.fitted


def test_a_saved_model_gives_the_same_volumes(fitted, planted, tmp_path, monkeypatch):
    entry = ("recommended.model", "RecommendedConfig", "Recommended")
    monkeypatch.setitem(registry._MODELS, "recommended", entry)
    model, _ = fitted
    names = tuple(f"E{k}" for k in range(6))
    save(tmp_path, model, ModelCard.of_model(model.config, electrodes=names, frequencies=(6.0, 10.5), tr=2.2))
    again = load(tmp_path).model
    x = torch.stack([planted([1])[k].x for k in range(4)])
    assert torch.equal(again(x).volume, model(x).volume)
    assert again.fitted


def test_gradient_steps_reach_every_weight(planted, acquisition, config):
    model = Recommended(config)
    model.fit_closed_form(planted([1]), planted([4]), acquisition)
    pair = planted([2])[3]
    loss = (model(pair.x[None], pair.y[None]).volume - pair.y).abs().mean() + model.regularization() + model.kl()
    loss.backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad.abs().sum() > 0, name


def test_an_acquisition_of_another_shape_is_an_error(planted, config):
    wrong = Acquisition(2.2, np.zeros((5, 4, 2), bool), np.eye(4), electrodes=np.zeros((4, 3)))
    with pytest.raises(ShapeError, match="2 problems"):
        Recommended(config).fit_closed_form(planted([1]), planted([4]), wrong)


def test_an_empty_group_is_an_error(planted, config, acquisition):
    with pytest.raises(InputError, match="no recording to fit"):
        Recommended(config).fit_closed_form(planted([]), planted([4]), acquisition)


def test_equal_responses_are_an_error():
    with pytest.raises(ConfigError, match="same shift"):
        RecommendedConfig.make({"eeg_shape": (3, 2, 4), "volume_shape": (2, 2, 2), "shifts_s": (0, 0)})


def test_synthesised_volumes_vary_as_much_as_what_the_eeg_says(fitted, planted):
    """The slope of measured on synthesised volumes is 1: the gain of the fit is in the maps."""
    model, _ = fitted
    slopes = []
    for seed in range(10, 16):
        pairs = planted([seed])
        with torch.no_grad():
            made = model(torch.stack([pair.x for pair in pairs.items])).volume.numpy()
        truth = np.stack([pair.y.numpy() for pair in pairs.items])
        drift = np.linspace(-1, 1, len(truth))[:, None, None, None]
        made, truth = (v - v.mean(0) - drift * (v * drift).sum(0) / (drift**2).sum() for v in (made, truth))
        slopes.append((made * truth).sum() / (made**2).sum())
    assert np.mean(slopes) == pytest.approx(1, abs=0.15)
