"""Synthesise fMRI volumes from EEG, and say how much of every number came from the EEG.

What stands in ``__all__`` is public; a version says in advance what of it changes. Names are imported when they are
first used, so that ``import eeg2fmri`` stays fast.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from eeg2fmri.calibrate.run import calibrate_run as calibrate
    from eeg2fmri.classify.config import ClassifyConfig
    from eeg2fmri.classify.run import classify_run as classify
    from eeg2fmri.classify.view_training.estimator import EEGViewClassifier
    from eeg2fmri.core.errors import Eeg2FmriError
    from eeg2fmri.crossvalidate.run import cross_validate as crossvalidate
    from eeg2fmri.data.pairs.windows import PairConfig
    from eeg2fmri.data.prepare.run import prepare
    from eeg2fmri.data.settings.prepare import PrepareConfig
    from eeg2fmri.data.splits.config import SplitConfig
    from eeg2fmri.data.store.store import Store
    from eeg2fmri.evaluate.benchmark import benchmark
    from eeg2fmri.evaluate.run import evaluate_run as evaluate
    from eeg2fmri.explain.config import ExplainConfig
    from eeg2fmri.explain.run import explain_run as explain
    from eeg2fmri.predict.derivative import predict_file as predict
    from eeg2fmri.predict.synthesizer import Synthesizer
    from eeg2fmri.report.read.folders import write_page as report
    from eeg2fmri.simulate.config import SimulationConfig
    from eeg2fmri.simulate.dataset import simulate_dataset as simulate
    from eeg2fmri.train.config import TrainConfig
    from eeg2fmri.train.run import train_run as train
    from eeg2fmri.tune.config import TuneConfig
    from eeg2fmri.tune.search import tune

__version__ = "0.1.0"

__all__ = [
    "ClassifyConfig",
    "EEGViewClassifier",
    "Eeg2FmriError",
    "ExplainConfig",
    "PairConfig",
    "PrepareConfig",
    "SimulationConfig",
    "SplitConfig",
    "Store",
    "Synthesizer",
    "TrainConfig",
    "TuneConfig",
    "__version__",
    "benchmark",
    "calibrate",
    "classify",
    "crossvalidate",
    "evaluate",
    "explain",
    "predict",
    "prepare",
    "report",
    "simulate",
    "train",
    "tune",
]

__getattr__, __dir__, _ = lazy_loader.attach(
    __name__,
    # packages that are called: see `eeg2fmri.core.callable_package`
    submodules={
        "calibrate",
        "classify",
        "crossvalidate",
        "evaluate",
        "explain",
        "predict",
        "report",
        "simulate",
        "train",
        "tune",
    },
    submod_attrs={
        "classify.config": ["ClassifyConfig"],
        "classify.view_training.estimator": ["EEGViewClassifier"],
        "core.errors": ["Eeg2FmriError"],
        "data.pairs.windows": ["PairConfig"],
        "data.prepare.run": ["prepare"],
        "data.settings.prepare": ["PrepareConfig"],
        "data.splits.config": ["SplitConfig"],
        "data.store.store": ["Store"],
        "evaluate.benchmark": ["benchmark"],
        "explain.config": ["ExplainConfig"],
        "predict.synthesizer": ["Synthesizer"],
        "simulate.config": ["SimulationConfig"],
        "train.config": ["TrainConfig"],
        "tune.config": ["TuneConfig"],
    },
)
