"""
Prepare a store and train two synthesisers
==========================================

``prepare`` aligns EEG and BOLD and keeps one spectrum and one volume for each repetition time. ``train`` takes the
store, leaves a test subject out, and keeps the epoch that is best by the validation subject. Settings are what
``--config`` takes on the command line.
"""

from pathlib import Path

from eeg2fmri.data.prepare.run import prepare
from eeg2fmri.report import RunResults
from eeg2fmri.report.figures.training import learning_curves
from eeg2fmri.train.run import train_run

files = Path("files")
store = prepare(files / "bids", files / "store")
print(f"{len(store.recordings)} recordings, {len(store.electrodes)} electrodes, volumes of {store.grid} voxels")

# %%
# The published network, made small for a small grid, learns for three epochs.

documented = {
    "epochs": 3,
    "pairs": {"window": 4, "target": "dynamics"},
    "model": {"preset": "documented", "latent_shape": [3, 3, 3]},
}
result = train_run(files / "store", files / "run-documented", documented)
print(result.summary())
history = RunResults.read(files / "run-documented").history
curves = {name: history.losses[name] for name in ("training", "validation")}
figure = learning_curves(history.epochs, curves, best_epoch=history.best_epoch)

# %%
# The recommended one needs no epoch: it is fitted in closed form.

print(train_run(files / "store", files / "run", {"model": {"preset": "recommended"}}).summary())
