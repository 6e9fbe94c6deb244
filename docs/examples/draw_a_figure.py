"""Draw relevance over frequency and save it as PNG, SVG and PDF."""

import numpy as np

from eeg2fmri.report.figures.profiles import frequency_profile
from eeg2fmri.report.style import save_figure

with np.load("run/explain/explain.npz") as arrays:
    frequencies, share = arrays["frequencies"], arrays["magnitude"].sum((1, 3))

figure = frequency_profile(frequencies, {"relevance": 100 * share}, unit="share of relevance (%)")
print(*save_figure(figure, "frequencies"))
