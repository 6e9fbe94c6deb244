"""A tiny synthesiser and windows of subjects, made once."""

import numpy as np
import pytest
import torch

EEG, VOLUME = (5, 6, 4), (4, 5, 3)


@pytest.fixture(scope="session")
def synthesizer():
    from eeg2fmri.models.documented.synthesizer import SynthesizerConfig, SynthesizerNetwork

    return SynthesizerNetwork(SynthesizerConfig.documented(EEG, VOLUME, latent_shape=(2, 3, 2), seed=4)).eval()


@pytest.fixture(scope="session")
def recommended():
    """Recommended synthesiser of 5 electrodes and 3 bands with weights of its seed; part of the grid is no brain."""
    from eeg2fmri.models.recommended.config import RecommendedConfig
    from eeg2fmri.models.recommended.model import Recommended

    model = Recommended(
        RecommendedConfig.make({"eeg_shape": (5, 3, 4), "volume_shape": VOLUME, "components": 9, "seed": 2})
    )
    with torch.no_grad():
        model.maps[:, 0] = 0  # outside of the brain
    return model.eval()


@pytest.fixture(scope="session")
def make_data():
    """Windows of subjects: noise of each window, something of the subject's own, and an effect of the class."""
    from eeg2fmri.classify.methods.features import WindowData

    def make(n_subjects=12, windows=5, effect=0.0, seed=0, n_classes=2, own=1.0):
        rng = np.random.default_rng(seed)
        labels = rng.permutation(np.resize(np.arange(n_classes), n_subjects))
        x, rows, subjects, classes = [], [], [], []
        noise = np.random.default_rng(seed + 1000)
        for k in range(n_subjects):
            mean = own * rng.standard_normal((*EEG[:2], 1)) * 0.3
            mean[labels[k], 1:3] += effect
            x.append(mean + rng.standard_normal((windows, *EEG)))
            # band-passed samples, V, of 4 rows: gains of the subject's own, and of the class in two electrodes
            gain = np.exp(0.2 * own * noise.standard_normal((3, EEG[0], 1)))
            gain[labels[k] % 3, 1:3] *= np.exp(0.2 * effect)
            samples = 1e-5 * gain * noise.standard_normal((windows, 4, 3, EEG[0], 40))
            rows.append(samples @ samples.swapaxes(-1, -2) / samples.shape[-1])
            subjects += [f"s{k:02d}"] * windows
            classes += [labels[k]] * windows
        stacked = np.concatenate(x).astype(np.float32)
        covariance = np.einsum("ncft,ndft->nfcd", stacked, stacked)[:, :2] / stacked.shape[3]
        return WindowData(
            subjects=np.array(subjects),
            labels=np.array(classes),
            classes=tuple(f"class{c}" for c in range(n_classes)),
            features={
                "windows": stacked,
                "band power": stacked.mean(axis=-1).reshape(len(stacked), -1),
                "covariance": covariance,
                "rows": np.concatenate(rows).astype(np.float32),
            },
            recordings=np.array(subjects),
            starts=np.zeros(len(subjects)),
            electrodes=("Fz", "Cz", "Pz", "Oz", "C3"),
        )

    return make


@pytest.fixture(autouse=True)
def _global_state_untouched(request):
    before, torch_before, threads = np.random.get_state()[1].copy(), torch.get_rng_state(), torch.get_num_threads()  # noqa: NPY002
    yield
    if request.node.originalname == "test_scikit_learn":
        return  # scikit-learn's own checks draw from the global generator
    assert (np.random.get_state()[1] == before).all()  # noqa: NPY002
    assert torch.equal(torch.get_rng_state(), torch_before)
    assert torch.get_num_threads() == threads
