"""Measure how far the latents of EEG windows are from those of the volumes that follow them."""

from __future__ import annotations

import numpy as np

from eeg2fmri.core.progress import Progress, silent
from eeg2fmri.evaluate.inputs.methods import BATCH
from eeg2fmri.evaluate.inputs.open_run import OpenRun
from eeg2fmri.evaluate.metrics.frechet import frechet_distance


def latent_distance(run: OpenRun, recording: str, device: str = "cpu", progress: Progress = silent) -> float | None:
    """Fréchet distance between the latents of both modalities over a recording, in the unit of the latents squared.

    Parameters
    ----------
    run : OpenRun
    recording : str
        Id.
    device : str
    progress : Progress

    Returns
    -------
    float or None
        None if the model has no latent of volumes, or one of another size.
    """
    import torch

    from eeg2fmri.data.pairs.dataset import PairDataset

    pairs, model = PairDataset(run.store, [recording], run.loaded.card.pairs), run.loaded.model
    model.eval().to(device)
    of_eeg, of_volume = [], []
    for first in range(0, len(pairs), BATCH):
        batch = [pairs[k] for k in range(first, min(first + BATCH, len(pairs)))]
        x, y = (torch.stack([getattr(pair, part) for pair in batch]).to(device) for part in ("x", "y"))
        with torch.inference_mode():
            out = model(x, y)
        if out.z_fmri is None or out.z_fmri.shape != out.z_eeg.shape:
            return None
        of_eeg.append(out.z_eeg.float().cpu().numpy())
        of_volume.append(out.z_fmri.float().cpu().numpy())
        progress(f"Encoding {recording}", first + len(batch), len(pairs))
    return frechet_distance(np.concatenate(of_eeg), np.concatenate(of_volume))
