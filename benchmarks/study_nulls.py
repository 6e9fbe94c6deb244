"""Do the tests of temporal r hold their level where truth and prediction are independent but not well behaved?

    python -m benchmarks.study_nulls docs/_static/nulls [--real FOLDER] [--kept]

makes recordings of every kind (some minutes), keeps what was found in ``nulls.json`` beside this file, prints a table
and writes the figure as PNG. Plain circular shifts without anything taken out stand beside the tests of the package.
``--real`` names a folder with ``ds003574_power_and_states.npz`` (OpenNeuro ds003574, CC0) and
``neurobolt_difumo64_29scans.npz`` (targets of NeuroBOLT, CC BY 4.0): EEG powers of the one and BOLD of the other are of
different people, so that nothing is shared.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import scipy.fft
import scipy.signal
import scipy.stats
from matplotlib.figure import Figure, SubFigure

from eeg2fmri.evaluate.significance.drifts import time_basis
from eeg2fmri.evaluate.significance.sessions import session_test
from eeg2fmri.evaluate.significance.surrogates import headline_null, surrogate_test
from eeg2fmri.report.figures import style

KEPT = Path(__file__).parent / "nulls.json"
RECORDINGS, POWER, GROUPS = 400, 200, 200
VOXELS, SOURCES = 24, 6
COUPLINGS = (0.05, 0.1, 0.2, 0.4, 0.6, 0.8)
Pair = tuple[np.ndarray, np.ndarray]


def autoregressive(n: int, courses: int, phi: float, rng: np.random.Generator) -> np.ndarray:
    """First-order autoregression (volume, course), stationary; a random walk for phi = 1."""
    burn = 0 if phi == 1 else 100
    return scipy.signal.lfilter([1], [1, -phi], rng.standard_normal((n + burn, courses)), axis=0)[burn:]


def independent(n: int, phi: float, rng: np.random.Generator) -> Pair:
    """Truth whose voxels share sources, and an independent prediction of rank two, each (volume, voxel)."""
    truth = autoregressive(n, SOURCES, phi, rng) @ rng.standard_normal((SOURCES, VOXELS))
    truth += autoregressive(n, VOXELS, phi, rng)
    prediction = autoregressive(n, 2, phi, rng) @ np.abs(rng.standard_normal((2, VOXELS)))
    return truth / truth.std(), prediction / prediction.std()


def drifting(rng: np.random.Generator, order: int, signs: tuple[float, float]) -> Pair:
    y, p = independent(200, 0.5, rng)
    course = np.linspace(-1, 1, 200)[:, None] ** order
    return y + signs[0] * course, p + signs[1] * course


def growing(rng: np.random.Generator) -> Pair:
    y, p = independent(200, 0.5, rng)
    grows = np.linspace(0.3, 3, 200)[:, None]
    return y * grows, p * grows


def spiky(rng: np.random.Generator) -> Pair:
    y, p = independent(200, 0.5, rng)
    for series in (y, p):
        for at in rng.choice(197, 4, replace=False):
            series[at : at + 3] += 10
    return y, p


def censored(rng: np.random.Generator) -> Pair:
    y, p = independent(200, 0.5, rng)
    gone = rng.choice(200, 30, replace=False)
    for series in (y, p):
        series[gone] = series.mean(axis=0)
    return y, p


def unsteady(rng: np.random.Generator) -> Pair:
    y, p = independent(200, 0.5, rng)
    decay = 15 * np.exp(-2 * np.arange(200)[:, None] / rng.uniform(2, 8))
    return y + decay, p + decay


def one_course(rng: np.random.Generator) -> Pair:
    y, p = autoregressive(200, 2, 0.8, rng).T
    return np.repeat(y[:, None], VOXELS, axis=1), np.repeat(p[:, None], VOXELS, axis=1)


def walking(rng: np.random.Generator, n: int = 200) -> Pair:
    y = autoregressive(n, SOURCES, 1, rng) @ rng.standard_normal((SOURCES, VOXELS))
    return y, autoregressive(n, 1, 1, rng) @ np.abs(rng.standard_normal((1, VOXELS)))


World = tuple[Callable[[np.random.Generator], Pair], float]
#: Name to what makes a recording, and TR in s.
WORLDS: dict[str, World] = {
    "stationary": (lambda rng: independent(200, 0.5, rng), 2.0),
    "autoregressive, .9": (lambda rng: independent(200, 0.9, rng), 2.0),
    "autoregressive, .95": (lambda rng: independent(200, 0.95, rng), 2.0),
    "linear drift": (lambda rng: drifting(rng, 1, tuple(3 * rng.standard_normal(2))), 2.0),
    "quadratic drift": (lambda rng: drifting(rng, 2, (4, 4)), 2.0),
    "same-sign drift": (lambda rng: drifting(rng, 1, (5, 5)), 2.0),
    "random walk": (walking, 2.0),
    "random walk, 60 volumes": (lambda rng: walking(rng, 60), 2.0),
    "growing variance": (growing, 2.0),
    "spikes": (spiky, 2.0),
    "censored volumes": (censored, 2.0),
    "unsteady start": (unsteady, 2.0),
    "one global course": (one_course, 2.0),
    "60 volumes": (lambda rng: independent(60, 0.6, rng), 2.0),
    "TR .7 s": (lambda rng: independent(400, 0.9, rng), 0.7),
}


def real_worlds(folder: Path) -> dict[str, World]:
    """EEG powers of people and BOLD of others, 200 and 575 volumes at a time."""
    powers = np.load(folder / "ds003574_power_and_states.npz")
    bold = np.load(folder / "neurobolt_difumo64_29scans.npz")
    eeg = [powers[name].astype(float) for name in powers.files if name.endswith("/power")]
    scans = [bold[name][:, :64].astype(float) for name in bold.files if name != "columns"]
    times = 2.1 * np.arange(15)
    response = scipy.stats.gamma.pdf(times, 6) - scipy.stats.gamma.pdf(times, 16) / 6

    def make(n: int) -> Callable[[np.random.Generator], Pair]:
        def draw(rng: np.random.Generator) -> Pair:
            while True:
                person, scan = eeg[rng.integers(len(eeg))], scans[rng.integers(len(scans))]
                if len(person) < n + 15:
                    continue
                start, first = rng.integers(len(person) - n - 14), rng.integers(len(scan) - n + 1)
                course = np.convolve(person[start : start + n + 14, rng.integers(6)], response, "valid")
                if np.isfinite(course).all() and course.std() > 0:
                    course *= rng.choice([-1, 1])
                    return scan[first : first + n], np.repeat(course[:, None], 64, axis=1)

        return draw

    return {f"real EEG, real BOLD of others, {n} volumes": (make(n), 2.1) for n in (200, 575)}


def plain_shifts(y: np.ndarray, p: np.ndarray) -> float:
    """p value of the median r among all circular shifts, with nothing taken out."""
    a, b = ((each - each.mean(axis=0)) / each.std(axis=0) for each in (y, p))
    r = scipy.fft.irfft(scipy.fft.rfft(a, axis=0).conj() * scipy.fft.rfft(b, axis=0), len(a), axis=0)
    median = np.median(r, axis=1)
    return float(np.mean(median >= median[0] - 1e-9))


def grid(courses: np.ndarray) -> np.ndarray:
    return courses[:, :, None, None]


def p_values(worlds: dict[str, World]) -> Iterator[tuple[str, dict[str, list[float]]]]:
    """For each world, p values of plain shifts and of surrogates, and of five recordings exchanged."""
    for number, (name, (make, tr)) in enumerate(worlds.items()):
        found: dict[str, list[float]] = {"plain shifts": [], "surrogates": [], "five exchanged": []}
        for k in range(RECORDINGS):
            y, p = make(np.random.default_rng([number, k]))
            found["plain shifts"].append(plain_shifts(y, p))
            found["surrogates"].append(surrogate_test(grid(y), grid(p), tr=tr, seed=k).median.p_value)
        for k in range(GROUPS):
            pairs = [make(np.random.default_rng([number, k, one])) for one in range(5)]
            basis = time_basis(len(pairs[0][0]), tr)
            truths, predictions = ([basis.without_drifts(pair[side]) for pair in pairs] for side in (0, 1))
            found["five exchanged"].append(session_test(truths, predictions, np.random.default_rng(k)).p_value)
        yield name, {test: np.round(p, 4).tolist() for test, p in found.items()}


def paired_p_values(shared: float) -> list[float]:
    """Two predictions that are equally good, of a truth that shares much with both."""
    found = []
    for k in range(RECORDINGS):
        rng = np.random.default_rng([77, k])
        noise, _ = independent(200, 0.5, rng)
        signal = autoregressive(200, 1, 0.8, rng)
        signal /= signal.std()
        truth = shared * signal + np.sqrt(1 - shared**2) * noise
        first, second = (signal + 0.7 * autoregressive(200, 1, 0.5, rng) @ np.ones((1, VOXELS)) for _ in range(2))
        means = [headline_null(grid(truth), grid(each), seed=k) for each in (first, second)]
        found.append(means[0].minus(means[1]).p_value)
    return found


def power() -> dict[str, dict[str, list[float]]]:
    """Share of recordings that each test finds, by coupling; 150 volumes of two autocorrelations, and 60."""
    found: dict[str, dict[str, list[float]]] = {}
    for n, phi in ((150, 0.5), (150, 0.9), (60, 0.6)):
        shares: dict[str, list[float]] = {"plain shifts": [], "surrogates": []}
        for coupling in COUPLINGS:
            p: list[tuple[float, float]] = []
            for k in range(POWER):
                rng = np.random.default_rng([n, k])
                noise, prediction = independent(n, phi, rng)
                noise, signal = (each / each.std(axis=0) for each in (noise, prediction))
                y = coupling * signal + np.sqrt(1 - coupling**2) * noise
                p.append(
                    (plain_shifts(y, prediction), surrogate_test(grid(y), grid(prediction), seed=k).median.p_value)
                )
            for name, share in zip(shares, (np.array(p) <= 0.05).mean(axis=0), strict=True):
                shares[name].append(float(share))
        found[f"{n} volumes, AR {phi:g}"] = shares
    return found


def rejected(p: list[float]) -> str:
    """Share at .05 with its binomial interval (Clopper and Pearson)."""
    count = int(np.sum(np.asarray(p) <= 0.05))
    low, high = scipy.stats.binomtest(count, len(p)).proportion_ci(0.95)
    return f"{count / len(p):.3f} [{low:.3f}, {high:.3f}]"


def table(found: dict[str, dict[str, list[float]]]) -> str:
    lines = ["| world | plain shifts | surrogates | five exchanged | surrogates: p above uniform by at most |"]
    lines.append("|---|---|---|---|---|")
    for name, by_test in found.items():
        # how far the distribution of p lies above the diagonal: what a test rejects too often at any level
        excess = scipy.stats.ks_1samp(by_test["surrogates"], scipy.stats.uniform.cdf, alternative="greater")
        cells = [rejected(p) for p in by_test.values()]
        lines.append(f"| {name} | {' | '.join(cells)} | {excess.statistic:.3f} (p = {excess.pvalue:.2f}) |")
    return "\n".join(lines)


TESTS = ("plain shifts", "surrogates", "five exchanged")


@style.styled
def drawing(content: dict[str, dict[str, dict[str, list[float]]]]) -> Figure:
    """Draw rejection rates by world with their intervals, and power over coupling."""
    names = list(content["nulls"])
    figure = style.empty_figure(style.PAGE, 0.24 * len(names) + 1.9)
    above, below = figure.subfigures(2, 1, height_ratios=(0.24 * len(names), 1.5))
    _rates(above, {name: content["nulls"][name] for name in names})
    _powers(below, content["power"])
    return figure


def _rates(figure: SubFigure, nulls: dict[str, dict[str, list[float]]]) -> None:
    """Draw a row a world: on the left tests of the package near .05, on the right plain shifts over the whole range."""
    near, whole = figure.subplots(1, 2, sharey=True, width_ratios=(3, 2))
    rows = np.arange(len(nulls))[::-1]
    for axes, tests in ((near, TESTS[1:]), (whole, TESTS[:1])):
        for aside, test in enumerate(tests):
            colour = style.CYCLE[TESTS.index(test)]
            counts = np.array([[np.sum(np.asarray(p[test]) <= 0.05), len(p[test])] for p in nulls.values()])
            ends = [scipy.stats.binomtest(int(k), int(n)).proportion_ci(0.95) for k, n in counts]
            share = counts[:, 0] / counts[:, 1]
            low, high = np.array([[end.low, end.high] for end in ends]).T
            place = rows - 0.26 * (aside - 0.5) * (len(tests) - 1)
            spread = np.stack([share - low, high - share])
            axes.errorbar(share, place, xerr=spread, fmt="o", markersize=3.5, linewidth=1, color=colour, label=test)
        axes.axvline(0.05, color=style.ink(), linewidth=0.8, linestyle=":")
        axes.set_xlabel("share with p <= .05")
        axes.legend(loc="lower right" if axes is whole else "upper right", fontsize="small")
    near.set_yticks(rows, list(nulls))
    near.set_xlim(0, 0.2)
    whole.set_xlim(-0.03, 1.03)
    near.set_title("Independent truth and prediction")
    whole.set_title("Nothing taken out")


def _powers(figure: SubFigure, power: dict[str, dict[str, list[float]]]) -> None:
    """Draw a panel a kind of recording: power of plain shifts and of surrogates."""
    panels = figure.subplots(1, len(power), sharey=True)
    for axes, (name, shares) in zip(panels, power.items(), strict=True):
        for test, line in (("plain shifts", "x:"), ("surrogates", "o-")):
            axes.plot(COUPLINGS, shares[test], line, color=style.CYCLE[TESTS.index(test)], markersize=4, label=test)
        axes.set(xscale="log", ylim=(0, 1.05), xlabel="coupling (correlation)")
        axes.set_xticks(COUPLINGS[::2], [f"{c:g}" for c in COUPLINGS[::2]])
        axes.minorticks_off()
        axes.set_title(name)
    panels[0].set_ylabel("power")
    panels[-1].legend(loc="lower right", fontsize="small")


def main() -> None:
    """Run the study, or take what was kept of it, print the table and draw."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("out", type=Path, help="name of the picture, without its ending")
    parser.add_argument("--real", type=Path, help="folder of the real EEG powers and BOLD")
    parser.add_argument("--kept", action="store_true", help="draw what was found before")
    asked = parser.parse_args()
    if not asked.kept:
        worlds = {**WORLDS, **(real_worlds(asked.real) if asked.real else {})}
        content = {"nulls": dict(p_values(worlds)), "power": power()}
        content["paired"] = {"equally good": {f"shared {s:g}": paired_p_values(s) for s in (0.0, 0.3, 0.7)}}
        KEPT.write_text(json.dumps(content) + "\n", encoding="utf-8")
    content = json.loads(KEPT.read_text(encoding="utf-8"))
    print(table(content["nulls"]))
    for name, p in content["paired"]["equally good"].items():
        print(f"paired, {name}: {rejected(p)}")
    for name, shares in content["power"].items():
        print(name, {test: np.round(each, 2).tolist() for test, each in shares.items()})
    style.save_figure(drawing(content), asked.out, formats=("png",), dpi=200)


if __name__ == "__main__":
    main()
