"""Take a published protocol apart: the score of one model after each step away from an honest one.

The steps change nothing but how targets and inputs are scaled, and by which recordings the epoch is chosen. Run on
recordings whose EEG and BOLD are independent, each step shows what it reports for nothing.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from eeg2fmri.compare.entries import REGIONS, choose_entries
from eeg2fmri.compare.published_targets import OtherPairs, filtered_by_quantile, region_courses, window_range
from eeg2fmri.core.progress import Progress, silent
from eeg2fmri.data.pairs.dataset import Pair, PairDataset
from eeg2fmri.data.pairs.of_store import pairs_of_store
from eeg2fmri.data.pairs.scaling import BoldScaler, group_statistics
from eeg2fmri.data.pairs.windows import PairConfig
from eeg2fmri.data.splits.make import make_split
from eeg2fmri.data.store.store import Store
from eeg2fmri.evaluate.metrics.ssim import ssim_slices
from eeg2fmri.evaluate.significance.drifts import time_basis
from eeg2fmri.models.capabilities import block_of
from eeg2fmri.models.output import Synthesis
from eeg2fmri.models.parcelled import parts_of_brain
from eeg2fmri.models.presets import model_config
from eeg2fmri.models.registry import build
from eeg2fmri.models.rivals.published import Rival, rival
from eeg2fmri.models.synthesis import averaged
from eeg2fmri.results.published import ModelSteps, Step
from eeg2fmri.train.config import TrainConfig
from eeg2fmri.train.run import known_of, start_encoder
from eeg2fmri.train.steps.engine import make_fabric
from eeg2fmri.train.steps.loop import Training

#: Windows that go through the model at once.
BATCH = 16
#: Scores (region or 1,) of one recording: its position, truth and prediction (volume, *target) as the model is trained.
Score = Callable[[int, np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True, eq=False)
class _Course:
    """Scores of a training after each epoch: (epoch, recording, region) of either part."""

    validation: np.ndarray
    test: np.ndarray

    def honest(self) -> np.ndarray:
        """Score of each test recording at the epoch that is best in the validation part."""
        found: np.ndarray = self.test[int(self.validation.mean(axis=(1, 2)).argmax())].mean(axis=-1)
        return found

    def chosen_by_test(self, each: bool) -> np.ndarray:
        """Score of each test recording at the epoch that is best there; of each region by itself where it has a net."""
        if not each:
            best: np.ndarray = self.test[int(self.test.mean(axis=(1, 2)).argmax())].mean(axis=-1)
            return best
        epochs = self.test.mean(axis=1).argmax(axis=0)
        return np.stack([self.test[epoch, :, region] for region, epoch in enumerate(epochs)], axis=-1).mean(axis=-1)


def published_steps(
    store: Store, name: str, config: Mapping[str, Any], *, world: str = "", progress: Progress = silent
) -> ModelSteps:
    """Score a published model after each step from one protocol to its published one.

    Parameters
    ----------
    store : Store
    name : str
        Of the model; its small size is trained.
    config : mapping
        Settings of the training (``split``, ``epochs``, ``seed``).
    world : str
        What a reader calls the recordings.
    progress : Progress

    Returns
    -------
    ModelSteps

    Raises
    ------
    InputError
        If the store lacks what the model needs.
    """
    (entry,), _ = choose_entries([name], store, config, "small")
    study = _Study(store, entry.config, rival(name), progress)
    volumes = study.facts.target.kind == "volume"
    steps = _volume_steps(study) if volumes else _region_steps(study)
    metric = "SSIM of slices" if volumes else "temporal r"
    return ModelSteps(entry.label, world, metric, tuple(study.split.test), steps)


class _Study:
    """A split of a store on which one model is trained by several targets."""

    def __init__(self, store: Store, config: TrainConfig, facts: Rival, progress: Progress) -> None:
        self.config, self.facts, self.progress = config, facts, progress
        self.pairs = pairs_of_store(config.pairs, store)
        self.split = make_split(store, config.split, self.pairs)
        self.view = self.split.view(store)
        # regions are no voxels of the store: where they are is not told by its affine
        hidden = () if self.facts.target.kind == "volume" else ("affine",)
        self.known = {name: value for name, value in known_of(store, self.pairs).items() if name not in hidden}

    def part(self, part: str, pairs: PairConfig | None = None) -> PairDataset:
        """Give the pairs of a part of the split."""
        return PairDataset(self.view, self.split.parts[part], pairs or self.pairs)

    def train(self, parts: Mapping[str, Any], *scores: Score) -> list[_Course]:
        """Train anew, and score the validation and the test part after each epoch, in each way."""
        first: Pair = parts["train"][0]
        shapes = (tuple(first.x.shape), tuple(_newest(first.y, self.pairs.block).shape))
        settings = model_config({"preset": self.facts.small}, *shapes, self.config.seed, None, self.known)  # type: ignore[arg-type]
        kept: dict[str, list[list[np.ndarray]]] = {"validation": [], "test": []}
        with tempfile.TemporaryDirectory() as folder:
            sets = parts["train"], parts["validation"]
            model = build(settings)
            start_encoder(model, self.config)
            training = Training(model, *sets, self.config, Path(folder), make_fabric(self.config))

            def watch(row: dict[str, Any]) -> None:
                for part, course in kept.items():
                    course.append(_scored(training.raw, parts[part], scores))

            fitted = training.run(progress=self.progress, on_epoch=watch)
        if fitted.interrupted:
            fitted.stop_again()  # the epochs that are missing would be missing in the choice of one
        return [
            _Course(*(np.stack([epoch[k] for epoch in kept[part]]) for part in ("validation", "test")))
            for k in range(len(scores))
        ]


@torch.no_grad()
def _scored(model: torch.nn.Module, pairs: Any, scores: Sequence[Score]) -> list[np.ndarray]:
    """Score the present weights (recording, region), in each way."""
    model.eval()
    device, block = next(model.parameters()).device, block_of(model)
    made: dict[int, list[tuple[np.ndarray, np.ndarray]]] = {}
    for start in range(0, len(pairs), BATCH):
        batch = [pairs[k] for k in range(start, min(start + BATCH, len(pairs)))]
        volumes = model(torch.stack([pair.x for pair in batch]).to(device)).volume.float().cpu().numpy()
        for pair, volume in zip(batch, volumes, strict=True):
            made.setdefault(pair.recording, []).append((_newest(pair.y, block).numpy(), volume))
    sides = {}
    for name, both in made.items():
        truth, blocks = zip(*both, strict=True)
        sides[name] = np.stack(truth), np.stack([*averaged(blocks, block)])
    return [np.stack([score(name, *both) for name, both in sides.items()]) for score in scores]


def _newest(volumes: torch.Tensor, block: int) -> torch.Tensor:
    """Take the last volume (x, y, z) of a block."""
    return volumes[-(len(volumes) // block) :]


def _volume_steps(study: _Study) -> tuple[Step, ...]:
    """Take the steps of a model of volumes, whose score is the similarity of slices."""
    view, statistics = study.view, group_statistics(study.view, study.split.train)
    scaler = BoldScaler(study.pairs, statistics)

    def in_bold_units(recording: int, truth: np.ndarray, made: np.ndarray) -> np.ndarray:
        measured = scaler.unscale(truth, view.voxel_mean(recording), view.voxel_std(recording))
        return np.array([_ssim(measured, scaler.unscale(made))])

    def as_scaled(recording: int, truth: np.ndarray, made: np.ndarray) -> np.ndarray:
        return np.array([_ssim(truth, made)])

    ranged = study.pairs.model_copy(update={"bold_scaling": "volume_range"})
    plain, own = ({part: study.part(part, pairs) for part in study.split.parts} for pairs in (study.pairs, ranged))
    low, high = window_range(own["train"], own["test"])
    scaled = {part: OtherPairs(pairs, low=low, high=high) for part, pairs in own.items()}
    ways: list[tuple[dict[str, Any], Score]] = [(plain, in_bold_units), (own, as_scaled), (scaled, as_scaled)]
    courses = [study.train(parts, score)[0] for parts, score in ways]
    mean = statistics.voxel_mean
    fixed = (
        (mean - scaler.unscale(np.zeros(1))) / np.ptp(scaler.unscale(np.arange(2.0))),
        (mean - mean.min()) / np.ptp(mean),
    )
    nothing = [
        _scored(_Constant(torch.from_numpy(volume)), parts["test"], [score])[0][:, 0]
        for volume, (parts, score) in zip(fixed, ways, strict=False)
    ]
    return (
        Step.of("one protocol", "scaled by training statistics, epoch by the validation part", courses[0].honest()),
        Step.of("each volume by its own range", "test volumes scaled by themselves", courses[1].honest()),
        Step.of("EEG scaled with the test part", "least and largest value of train and test", courses[2].honest()),
        Step.of("epoch by the test part", "the best of all epochs in the test part", courses[2].chosen_by_test(False)),
        Step.of(
            "no EEG, one protocol", "the mean volume of the training people, in place of a model", nothing[0], False
        ),
        Step.of("no EEG, as published", "the same mean volume by its own range", nothing[1], False),
    )


class _Constant(torch.nn.Module):
    """Gives one volume (x, y, z), whatever the EEG."""

    def __init__(self, volume: torch.Tensor) -> None:
        super().__init__()
        self.volume = torch.nn.Parameter(volume.float())

    def forward(self, x: torch.Tensor) -> Synthesis:
        return Synthesis(self.volume.expand(len(x), *self.volume.shape), None, x, None, None)


def _ssim(truth: np.ndarray, made: np.ndarray) -> float:
    return float(np.mean([np.nanmean(ssim_slices(a, b)) for a, b in zip(truth, made, strict=True)]))


def _region_steps(study: _Study) -> tuple[Step, ...]:
    """Take the steps of a model of regions, whose score is the correlation over time."""
    target = study.facts.target
    statistics = group_statistics(study.view, study.split.train)
    parts = parts_of_brain(statistics.mask, REGIONS, study.config.seed)
    count = int(parts.max()) + 1
    tr = study.view.tr
    base = {part: study.part(part) for part in study.split.parts}
    names = {k: region_courses(study.view, k, parts, count) for pairs in base.values() for k in set(pairs.recording)}
    spread = np.sqrt(np.mean([np.square(names[k]).mean(axis=0) for k in set(base["train"].recording)], axis=0))
    plain = {k: course / spread for k, course in names.items()}
    whole = {
        k: filtered_by_quantile(course, tr, target.low_pass, target.quantile or 0.95) for k, course in names.items()
    }

    def without_drifts(recording: int, truth: np.ndarray, made: np.ndarray) -> np.ndarray:
        basis = time_basis(len(truth), tr)
        return _correlation(*(basis.without_drifts(side[..., 0, 0].astype(float)) for side in (truth, made)))

    def as_they_are(recording: int, truth: np.ndarray, made: np.ndarray) -> np.ndarray:
        return _correlation(*(side[..., 0, 0].astype(float) for side in (truth, made)))

    ours, theirs = ({part: OtherPairs(pairs, targets) for part, pairs in base.items()} for targets in (plain, whole))
    trained = [*study.train(ours, without_drifts, as_they_are), *study.train(theirs, as_they_are)]
    return (
        Step.of("one protocol", "unfiltered, drifts regressed out, epoch by the validation part", trained[0].honest()),
        Step.of("drifts left in", "correlation of the courses as they are", trained[1].honest()),
        Step.of(
            "filtered and scaled over the whole scan", "low-pass, mean and quantile of the scan", trained[2].honest()
        ),
        Step.of("epoch by the test part", "one epoch for all regions", trained[2].chosen_by_test(False)),
        Step.of(
            "a network for each region", "the epoch of each region by the test part", trained[2].chosen_by_test(True)
        ),
    )


def _correlation(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Correlate columns; 0 where one is constant."""
    a, b = a - a.mean(axis=0), b - b.mean(axis=0)
    size = np.sqrt(np.square(a).sum(axis=0) * np.square(b).sum(axis=0))
    found: np.ndarray = np.where(size > 1e-12, (a * b).sum(axis=0) / np.where(size > 1e-12, size, 1), 0.0)
    return found
