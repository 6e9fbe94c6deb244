"""How often the classification finds groups where there are none, and whether it finds those that are there.

Every data set is simulated anew: EEG of groups through a head model, windows of small synthesisers, the protocol with
its test that trains again: of a view that is trained on pairs, and of a frozen one of amplitudes. The synthesisers are
not trained: a rate of found nothings has to hold whatever the view is made with.
``python -m benchmarks.classification_null --null 200 --effect 20 --n-jobs 2`` prints both rates with their 95 %
intervals, after every ten data sets; docs/classification.md has the result.
"""

from __future__ import annotations

import argparse
import json
import time

import numpy as np
from joblib import Parallel, delayed

from benchmarks.null_study import rate_below, study

#: Subjects, seconds of each, epochs, folds: of null data sets, of which there are many, and of those with an effect.
SCALES = {"null": (10, 15.0, 2, 2), "effect": (24, 60.0, 12, 4)}
#: 10 electrodes, so that one core tests a data set in seconds.
GROUPS = {
    "sfreq": 100.0,
    "electrodes": ["Fz", "F3", "F4", "Cz", "C3", "C4", "Pz", "P3", "P4", "Oz"],
    "reference": "FCz",
    "regions": 24,
}
FREQUENCIES, WINDOW, ROW_S = 20, 3, 1.0
SETTINGS = {
    "refits": 19,
    "methods": ["view"],
    "view": {
        "strengths": [0.01],
        "penalty_factors": [0.0001],
        "training": {"pairs": 16, "batch_size": 4, "learning_rate": 0.01},
    },
}


def data_set(effect: float, seed: int, subjects: int, seconds: float):
    """Simulate groups in memory and cut them into windows."""
    from eeg2fmri.classify.methods.features import WindowData
    from eeg2fmri.data.eeg_only.spectrogram import model_spectrogram
    from eeg2fmri.data.features.band_covariance import band_covariances
    from eeg2fmri.data.features.band_power import log_band_power
    from eeg2fmri.data.pairs.windows import PairConfig, consecutive_windows, eeg_windows
    from eeg2fmri.simulate.groups.write import GroupsConfig, draw_members, simulate_member
    from eeg2fmri.simulate.recording.study import make_study

    config = GroupsConfig.make({**GROUPS, "effect": effect, "seed": seed, "subjects": subjects, "seconds": seconds})
    study = make_study(config.recording())
    frequencies = np.arange(1, FREQUENCIES + 1) / ROW_S
    pairs = PairConfig(window=WINDOW)
    windows, power, covariances, subjects, labels = [], [], [], [], []
    for member in draw_members(config, study):
        eeg = simulate_member(config, study, member)
        rows, _ = model_spectrogram(eeg, config.sfreq, np.eye(len(eeg)), frequencies, ROW_S)
        starts = consecutive_windows(len(rows), WINDOW)
        windows.append(eeg_windows(rows, starts, pairs))
        onsets = (starts[:, None] + np.arange(WINDOW)).ravel() * ROW_S
        found = band_covariances(eeg, config.sfreq, onsets, ROW_S)
        covariances.append(found.reshape(len(starts), WINDOW, *found.shape[1:]))
        logs = log_band_power(rows, frequencies)
        power.append(np.stack([logs[s : s + WINDOW].mean(axis=0).ravel() for s in starts]))
        subjects += [member.subject.label] * len(starts)
        labels += [config.groups.index(member.group)] * len(starts)
    parts = {"windows": windows, "band power": power, "rows": covariances}
    features = {name: np.concatenate(values) for name, values in parts.items()}
    return WindowData(np.array(subjects), np.array(labels), config.groups, features)


def part(effect: float, scale: str, seeds: list[int]) -> dict[str, list[float]]:
    """p values of some data sets."""
    import torch

    torch.set_num_threads(1)
    from dataclasses import replace

    from eeg2fmri.classify.config import ClassifyConfig
    from eeg2fmri.classify.methods.choice import make_methods
    from eeg2fmri.models.documented.synthesizer import SynthesizerConfig, SynthesizerNetwork
    from eeg2fmri.models.recommended.config import RecommendedConfig
    from eeg2fmri.models.recommended.model import Recommended

    n_electrodes = len(GROUPS["electrodes"])
    shape = (n_electrodes, FREQUENCIES, WINDOW)
    model = SynthesizerNetwork(SynthesizerConfig.documented(shape, (6, 7, 5), latent_shape=(2, 3, 2))).eval()
    small = {"eeg_shape": (n_electrodes, 3, WINDOW), "volume_shape": (6, 7, 5), "components": 12}
    frozen = Recommended(RecommendedConfig.make(small)).eval()
    subjects, seconds, epochs, folds = SCALES[scale]
    training = {**SETTINGS["view"]["training"], "epochs": epochs}
    view = {**SETTINGS["view"], "training": training}
    config = ClassifyConfig.make({**SETTINGS, "view": view, "refit_folds": folds, "seed": seeds[0]})
    data = (data_set(effect, seed, subjects, seconds) for seed in seeds)
    methods = [*make_methods(config, model, None), replace(make_methods(config, frozen, None)[0], name="frozen view")]
    return study(data, methods, config)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--null", type=int, default=200)
    arguments.add_argument("--effect", type=int, default=20)
    arguments.add_argument("--n-jobs", type=int, default=1)
    given = arguments.parse_args()
    result = {}
    for name, effect, n in (("effect", 0.6, given.effect), ("null", 0.0, given.null)):
        if not n:
            continue
        began = time.perf_counter()
        chunks = [list(range(k, min(k + 10, n))) for k in range(0, n, 10)]
        tasks = (delayed(part)(effect, name, chunk) for chunk in chunks)
        done = []
        for one in Parallel(n_jobs=given.n_jobs, return_as="generator_unordered")(tasks):
            done.append(one)
            for method in done[0]:
                rate = rate_below([p for each in done for p in each[method]])
                result[f"{name}, {method}"] = {**vars(rate), "rate": rate.rate}
            result[f"{name}, seconds"] = time.perf_counter() - began
            print(json.dumps(result), flush=True)


if __name__ == "__main__":
    main()
