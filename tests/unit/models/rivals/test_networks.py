"""What each published network does beside the contract of every model."""

import math

import numpy as np
import pytest
import torch

from eeg2fmri.core.errors import ConfigError
from eeg2fmri.models.capabilities import block_of
from eeg2fmri.models.registry import build
from eeg2fmri.models.rivals.eeg2bold import response_weights
from eeg2fmri.models.rivals.encoders.labram import ORDER, electrode_rows
from eeg2fmri.models.rivals.encoders.multiscale import OverlappedSpectra, magnitudes
from eeg2fmri.models.rivals.encoders.reve import fourier_features, head_places
from eeg2fmri.models.rivals.nt_vit import MelSpectrogram
from eeg2fmri.models.rivals.spec2vol import fitted
from eeg2fmri.models.rivals.vss import Scan2d

EEG, RAW, VOLUME = (5, 9, 4), (5, 1, 48), (7, 6, 5)
FLOW = {
    **{"patch": 12, "stride": 9, "width": 12, "depth": 1, "heads": 3, "hidden": 7, "scales": (6, 16)},
    **{"spectral_tokens": 3, "spectral_depth": 1, "spectral_heads": 2, "source_widths": (9, 8), "flow_width": 10},
    **{"flow_depth": 1, "steps": 4, "ensemble": 40, "dropout": 0.0, "spectral_dropout": 0.0},
}


def _made(kind, eeg=EEG, volume=VOLUME, **sizes):
    model = build({"kind": kind, "eeg_shape": eeg, "volume_shape": volume, "seed": 3, **sizes})
    source = torch.Generator().manual_seed(5)
    return model, torch.randn(3, *eeg, generator=source), torch.rand(3, *volume, generator=source)


def _gradients(model, part):
    model.zero_grad()
    part.backward(retain_graph=True)
    return {name for name, parameter in model.named_parameters() if parameter.grad is not None and parameter.grad.any()}


def test_the_critic_and_the_network_of_e2fgan_learn_from_their_own_parts():
    model, x, y = _made("e2fgan", widths=(8, 8, 8, 16), critic_widths=(2, 3, 4, 3))
    parts = model.train().loss(model(x, y), y)
    assert set(parts) == {"reconstruction", "similarity", "adversarial", "critic"}
    of_critic = {name for name, _ in model.named_parameters() if name.startswith("critic.")}
    assert _gradients(model, parts["critic"]) <= of_critic
    pleased = _gradients(model, parts["adversarial"])
    assert pleased
    assert not pleased & of_critic
    assert set(model.eval().loss(model(x, y), y)) == {"reconstruction", "similarity"}


@pytest.mark.parametrize("kind", ["e2fnet", "e2fgan"])
def test_slices_too_small_for_the_u_net_are_refused_and_the_smallest_are_trained(kind):
    widths = {"widths": (8, 8, 8, 32)}
    with pytest.raises(ConfigError, match="slices have 2 x 1 voxels: at least one side needs 3"):
        _made(kind, volume=(2, 1, 1), **widths)
    model, x, y = _made(kind, volume=(3, 1, 1), **widths)
    sum(model.loss(model.train()(x[:1], y[:1]), y[:1]).values()).backward()


def test_the_critic_of_e2fgan_learns_to_tell_volumes_apart():
    model, x, y = _made("e2fgan", widths=(8, 8, 8, 16), critic_widths=(8, 8, 8, 8))
    optimiser = torch.optim.Adam(model.critic.parameters(), 1e-2)
    model.train()
    losses, y = [], (torch.arange(7.0) % 2)[:, None, None] * (0.5 + y / 2)  # every other row is empty
    for _ in range(40):
        loss = model.loss(model(x, y), y)["critic"]
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[0] == pytest.approx(math.log(2), abs=0.2)
    assert losses[-1] < 0.2


def test_volumes_of_sigmoid_networks_are_between_0_and_1_and_of_linear_ones_are_not():
    for kind, sizes in (("e2fnet", {"widths": (8, 8, 8, 16)}), ("nt_vit", {"width": 8, "heads": 2, "hidden": 12})):
        eeg = RAW if kind == "nt_vit" else EEG
        for output in ("sigmoid", "linear"):
            model, x, _ = _made(kind, eeg, output=output, **sizes)
            volume = model.eval()(x).volume
            assert bool(((volume > 0) & (volume < 1)).all()) == (output == "sigmoid")


def test_the_encoder_of_volumes_of_nt_vit_never_learns():
    model, x, y = _made("nt_vit", RAW, width=8, heads=2, depth=1, hidden=12, sfreq=64.0)
    out = model.train()(x, y)
    parts = model.loss(out, y)
    assert set(parts) == {"reconstruction", "again", "matching"}
    for part in parts.values():
        assert not any(name.startswith("volume_encoder") for name in _gradients(model, part))
    assert all(name.startswith("encoder") for name in _gradients(model, parts["matching"]))
    assert all(name.startswith("decoder") for name in _gradients(model, parts["again"]))
    torch.testing.assert_close(parts["matching"], (out.z_eeg - out.z_fmri).square().mean())
    alone, *_ = _made("nt_vit", RAW, width=8, heads=2, depth=1, hidden=12, sfreq=64.0, matching=False)
    assert set(alone.train().loss(alone(x, y), y)) == {"reconstruction"}


def test_patches_of_nt_vit_see_only_the_patches_before_them():
    model, x, _ = _made("nt_vit", RAW, (13, 7, 2), width=8, heads=2, depth=1, hidden=12)
    first = model.decoder.position.grad = None
    model.decoder.smooth.weight.data.zero_()[0, 0, 1, 1, 1] = 1.0  # no mixing of neighbours
    model.eval()(x).volume[:, :6, :6].sum().backward()
    first = model.decoder.position.grad
    assert first[0].any()
    assert not first[1:].any()


def test_mel_power_is_that_of_the_whole_transform():
    sfreq, n = 512.0, 1106
    x = torch.randn(2, n, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    mel = MelSpectrogram(sfreq).double()
    found = mel(x)
    assert found.shape == (2, 16, 70)
    taper = torch.hann_window(32, dtype=torch.float64)
    spectrum = torch.stft(x, 512, 16, 32, taper, center=True, pad_mode="reflect", return_complex=True).abs().square()
    edges = 700 * (10 ** (np.linspace(*(2595 * np.log10(1 + f / 700) for f in (1, 45)), 18) / 2595) - 1)
    bands = np.array([np.interp(np.arange(257.0), edges[k : k + 3], [0, 1, 0]) for k in range(16)])
    torch.testing.assert_close(found, torch.from_numpy(bands) @ spectrum, rtol=1e-4, atol=1e-4)


def test_magnitudes_are_those_of_frames_that_follow_each_other():
    x = torch.randn(2, 3, 50, generator=torch.Generator().manual_seed(0))
    found = magnitudes(x, 16)
    assert found.shape == (2, 3, 3, 9)
    np.testing.assert_allclose(found[1, 2, 1], np.abs(np.fft.rfft(x[1, 2, 16:32].numpy())), rtol=1e-4, atol=1e-5)


def test_electrodes_take_the_rows_of_their_names():
    assert len(ORDER) == len(set(ORDER)) == 83
    assert electrode_rows(["Oz", "Fp1"], 2) == [ORDER.index("OZ") + 1, 1]
    assert electrode_rows([], 4) == [1, 2, 3, 4]
    unknown = electrode_rows(["E1", "Cz", "E2"], 3)
    assert len(set(unknown)) == 3
    assert min(unknown[0], unknown[2]) > len(ORDER)


def test_neurobolt_is_given_microvolts_without_the_mean_of_the_window():
    sizes = {"patch": 12, "depth": 1, "heads": 2, "scales": (6, 16), "spectral_depth": 1, "spectral_heads": 2}
    model, x, _ = _made("neurobolt", RAW, (2, 1, 1), **sizes)
    model.eval()
    with torch.no_grad():
        found = model(1e-4 * x).volume
        torch.testing.assert_close(model(1e-4 * (x + 7)).volume, found, rtol=1e-3, atol=1e-6)
        assert not torch.allclose(model(3e-4 * x).volume, found, rtol=1e-3, atol=0)
    # the last layer starts a thousand times smaller than torch would have it
    assert model.head.weight.abs().max() <= 1e-3 / math.sqrt(model.head.in_features)


def test_raw_networks_refuse_windows_that_are_not_raw():
    for kind in ("neurobolt", "boldflow", "eeg2bold", "nt_vit"):
        with pytest.raises(ConfigError, match="eeg: raw"):
            build({"kind": kind, "eeg_shape": (5, 9, 400), "volume_shape": VOLUME})
    with pytest.raises(ConfigError, match="too short for the scales"):
        build({"kind": "neurobolt", "eeg_shape": (5, 1, 300), "volume_shape": VOLUME})
    with pytest.raises(ConfigError, match="2 names of electrodes for 5 channels"):
        build({"kind": "boldflow", "eeg_shape": (5, 1, 6400), "volume_shape": VOLUME, "electrodes": ("Fz", "Cz")})


def test_places_of_electrodes_are_told_apart():
    places = head_places(["Fp1", "Oz", "E7"], 3)
    assert places.shape == (3, 3)
    assert places[0, 1] > 0 > places[1, 1]  # front and back
    assert np.isfinite(places).all()
    assert np.unique(head_places([], 30), axis=0).shape == (30, 3)
    codes = fourier_features(torch.tensor([[0.1, 0.2, 0.3, 0.4]]), 512)
    at = torch.tensor([3.0, 1.0, 2.0, 0.0]) @ torch.tensor([0.1, 0.2, 0.3, 0.4]) * 2 * math.pi / 1.8
    number = 3 * 64 + 1 * 16 + 2 * 4
    assert codes.shape == (1, 512)
    assert codes[0, number].item() == pytest.approx(math.cos(at), abs=1e-5)
    assert codes[0, 256 + number].item() == pytest.approx(math.sin(at), abs=1e-5)


def test_a_flow_learns_a_distribution_that_does_not_depend_on_the_eeg():
    # two values, one or the other: a Gaussian guess alone would put its mass between them
    model, x, _ = _made("boldflow", RAW, (2, 1, 1), **{**FLOW, "flow_width": 32, "flow_depth": 2, "steps": 10})
    source = torch.Generator().manual_seed(0)
    optimiser = torch.optim.Adam([*model.guess.parameters(), *model.velocity.parameters()], 1e-2)
    model.train()
    z = torch.zeros(256, 12)
    model.encode = lambda x, draws: z[: len(x)]
    windows = x[:1].expand(256, -1, -1, -1)
    for _ in range(200):
        y = (torch.randint(0, 2, (256, 1), generator=source) * 2.0 - 1).expand(-1, 2)[:, :, None, None]
        loss = sum(model.loss(model(windows, y, generator=source), y).values())
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    with torch.no_grad():
        ends = model.eval()(windows, generator=source).volume[:, 0, 0, 0]
    assert ends.mean().item() == pytest.approx(0, abs=0.25)
    assert (ends.abs() > 0.5).float().mean() > 0.7
    # the guess began with .2; velocities that are easier to learn keep it below 1
    assert 0.5 < model.guess(z[:1], model.draws())[1].mean().item() < 1.2


def test_the_ensemble_of_boldflow_is_its_scale_and_can_be_calibrated():
    model, x, y = _made("boldflow", RAW, (4, 1, 1), **FLOW)
    model.eval()
    out = model(x)
    # the velocity starts at 0: the ensemble is that of the guess, whose standard deviation starts at .2
    assert out.scale.shape == y.shape
    assert out.scale.mean().item() * math.sqrt(2) == pytest.approx(0.2, rel=0.15)
    assert not torch.equal(out.volume, model(x, y).volume)
    drawn = torch.stack([model(x, generator=torch.Generator().manual_seed(k)).volume for k in range(200)])
    assert drawn.std(dim=0).mean().item() == pytest.approx(0.2, rel=0.1)
    torch.testing.assert_close(drawn.mean(dim=0), model(x, y).volume, atol=0.06, rtol=0)
    residual = 3 * math.sqrt(2) * out.scale
    assert model.calibrate(residual, out.scale) == pytest.approx(3, rel=1e-4)
    torch.testing.assert_close(model(x).scale, 3 * out.scale)
    mean = build(model.config.model_copy(update={"point": "mean"})).eval()(x).volume
    assert (mean - model(x, y).volume).abs().max() < (out.volume - model(x, y).volume).abs().max()


def test_the_guess_of_boldflow_is_weighed_by_its_spread_as_a_constant():
    model, x, y = _made("boldflow", RAW, (4, 1, 1), **FLOW)
    out = model.eval()(x, y)
    velocity, wanted, sigma = out.for_loss
    # without draws: from the mean, halfway
    torch.testing.assert_close(wanted, (y - out.volume).flatten(1))
    parts = model.loss(out, y)
    expected = (sigma.detach() * 0.5 * ((y - out.volume).flatten(1) ** 2 / sigma**2 + (sigma**2).log())).mean()
    assert parts["guess"].item() == pytest.approx(expected.item(), rel=1e-5)
    (of_parts,) = torch.autograd.grad(parts["guess"], sigma, retain_graph=True)
    (of_expected,) = torch.autograd.grad(expected, sigma)
    torch.testing.assert_close(of_parts, of_expected)
    assert parts["reconstruction"].item() == pytest.approx((velocity - wanted).square().mean().item())


def test_a_scan_of_an_image_goes_in_four_directions():
    torch.manual_seed(0)
    scan = Scan2d(4, 1)
    x = torch.randn(2, 3, 5, 4)
    with torch.no_grad():
        # turned images are scanned alike where the directions have equal weights
        for weights in (scan.of_token, scan.of_step, scan.step_bias, scan.log_decay):
            weights.copy_(weights[:1].expand_as(weights))
        out = scan(x)
        for turned in (lambda t: t.flip(1, 2), lambda t: t.transpose(1, 2)):
            torch.testing.assert_close(turned(scan(turned(x))), out, rtol=1e-4, atol=1e-5)
        changed = x.clone()
        changed[:, 1, 2] += 1
        assert (scan(changed) - out).abs().amin(dim=(0, 3)).min() > 0  # every pixel is reached


def test_images_are_fitted_into_slices():
    image = torch.rand(1, 1, 5, 90)
    found = fitted(image, 8, 12, 8)
    assert found.shape == (1, 1, 8, 16)
    assert not found[:, :, 5:].any()
    assert not found[..., 12:].any()
    torch.testing.assert_close(fitted(image[..., :7], 8, 12, 4)[:, :, :5, :7], image[..., :7])


def test_the_response_of_eeg2bold_peaks_six_seconds_before_the_volume():
    weights = response_weights(32)
    assert np.abs(weights).sum() == pytest.approx(1)
    lag = 0.5 * (31 - weights.argmax() + 0.5)
    assert lag == pytest.approx(5, abs=0.5)  # the mode of a gamma of shape 6
    assert weights[0] < 0  # the undershoot


def test_regions_of_eeg2bold_start_with_the_electrodes_near_to_them():
    electrodes = ("Fz", "Oz", "C3", "C4", "Cz")
    centroids = ((0.0, -95.0, 5.0), (40.0, -20.0, 60.0))
    places = {"electrodes": electrodes, "centroids": centroids}
    model, *_ = _made("eeg2bold", RAW, (2, 1, 1), sfreq=16.0, width=12, heads=3, **places)
    weights = model.by_place.detach().numpy()
    assert [electrodes[k] for k in weights.argmax(axis=1)] == ["Oz", "C4"]
    np.testing.assert_allclose(weights.mean(axis=1), 0, atol=1e-6)


def test_a_scan_keeps_its_precision_where_a_training_is_in_half():
    torch.manual_seed(0)
    scan = Scan2d(4, 1)
    x = torch.randn(1, 6, 5, 4).bfloat16()
    with torch.autocast("cpu", torch.bfloat16):
        found = scan(x)
    assert found.dtype == torch.bfloat16
    torch.testing.assert_close(found, scan(x.float()).bfloat16(), rtol=0, atol=0)


def test_overlapped_spectra_are_those_of_tapered_frames_that_end_with_the_window():
    torch.manual_seed(0)
    spectra, x = OverlappedSpectra(13, 4, 3), torch.randn(2, 3, 13)
    assert spectra.lengths == (4, 8)
    taper = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(4) / 4)
    frames = [np.abs(np.fft.rfft(taper * x[1, 2, at : at + 4].numpy())) for at in (1, 3, 5, 7, 9)]
    short = spectra.of_bins[0](torch.tensor(np.array(frames), dtype=torch.float32))
    spectra.of_bins[1].requires_grad_(False)
    for parameter in spectra.of_bins[1].parameters():
        parameter.zero_()
    # five frames become three tokens: at frames 1/3, 2 and 11/3
    expected = torch.stack([short[0] * 2 / 3 + short[1] / 3, short[2], short[3] / 3 + short[4] * 2 / 3])
    torch.testing.assert_close(spectra(x)[1, 2], expected, rtol=1e-4, atol=1e-5)


def test_eeg2bold_takes_either_front_end():
    for front in ("wavelets", "spectra"):
        model, x, y = _made("eeg2bold", RAW, (4, 1, 1), front=front, sfreq=20.0, width=8, heads=2, depth=1)
        out = model.train()(x, y)
        assert out.volume.shape == y.shape
        sum(model.loss(out, y).values()).backward()
        assert all(parameter.grad is not None for parameter in model.parameters())
        assert (model.spectra is None) == (front == "wavelets")


def test_a_block_of_boldflow_is_a_longer_target():
    model, x, _ = _made("boldflow", RAW, (3, 1, 1), block=4, **FLOW)
    longer, _, y = _made("boldflow", RAW, (12, 1, 1), **FLOW)
    assert block_of(model) == 4
    assert block_of(longer) == 1
    longer.load_state_dict(model.state_dict())
    for given in (None, y):
        one, other = model.eval()(x, given), longer.eval()(x, given)
        assert one.volume.shape == one.scale.shape == (3, 12, 1, 1)
        torch.testing.assert_close(one.volume, other.volume)
        torch.testing.assert_close(one.scale, other.scale)


@pytest.mark.parametrize("part", ["reconstruction", "guess"])
def test_the_loss_of_boldflow_sees_every_volume_of_the_block(part):
    model, x, y = _made("boldflow", RAW, (12, 1, 1), **FLOW)
    model = build({**model.config.model_dump(), "volume_shape": (3, 1, 1), "block": 4})
    y.requires_grad_()
    loss = model.eval().loss(model(x, y), y)[part]
    (gradient,) = torch.autograd.grad(loss, y)
    assert gradient.unflatten(1, (4, 3)).abs().amin(dim=(0, 2, 3, 4)).min() > 0
