"""Draw what the study of the test over time found, for the documentation.

    python -m benchmarks.draw_significance docs/_static/significance

makes the recordings (some minutes), keeps their p values in ``significance.json`` beside this file, and writes the
figure as PNG. With ``--kept``, the p values that are there are drawn again.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import scipy.stats
from matplotlib.figure import Figure

from benchmarks.bench_significance import Found, rejected, rows, study
from eeg2fmri.report.figures import style

KEPT = Path(__file__).parent / "significance.json"


@style.styled
def significance(found: Found) -> Figure:
    """Draw the distribution of null p values, and the power over coupling."""
    figure = style.empty_figure(style.PAGE, 2.9)
    left, right = figure.subplots(1, 2)

    ordered = np.sort(found.null)
    n = len(ordered)
    expected = np.linspace(0, 1, 200)
    band = scipy.stats.kstwo.ppf(0.95, n)
    left.fill_between(
        expected, expected - band, expected + band, color=style.faint(), alpha=0.5, linewidth=0, label="95 % of uniform"
    )
    left.plot([0, 1], [0, 1], color=style.faint(), linewidth=1)
    left.step(ordered, np.arange(1, n + 1) / n, where="post", color=style.MODEL, label=f"{n} null recordings")
    left.set(xlim=(0, 1), ylim=(0, 1))
    left.set_xlabel("p value")
    left.set_ylabel("share of recordings with p up to this")
    left.legend(loc="upper left")
    left.set_title("No coupling: p values are uniform")

    couplings = ["0", *found.coupled["median"]]
    for (name, by_coupling), colour, marker, aside in zip(
        found.coupled.items(), style.CYCLE, "os", (-0.008, 0.008), strict=False
    ):
        shares = np.array(
            [
                rejected(found.null if name == "median" else []) if c == "0" else rejected(by_coupling[c])
                for c in (couplings if name == "median" else couplings[1:])
            ]
        )
        at = np.array([float(c) for c in (couplings if name == "median" else couplings[1:])]) + aside
        right.errorbar(
            at,
            shares[:, 0],
            yerr=np.abs(shares[:, 1:] - shares[:, :1]).T,
            color=colour,
            marker=marker,
            markersize=4,
            linewidth=1,
            capsize=2,
            label=f"{name} r over voxels",
        )
    right.axhline(0.05, color=style.ink(), linewidth=0.8, linestyle=":")
    right.text(0.84, 0.06, ".05", ha="right", fontsize=7)
    right.set(xlim=(-0.05, 0.85), ylim=(0, 1))
    right.set_xlabel("coupling of BOLD with EEG (correlation)")
    right.set_ylabel("share of recordings with p <= .05")
    right.legend(loc="upper left")
    right.set_title("Power of one recording of 150 volumes")
    return figure


def main() -> None:
    """Run the study, or take what was kept of it, and draw."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("out", type=Path, help="name of the picture, without its ending")
    parser.add_argument("--kept", action="store_true", help="draw the p values that are there")
    asked = parser.parse_args()
    if not asked.kept:
        KEPT.write_text(json.dumps(asdict(study())) + "\n", encoding="utf-8")
    found = Found(**json.loads(KEPT.read_text(encoding="utf-8")))
    for row in rows(found):
        print(f"{row.name}: {row.value:.4g} {row.target}")
    style.save_figure(significance(found), asked.out, formats=("png",), dpi=200)


if __name__ == "__main__":
    main()
