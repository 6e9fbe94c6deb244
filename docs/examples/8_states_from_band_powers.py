"""
Real recordings: states of BOLD from band powers of EEG
========================================================

Whoever has features of EEG and courses of BOLD already needs no files: arrays become a store, and everything after it
works as on recordings. Here they are real. People fall asleep in the scanner; the features are the powers of six bands
of their EEG, and the targets say how far the BOLD of each volume looks like that of seeing faces, of a maze, or of
rest (OpenNeuro ds003574, CC0; 600 volumes each of the first four people).
"""

from pathlib import Path

from sklearn.linear_model import Ridge

import eeg2fmri
from eeg2fmri.data.public.samples import sleep_states
from eeg2fmri.models.own import OwnModel
from eeg2fmri.report.figures.scores import benchmark_bars

files = Path("files")
sample = sleep_states()
people = list(sample.power)[:4]
store = eeg2fmri.Store.from_arrays(
    files / "states-store",
    [sample.power[person][:600] for person in people],
    [sample.state[person][:600] for person in people],
    subjects=people,
    tr=sample.tr,
    channels=sample.bands,
)
print(store.grid, *store.notes, sep="\n")

# %%
# Leave one person out: each is synthesised by a model that was fitted to the others. A regressor of your own stands in
# the table beside the baselines; here it is scikit-learn's ridge regression on every row of the window. Sleep comes and
# goes more slowly than what the recommended synthesiser takes for drift unless it is told.

mine = OwnModel("my_ridge", lambda: Ridge(alpha=3000.0), label="ridge of my own")
settings = {
    "model": {"preset": "recommended", "fit": {"drift_s": 3600}},
    "epochs": 0,
    "split": {"by": "subject", "folds": "leave-one-out"},
}
evaluation = eeg2fmri.crossvalidate(store, files / "states", settings, own=[mine]).evaluation
print(evaluation.verdict)

# %%
# The mean over the five states; each dot is a person:

scores = {method.label: evaluation.of(method.name, "temporal_r_mean") for method in evaluation.methods}
for label, of_people in scores.items():
    print(f"{of_people.mean():7.3f}  {label}")
figure = benchmark_bars(scores, metric="Temporal r, mean over states", model=evaluation.methods[0].label)
