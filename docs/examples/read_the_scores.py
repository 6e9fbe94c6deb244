"""Evaluate a run and read its scores by name."""

from eeg2fmri.evaluate.run import evaluate_run

evaluation = evaluate_run("run", "store")
print(evaluation.verdict)
headline = evaluation.metrics[0].name
for method in evaluation.methods:
    print(f"{method.label}: {headline} {evaluation.score(method.name, headline):.3f}")
for note in evaluation.notes:
    print("note:", note)
