"""Find the electrodes, frequencies and times that the synthesised volumes of one region come from."""

import nibabel
import numpy as np

from eeg2fmri.data.store import Store
from eeg2fmri.explain.run import explain_run

store = Store.open("store")
region = store.brain_mask()
region[: region.shape[0] // 2] = False
nibabel.Nifti1Image(region.astype(np.uint8), store.affine).to_filename("half.nii.gz")

settings = {"target": "half.nii.gz", "windows": 4, "checks": 2, "steps": 4, "latent": "none"}
explanation = explain_run("run", "store", "run/explain", settings, truth="bids")
print(explanation.summary())
