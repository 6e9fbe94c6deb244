"""Synthesise BOLD of a test recording from its EEG file, and again as its samples come."""

import json
from pathlib import Path

import mne

from eeg2fmri import Synthesizer

synthesizer = Synthesizer.from_pretrained("run")
name = json.loads(Path("run/split.json").read_text())["test"][0]
raw = mne.io.read_raw_brainvision(Path("bids") / name.split("_")[0] / "eeg" / f"{name}_eeg.vhdr", verbose="error")

bold = synthesizer.predict(raw)
print(f"image of {bold.shape}, {bold.header.get_zooms()[3]:g} s a volume")

stream = synthesizer.stream(raw.info["sfreq"], raw.ch_names)
volumes = list(stream.feed(raw.get_data()))
print(f"{len(volumes)} volumes from the stream")
