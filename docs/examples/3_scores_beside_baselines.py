"""
Read the scores beside the baselines
====================================

A score means nothing alone. ``evaluate`` gives the same test recordings to the model and to every baseline, compares
them with surrogates of the prediction that have nothing to do with the EEG, and says in one sentence what was found.
"""

from pathlib import Path

from eeg2fmri.evaluate.run import evaluate_run
from eeg2fmri.report.figures.scores import benchmark_bars, null_histogram

files = Path("files")
evaluation = evaluate_run(files / "run", files / "store")
print(evaluation.verdict)

# %%
# Every score is there by name: here the temporal correlation, which anatomy cannot raise.

for method in evaluation.methods:
    print(f"{evaluation.score(method.name, 'temporal_r'):7.3f}  {method.label}")

metric, test = evaluation.headline, evaluation.test
scores = {method.title: evaluation.of(method.name, metric.name) for method in evaluation.methods}
figure = benchmark_bars(scores, metric=metric.axis, model=evaluation.model.title, null=(test.low, test.high))

# %%
# The null distribution: what surrogates of the prediction reach.

figure = null_histogram(test.null, test.observed, metric=metric.axis, p_value=test.p_value)

# %%
# What to know before trusting any of it:

print(*evaluation.notes, sep="\n")
