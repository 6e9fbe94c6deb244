"""
Synthesise BOLD from a file, and volume by volume as samples come
=================================================================

The test subject's BOLD was never seen by the model. Its EEG alone gives a 4-D image; fed in pieces, as an amplifier
delivers them, it gives a volume each repetition time.
"""

import json
import time
from pathlib import Path

import mne
import numpy as np

from eeg2fmri import Synthesizer
from eeg2fmri.report import RunResults
from eeg2fmri.report.figures.timecourses import TimeCourse, time_courses

files = Path("files")
synthesizer = Synthesizer.from_pretrained(files / "run")
name = json.loads((files / "run/split.json").read_text())["test"][0]
subject = name.split("_")[0]
raw = mne.io.read_raw_brainvision(files / f"bids/{subject}/eeg/{name}_eeg.vhdr", verbose="error")

bold = synthesizer.predict(raw)
print(f"image of {bold.shape} voxels and volumes, one every {bold.header.get_zooms()[3]:g} s")

# %%
# A stream takes any number of samples at a time: here half a second.

stream = synthesizer.stream(raw.info["sfreq"], raw.ch_names, first_volume_s=raw.annotations.onset[0])
samples, step = raw.get_data(), round(raw.info["sfreq"] / 2)
slowest, volumes = 0.0, []
for start in range(0, samples.shape[1], step):
    before = time.perf_counter()
    volumes += stream.feed(samples[:, start : start + step])
    slowest = max(slowest, time.perf_counter() - before)
print(f"{len(volumes)} volumes; half a second of EEG took less than half a second: {slowest < 0.5}")

# %%
# The model recentres amplitudes by what the stream has shown so far, so its first volumes differ from those of the
# whole file.

image = bold.get_fdata()
mean = image.mean(axis=3)
for k in (0, 10, 40, image.shape[3] - 1):
    of_stream, of_file = volumes[k].volume - mean, image[..., k] - mean
    r = np.corrcoef(of_stream.ravel(), of_file.ravel())[0, 1]
    print(f"{volumes[k].onset:5.1f} s after the first sample: r with the change in the file's volume {r:.2f}")

# %%
# Measured against synthesised, at the voxels that the evaluation chose:

courses = RunResults.read(files / "run").courses[0]
drawn = [TimeCourse(*one) for one in zip(courses.names, courses.truth, courses.prediction, strict=True)]
figure = time_courses(courses.times, drawn, unit=courses.unit)
