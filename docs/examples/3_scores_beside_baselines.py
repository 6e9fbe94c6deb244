"""
Read the scores beside the baselines
====================================

A score means nothing alone. ``evaluate`` gives the same test recordings to the model, to the model with its EEG
shifted in time, and to every baseline, and says in one sentence whether the EEG helped.
"""

from pathlib import Path

from eeg2fmri.evaluate.run import evaluate_run
from eeg2fmri.report import RunResults
from eeg2fmri.report.figures.scores import benchmark_bars, null_histogram

files = Path("files")
evaluation = evaluate_run(files / "run", files / "store")
print(evaluation.verdict)

# %%
# Every score is there by name: here the temporal correlation, which anatomy cannot raise.

for method in evaluation.methods:
    print(f"{evaluation.score(method.name, 'temporal_r'):7.3f}  {method.label}")

found = RunResults.read(files / "run").evaluation
table, null = found.table, found.null
scores = {method: table.of(method, "temporal_r") for method in table.methods}
figure = benchmark_bars(scores, metric=table.metrics[0].axis, model=table.methods[0], null=null.band)

# %%
# The null distribution: the same EEG, shifted around a circle by many lags.

figure = null_histogram(null.scores, null.observed, metric=table.metrics[0].axis, p_value=null.p_value)

# %%
# What to know before trusting any of it:

print(*evaluation.notes, sep="\n")
