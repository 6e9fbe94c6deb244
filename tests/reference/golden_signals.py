"""Replays of what happens to signals before and after a model: spectra, pairs, scaling, scores."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from eeg2fmri.data.features.spectrogram import spectrogram
from eeg2fmri.data.pairs.scaling import RecordingStatistics, scale_bold
from eeg2fmri.data.pairs.windows import PairConfig, consecutive_windows, eeg_windows, pair_index, zscore_electrodes
from eeg2fmri.evaluate.metrics.measured import Measured
from eeg2fmri.evaluate.metrics.ssim import ssim_slices

from .golden_case import Case, Results


def spectra(case: Case) -> Results:
    c, signal = case.config, case.data["in/signal"]
    onsets = np.arange(int(signal.shape[1] / c["fs"] / c["TR"])) * c["TR"]
    channel = signal[c["channel"] : c["channel"] + 1].astype(np.float64)
    one, _ = spectrogram(channel, c["fs"], onsets, c["TR"], dtype=np.float64)
    every, _ = spectrogram(signal, c["fs"], onsets, c["TR"])
    return {
        "f64/out/stft_TR/Z": one[:, 0].T,
        "f64/out/stft_TR_limit135/Z": one[:, 0].T,
        "out/stft_all_channels": np.moveaxis(every, 0, -1),
        "out/stft_all_channels_zscored": np.moveaxis(zscore_electrodes(every), 0, -1),
    }


def pairs(case: Case) -> Results:
    c, data = case.config, case.data
    n, n_individuals = c["n_volumes"], c["n_individuals"]
    config = PairConfig(window=c["interval_eeg"], skip_volumes=0, eeg_scaling="none")
    starts, targets = pair_index(n, 2.0, config)
    first = np.arange(n_individuals) * n
    length, window = c["clf_recording_time"], c["clf_interval"]
    cuts = consecutive_windows(length, window, following=1)
    whole = PairConfig(window=window, eeg_scaling="none")
    recordings = data["in/clf_data"].reshape(-1, length, *data["in/clf_data"].shape[1:])
    return {
        "out/x_eeg": np.concatenate([eeg_windows(data["in/eeg"][i : i + n], starts, config) for i in first]),
        "out/x_bold": np.concatenate([data["in/bold"][i + targets] for i in first]),
        "out/clf_X": np.concatenate([eeg_windows(recording, cuts, whole) for recording in recordings]),
        "out/clf_y": np.repeat(data["in/clf_labels"], len(cuts), axis=0),
    }


def standardised(case: Case) -> Results:
    volumes = np.moveaxis(case.data["f64/in/v"], -1, 0)
    own = RecordingStatistics.of_volumes(volumes)
    return {
        f"f64/out/{how}_fit": scale_bold(volumes, PairConfig.make({"bold_scaling": how}), own)
        for how in ("recording", "volume")
    }


def scores(case: Case) -> Results:
    truth, prediction = case.data["in/y_true"][..., 0], case.data["in/y_pred"][..., 0]
    both, box = list(zip(truth, prediction, strict=True)), np.ones(truth.shape[1:], bool)
    results = {
        "out/rmse": Measured(truth, prediction, box, 1.0, np.ones((len(truth), 0)), box).errors[1],
        "out/ssim_per_slice_factor3": np.stack([ssim_slices(y, yhat, 3) for y, yhat in both]),
    }
    for every in (1, 3):
        results[f"out/ssim_factor{every}"] = np.array([ssim_slices(y, yhat, every).mean() for y, yhat in both])
    return results


KINDS: dict[str, Callable[[Case], Results]] = {
    "eeg_utils.stft/compute_fft/raw_eeg/mutate_stft_to_bands": spectra,
    "data_utils.create_eeg_bold_pairs, create_clf_pairs, standardize": pairs,
    "transcription of the scaler calls in data_utils.get_data": standardised,
    "quantitative_metrics, bnn MC": scores,
}
