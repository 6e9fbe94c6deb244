"""What a store says of its recordings: the table and the figures."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from eeg2fmri.core.errors import InputError
from eeg2fmri.data.prepare.quality_figure import quality_figure, write_figures
from eeg2fmri.data.store.quality import facts, rows, warnings
from eeg2fmri.data.store.store import Store

QUALITY: dict[str, Any] = {
    "marker": "Response/R128",
    "drift_ppm": 812.3,
    "trigger_jitter_s": 0.00361,
    "bad_electrodes": ["E1", "gone"],
    "eeg_std_v": 18.7e-6,
    "tsnr_median": 65.1,
    "brain_voxels": 47,
    "warnings": ["first", "second", "third", "fourth"],
}


@pytest.fixture
def told(store: Store) -> Store:
    """A store with a recording of which much is to be said."""
    onsets = store.tr * np.arange(14) * (1 + 812.3e-6)
    recording = replace(store.recordings[0], quality=QUALITY, onsets=onsets)
    return replace(store, recordings=(recording, *store.recordings[1:]), electrodes=("E1", "E2", "E3"))


def texts(figure: Any) -> list[str]:
    from matplotlib.text import Text

    return [artist.get_text() for artist in figure.findobj(Text) if artist.get_text()]


def test_the_table_has_a_row_for_each_recording(told: Store) -> None:
    columns, made = rows(told)
    assert dict(zip(columns, made[0], strict=True)) == {
        "recording": "sub-01_task-rest",
        "volumes": "14",
        "marker": "Response/R128",
        "jitter ms": "3.61",
        "drift ppm": "812",
        "EEG uV": "18.7",
        "tSNR": "65.1",
        "brain voxels": "47",
        "bad": "2",
        "cleaned": "no",
    }
    assert len(made) == len(told.recordings)
    assert warnings(told)[0] == "warning: sub-01_task-rest: first"
    assert dict(facts(told))["space"] == "native (voxels of different subjects do not correspond)"
    assert dict(facts(replace(told, space="MNI305")))["space"] == "MNI305"


def test_the_figure_shows_triggers_spectra_bad_electrodes_and_tsnr(told: Store) -> None:
    figure = quality_figure(told, 0)
    said = "\n".join(texts(figure))
    assert "Triggers: drift 812 ppm, jitter 3.61 ms" in said
    assert "warning: first\nwarning: second\nwarning: third\nand 1 more warnings" in said
    assert "bad: E1" in said
    assert "gone" not in said  # it is no electrode of the store
    triggers, spectra = figure.subfigs[0].axes
    drift = triggers.lines[0].get_ydata()
    np.testing.assert_allclose(drift, np.arange(14) * told.tr * 0.8123, rtol=1e-6)
    samples = round(told.tr * told.recordings[0].sfreq)
    expected = np.sqrt(np.mean(np.square(told.eeg(0)), axis=0)) * 2 / samples * 1e6
    np.testing.assert_allclose(spectra.lines[1].get_ydata(), expected[1], rtol=1e-5)
    assert spectra.lines[0].get_color() != spectra.lines[1].get_color()
    (shown, *_), *_ = (axes.get_images() for axes in figure.subfigs[1].axes if axes.get_images())
    values = np.asarray(shown.get_array(), float)
    tsnr = told.voxel_mean(0) / told.voxel_std(0)
    assert any(np.allclose(values[np.isfinite(values)], tsnr[..., z].T[np.isfinite(values)]) for z in range(3))


def test_without_markers_nothing_is_said_of_triggers(store: Store) -> None:
    assert "Onsets of the volumes (no marker at each)" in texts(quality_figure(store, 1))


def test_every_recording_gets_a_file(store: Store, tmp_path: Path) -> None:
    made = list(write_figures(store, tmp_path / "new" / "figures"))
    assert [path.name for path in made] == [f"{one.id}_quality.png" for one in store.recordings]
    assert all(path.stat().st_size > 10_000 for path in made)
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be written"):
        list(write_figures(store, tmp_path / "file"))
