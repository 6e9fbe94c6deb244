"""Draw how good each recording of a store is: triggers, spectra, signal to noise of the BOLD."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from eeg2fmri.core.errors import InputError
from eeg2fmri.core.progress import Progress, silent
from eeg2fmri.data.store.store import Recording, Store

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Warnings of a recording that its figure shows.
SHOWN = 3


def write_figures(store: Store, folder: Path, progress: Progress = silent) -> Iterator[Path]:
    """Write a PNG for each recording; give its path.

    Raises
    ------
    InputError
        If the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for done, recording in enumerate(store.recordings, 1):
            path = folder / f"{recording.id}_quality.png"
            quality_figure(store, done - 1).savefig(path, dpi=110)
            progress("Drawing", done, len(store.recordings))
            yield path
    except OSError as error:
        raise InputError(
            "the figures cannot be written", where=str(error.filename or folder), got=str(error.strerror or error)
        ) from None


def quality_figure(store: Store, recording: int) -> Figure:
    """Draw the quality of one recording.

    Parameters
    ----------
    store : Store
    recording : int
        Its position.

    Returns
    -------
    matplotlib.figure.Figure
        Deviation of the volume onsets from a regular sequence (ms), drift and jitter; root mean square magnitude of
        each electrode by frequency (uV), bad ones marked; temporal signal-to-noise ratio of three slices or of every
        region; above, the first warnings.
    """
    from matplotlib.figure import Figure

    facts = store.recordings[recording]
    figure = Figure(figsize=(11, 6.2), layout="constrained")
    title = f"{facts.id}: {facts.n_volumes} volumes, marker {facts.quality.get('marker') or 'none'}"
    warned = facts.quality.get("warnings", [])
    lines = [textwrap.shorten(f"warning: {text}", 150, placeholder=" ...") for text in warned[:SHOWN]]
    if len(warned) > SHOWN:
        lines.append(f"and {len(warned) - SHOWN} more warnings: eeg2fmri store info lists them")
    figure.suptitle("\n".join([title, *lines]), x=0.01, ha="left", fontsize=10)
    panels: Any = figure.subfigures(2, 1, height_ratios=[1, 0.85])
    top, bottom = panels
    triggers, spectra = top.subplots(1, 2)
    _draw_triggers(triggers, facts, store.tr)
    _draw_spectra(spectra, store, recording)
    _draw_tsnr(bottom, store, recording)
    return figure


def _draw_triggers(axes: Axes, facts: Recording, tr: float) -> None:
    onsets = facts.onsets
    steps = np.arange(len(onsets))
    deviation = (onsets - onsets[0] - steps * tr) * 1e3
    axes.plot(steps, deviation, ".", markersize=3, color="#1f5fa8")
    axes.axhline(0, color="0.6", linewidth=0.8)
    axes.set(xlabel="volume", ylabel="onset against every TR (ms)", title=_clock(facts))
    if np.ptp(deviation) < 1:
        middle = float(deviation.mean())
        axes.set_ylim(middle - 1, middle + 1)


def _clock(facts: Recording) -> str:
    """Say how far the triggers are from a regular sequence."""
    drift, jitter = facts.quality.get("drift_ppm"), facts.quality.get("trigger_jitter_s")
    if drift is None or jitter is None:
        return "Onsets of the volumes (no marker at each)"
    return f"Triggers: drift {drift:.0f} ppm, jitter {1e3 * jitter:.2f} ms"


def _draw_spectra(axes: Axes, store: Store, recording: int) -> None:
    eeg = store.eeg(recording)
    square = np.zeros(eeg.shape[1:])
    for first in range(0, len(eeg), 32):
        square += np.sum(np.square(eeg[first : first + 32], dtype=np.float64), axis=0)
    samples = max(1, round(store.tr * store.sfreq))
    amplitude = np.sqrt(square / len(eeg)) * 2 / samples * 1e6
    bads = set(store.recordings[recording].quality.get("bad_electrodes", []))
    for name, line in zip(store.electrodes, amplitude, strict=True):
        bad = name in bads
        axes.plot(store.frequencies, line, color="#c0392b" if bad else "0.55", linewidth=1.4 if bad else 0.6)
    axes.plot(store.frequencies, np.median(amplitude, axis=0), color="#1f5fa8", linewidth=1.8, label="median electrode")
    if bads & set(store.electrodes):
        names = textwrap.shorten(", ".join(sorted(bads & set(store.electrodes))), 60, placeholder=" ...")
        axes.plot([], [], color="#c0392b", label=f"bad: {names}")
    axes.set(xlabel="frequency (Hz)", ylabel="amplitude (uV)", title="Spectra of the electrodes")
    if (amplitude > 0).any():
        axes.set_yscale("log")
    axes.legend(frameon=False, fontsize=8)


def _draw_tsnr(figure: Any, store: Store, recording: int) -> None:
    mean, std, mask = store.voxel_mean(recording), store.voxel_std(recording), store.mask(recording)
    tsnr = np.where(mask, mean / np.where(std > 0, std, np.inf), np.nan)
    if store.regions:
        axes = figure.subplots()
        places = np.arange(len(store.regions))
        axes.bar(places, tsnr[:, 0, 0], color="#1f5fa8")
        step = max(1, len(places) // 30)
        axes.set_xticks(places[::step], [str(number) for number in store.regions[::step]])
        axes.set(
            xlabel="number of the region in the atlas",
            ylabel="tSNR",
            title="Temporal signal-to-noise ratio of the BOLD",
        )
        return
    levels = np.flatnonzero(mask.any(axis=(0, 1)))
    chosen = levels[np.round(np.array([0.25, 0.5, 0.75]) * (len(levels) - 1)).astype(int)]
    highest = float(np.nanpercentile(tsnr, 98))
    panels = figure.subplots(1, 3)
    size = np.linalg.norm(store.affine[:3, :3], axis=0)
    for axes, level in zip(panels, chosen, strict=True):
        shown = axes.imshow(
            tsnr[:, :, level].T, origin="lower", vmin=0, vmax=highest, cmap="viridis", aspect=size[1] / size[0]
        )
        axes.set(xticks=[], yticks=[], xlabel=f"slice {level}")
    figure.colorbar(shown, ax=list(panels), label="tSNR")
    median = store.recordings[recording].quality.get("tsnr_median", float("nan"))
    panels[1].set_title(f"Temporal signal-to-noise ratio of the BOLD, median {median:.0f}", fontsize=10)
