"""
Simulate recordings whose truth is known
========================================

A data set of four subjects that is written in seconds. Its BOLD has less noise than that of people, so that 100
volumes are enough to learn from. The files are BIDS: BrainVision EEG with a marker at every volume, NIfTI BOLD.
"""

from pathlib import Path

import mne

from eeg2fmri.data.features.spectrogram import spectrogram as spectrum_of_each_volume
from eeg2fmri.report.figures.eeg.spectra import spectrogram
from eeg2fmri.simulate import Truth, simulate_dataset, small_config

files = Path("files")
quiet = {"thermal": 0.3, "cardiac": 0.0, "respiratory": 0.0, "drift": 0.2, "vascular": 0.0}
simulate_dataset(files / "bids", small_config(seed=1, subjects=4, volumes=100, bold=quiet))
print(*sorted(path.name for path in (files / "bids/sub-01").rglob("*.*")), sep="\n")

# %%
# The EEG is read like any other recording. What a model sees of it is the magnitude of the spectrum of each
# repetition time.

raw = mne.io.read_raw_brainvision(files / "bids/sub-01/eeg/sub-01_task-rest_eeg.vhdr", verbose="error")
onsets = [one["onset"] for one in raw.annotations if one["description"].endswith("R128")]
magnitude, frequencies = spectrum_of_each_volume(raw.get_data("POz"), raw.info["sfreq"], onsets, 2.0)
figure = spectrogram(magnitude[:, 0], frequencies, 2.0, title="sub-01, POz")

# %%
# What is true of the recordings lies beside them: the BOLD of coupled regions follows the power of these rhythms.

truth = Truth.open(files / "bids")
for name, low, high in truth.bands:
    print(f"{name}: {low:g} to {high:g} Hz")
print(f"{truth.coupled.sum()} of {len(truth.coupled)} regions are coupled to the EEG")
