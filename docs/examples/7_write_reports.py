"""
Write the page of a run, and one that compares runs
===================================================

A report is one HTML file that opens without a network: verdict, scores, maps, an interactive view, the explanation,
settings. Its pictures are functions like any other.
"""

from pathlib import Path

from eeg2fmri.evaluate.run import evaluate_run
from eeg2fmri.report import RunResults, write_index, write_report
from eeg2fmri.report.figures.brain.volumes import correlation_map

files = Path("files")
evaluate_run(files / "run-documented", files / "store")
page = write_report(files / "run")
print(f"{page.name}: {page.stat().st_size / 1e6:.1f} MB")
print(write_index([files / "run", files / "run-documented"], files / "index.html").name)

# %%
# The map in it, by itself:

maps = RunResults.read(files / "run").examples[0]
figure = correlation_map(maps.r, maps.affine, anatomy=maps.anatomy, mask=maps.mask, threshold=0.2, title=maps.recording)
