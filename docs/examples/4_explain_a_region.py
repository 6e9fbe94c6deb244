"""
Explain a region
================

Which electrodes, frequencies and times do the synthesised volumes of one region come from? Relevance is propagated
from the region to the EEG, and comes with what it is worth: how much was lost on the way, what an untrained model
gives, and, for simulated recordings, the truth.
"""

import json
from pathlib import Path

import nibabel
import numpy as np

from eeg2fmri.data.store.store import Store
from eeg2fmri.explain.run import explain_run
from eeg2fmri.report.figures.eeg.electrodes import topomaps
from eeg2fmri.report.figures.style import save_figure

files = Path("files")
store = Store.open(files / "store")
name = json.loads((files / "run/split.json").read_text())["test"][0]
region = store.mask(name).copy()
region[: region.shape[0] // 2] = False
affine = store.recordings[store.index(name)].affine
nibabel.Nifti1Image(region.astype(np.uint8), affine).to_filename(files / "half.nii.gz")

settings = {"target": str(files / "half.nii.gz"), "windows": 4, "checks": 2, "steps": 4, "latent": "none"}
explanation = explain_run(files / "run", files / "store", files / "run/explain", settings, truth=files / "bids")
print(explanation.summary())

# %%
# The arrays behind it make a figure for a paper, in one column's width, as PNG, SVG and PDF.

with np.load(files / "run/explain/explain.npz") as arrays:
    electrodes, share = arrays["electrodes"], 100 * arrays["magnitude"].sum((2, 3)).mean(0)
figure = topomaps({"right half": share}, electrodes.tolist(), unit="share of relevance (%)")
print(*(path.name for path in save_figure(figure, files / "electrodes")))
