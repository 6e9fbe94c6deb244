"""
Classify EEG-only recordings through a synthesised view
=======================================================

Patients and controls have EEG alone. A synthesiser that was trained elsewhere gives an fMRI view of it. Whether the
view is worth anything shows beside classifiers of the EEG itself, on the same folds over subjects.
"""

from pathlib import Path

from eeg2fmri.classify import classify_run
from eeg2fmri.data.eeg_only.prepare import prepare_eeg_only
from eeg2fmri.data.store.store import Store
from eeg2fmri.report import write_page
from eeg2fmri.report.figures.classification import roc_curve
from eeg2fmri.results.classify.classification import Classification
from eeg2fmri.simulate.groups.write import GroupsConfig, simulate_groups

files = Path("files")
electrodes = tuple(Store.open(files / "store").electrodes)
groups = GroupsConfig(subjects=6, seconds=24.0, sfreq=125.0, electrodes=electrodes, regions=12, effect=1.0, seed=2)
prepare_eeg_only(simulate_groups(files / "groups", groups), files / "store-eeg")

settings = {
    "folds": 3,
    "inner_folds": 0,
    "refits": 1,
    "refit_folds": 2,
    "bootstraps": 200,
    "methods": ["view", "spectrogram", "band power", "majority"],
    "view": {"penalty_factors": [1e-3], "training": {"epochs": 2, "pairs": 32, "batch_size": 8}},
}
found = classify_run(files / "run-documented", files / "store-eeg", files / "classification", settings)
print(found.verdict)

# %%
# Six subjects, one permutation and a network of three epochs show how it is done, and nothing else.

results = Classification.read(files / "classification")
curves = {name: votes.rates() for name, votes in results.votes.items() if name != "majority"}
figure = roc_curve(curves)

# %%
# The same as a page, with intervals, calibration and what the decisions came from:

print(write_page(files / "classification").name)
