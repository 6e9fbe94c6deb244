"""Synthesis of a stream of Lab Streaming Layer on this machine: as offline, with the right times; gaps; the page."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import sys
import threading
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import mne
import numpy as np
import pytest
from scipy.signal import resample_poly

from eeg2fmri.core.errors import InputError
from eeg2fmri.predict.live import run
from eeg2fmri.predict.live.page import LivePage
from eeg2fmri.predict.live.regions import reduction
from eeg2fmri.predict.live.run import LiveSettings, stream_lsl
from eeg2fmri.predict.live.synthesis import LiveSynthesis, LiveVolume
from eeg2fmri.predict.synthesizer import Synthesizer

#: Of the clock of a stream at the first sample, s.
CLOCK = 5000.0


@pytest.fixture(scope="module")
def synthesizer(small_run: Path) -> Synthesizer:
    return Synthesizer.from_pretrained(small_run, device="cpu")


@pytest.fixture(scope="module")
def eeg(small_bids: Path) -> mne.io.BaseRaw:
    raw = mne.io.read_raw_brainvision(next(small_bids.glob("sub-02/eeg/*.vhdr")), preload=True, verbose="error")
    raw.set_annotations(None)
    return raw.pick("eeg")


def offline(synthesizer: Synthesizer, eeg: mne.io.BaseRaw, first_volume_s: float = 0.0):
    made = synthesizer.predict_volumes(eeg, first_volume_s=first_volume_s)
    courses = reduction(synthesizer.loaded, mean=True)
    return made, np.stack([courses(volume) for volume in made.volumes])


def played(synthesizer: Synthesizer, eeg: mne.io.BaseRaw, keep: np.ndarray, times: np.ndarray, size: int = 37, **how):
    live = LiveSynthesis(synthesizer, eeg.info["sfreq"], eeg.ch_names, reduction(synthesizer.loaded, mean=True), **how)
    data, made = eeg.get_data()[:, keep], []
    for first in range(0, data.shape[1], size):
        part = slice(first, first + size)
        made += live.take(data[:, part], times[keep][part])
    # a stream tells the volume that begins where it ends; a recording has none there
    return made[:-1]


def test_a_stream_gives_what_the_file_gives_at_the_times_that_it_stands_for(synthesizer, eeg) -> None:
    sfreq, every = eeg.info["sfreq"], np.ones(eeg.n_times, bool)
    found, courses = offline(synthesizer, eeg, 0.4)
    made = played(synthesizer, eeg, every, CLOCK + np.arange(eeg.n_times) / sfreq, first_volume_s=0.4)
    assert [one.index for one in made] == found.indices.tolist()
    np.testing.assert_allclose([one.values for one in made], courses, rtol=1e-5)
    np.testing.assert_allclose([one.timestamp for one in made], CLOCK + found.onsets, atol=1e-6)
    assert not any(one.notes for one in made)


def test_stamps_that_are_late_move_nothing(synthesizer, eeg) -> None:
    times = CLOCK + np.arange(eeg.n_times) / eeg.info["sfreq"]
    late = times.copy()
    for first in range(200, eeg.n_times - 40, 333):
        late[first : first + 30] += 0.15
    made, courses = played(synthesizer, eeg, np.ones(eeg.n_times, bool), late), offline(synthesizer, eeg)[1]
    np.testing.assert_allclose([one.values for one in made], courses, rtol=1e-5)
    assert not any(one.notes for one in made)


def test_gaps_are_bridged_told_and_do_not_move_later_volumes(synthesizer, eeg) -> None:
    sfreq = eeg.info["sfreq"]
    times = CLOCK + np.arange(eeg.n_times) / sfreq
    keep = np.ones(eeg.n_times, bool)
    keep[1000:1060] = False
    found, courses = offline(synthesizer, eeg)
    with pytest.warns(UserWarning, match="60 samples were missing"):
        made = played(synthesizer, eeg, keep, times)
    assert [one.index for one in made] == found.indices.tolist()
    noted = np.array([bool(one.notes) for one in made])
    window = synthesizer.card.pairs.window * synthesizer.card.tr
    hurt = (found.onsets > 1000 / sfreq) & (found.onsets - window < 1060 / sfreq)
    assert hurt.any()
    assert not hurt.all()
    assert noted[hurt].all()
    np.testing.assert_allclose(np.stack([one.values for one in made])[~hurt], courses[~hurt], rtol=1e-5)
    np.testing.assert_allclose([one.timestamp for one in made], CLOCK + found.onsets, atol=1e-6)


def test_after_a_long_gap_the_stream_begins_anew(synthesizer, eeg) -> None:
    times = CLOCK + np.arange(eeg.n_times) / eeg.info["sfreq"]
    times[1500:] += 60
    with pytest.warns(UserWarning, match="60.0 s without samples: the stream began anew"):
        made = played(synthesizer, eeg, np.ones(eeg.n_times, bool), times)
    _, courses = offline(synthesizer, eeg.copy().crop(tmin=1500 / eeg.info["sfreq"]))
    again = [one for one in made if one.timestamp > times[1500]]
    np.testing.assert_allclose([one.values for one in again], courses, rtol=1e-5)


def test_wrong_shapes_are_refused(synthesizer, eeg) -> None:
    live = LiveSynthesis(synthesizer, eeg.info["sfreq"], eeg.ch_names, reduction(synthesizer.loaded))
    with pytest.raises(InputError, match="do not fit together"):
        live.take(np.zeros((2, 5)), np.zeros(4))


def get(address: str, host: str | None = None) -> tuple[str, str]:
    asked = urllib.request.Request(address, headers={} if host is None else {"Host": host})
    with urllib.request.urlopen(asked, timeout=60) as answer:
        return answer.read().decode(), answer.headers["Content-Security-Policy"]


def test_the_page_is_for_this_machine_alone_and_loads_nothing() -> None:
    with LivePage("<b>A stream", ["left</script>", "right"]) as page:
        assert page.address.startswith("http://127.0.0.1:")
        text, policy = get(page.address)
        assert "<b>A stream" not in text
        assert text.count("</script>") == 1
        assert "http" not in text.replace("http://www.w3.org/2000/svg", "")
        assert policy.startswith("default-src 'none'; connect-src 'self'")
        assert json.loads(get(page.address + "courses")[0]) == []
        for index in range(3):
            page.show(LiveVolume(index, 10.0 + index, np.array([index, np.nan]), ("a note",)))
        rows = json.loads(get(page.address + "courses?after=1")[0])
        assert [(row["volume"], row["values"]) for row in rows] == [(1, [1.0, None]), (2, [2.0, None])]
        for address, host, code in ((page.address, "elsewhere.org", 403), (page.address + "etc/passwd", None, 404)):
            with pytest.raises(urllib.error.HTTPError) as error:
                get(address, host)
            assert error.value.code == code
            error.value.close()


@pytest.fixture(scope="module")
def lsl(tmp_path_factory: pytest.TempPathFactory):
    """Lab Streaming Layer that stays on this machine."""
    if importlib.util.find_spec("mne_lsl") is None:
        pytest.skip("mne-lsl is not installed")
    if "mne_lsl" not in sys.modules:
        settings = tmp_path_factory.mktemp("lsl") / "lsl_api.cfg"
        settings.write_text("[multicast]\nResolveScope = machine\n[lab]\nKnownPeers = {127.0.0.1}\n[log]\nlevel = -3\n")
        os.environ["LSLAPICFG"] = str(settings)
    import mne_lsl.lsl

    return mne_lsl.lsl


@pytest.fixture(scope="module")
def wide(eeg) -> mne.io.BaseRaw:
    """The EEG among 64 channels at 1,000 Hz."""
    rng = np.random.default_rng(4)
    data = resample_poly(eeg.get_data(), round(1000 / eeg.info["sfreq"]), 1, axis=1)
    others = 1e-5 * rng.standard_normal((64 - len(data), data.shape[1]))
    names = [*eeg.ch_names, *(f"X{k}" for k in range(len(others)))]
    info = mne.create_info(names, 1000.0, [*["eeg"] * len(data), *["misc"] * len(others)])
    return mne.io.RawArray(np.concatenate([data, others])[:, :25_000], info, verbose="error")


class Player:
    """Sends a recording faster than it was made, with the times that it would have had."""

    def __init__(self, lsl: Any, raw: mne.io.BaseRaw, name: str) -> None:
        self.lsl, self.raw, self.name = lsl, raw, name
        self.start = lsl.local_clock() - raw.n_times / 1000.0
        self.open()

    def open(self) -> None:
        info = self.lsl.StreamInfo(self.name, "EEG", len(self.raw.ch_names), 1000.0, "float32", self.name)
        info.set_channel_names(self.raw.ch_names)
        info.set_channel_units(["microvolts"] * len(self.raw.ch_names))
        self.outlet = self.lsl.StreamOutlet(info)

    def play(self, first: int, last: int, size: int = 200) -> None:
        data = np.ascontiguousarray(1e6 * self.raw.get_data()[:, first:last].T, np.float32)
        for begin in range(0, len(data), size):
            part = data[begin : begin + size]
            self.outlet.push_chunk(part, timestamp=self.start + (first + begin + len(part) - 1) / 1000.0)


def streamed(run: Path, settings: LiveSettings, count: int) -> tuple[list[LiveVolume], list[str]]:
    """Stream until so many volumes were sent."""
    heard: list[LiveVolume] = []
    said: list[str] = []

    def told(volume: LiveVolume) -> None:
        heard.append(volume)
        if len(heard) == count:
            raise KeyboardInterrupt

    with contextlib.suppress(KeyboardInterrupt):
        stream_lsl(run, settings, said.append, told)
    return heard, said


def test_64_channels_at_1000_hz_through_lab_streaming_layer(lsl, small_run, synthesizer, wide) -> None:
    name = f"test-{os.getpid()}"
    player = Player(lsl, wide, name)
    marks = lsl.StreamOutlet(lsl.StreamInfo(f"{name}-m", "Markers", 1, 0, "string", f"{name}-m"))

    def play() -> None:
        player.outlet.wait_for_consumers(20)
        marks.wait_for_consumers(20)
        marks.push_sample(["other"], timestamp=player.start + 0.1)
        marks.push_sample(["volume"], timestamp=player.start + 0.4)
        player.play(0, wide.n_times)

    thread = threading.Thread(target=play)
    thread.start()
    found, courses = offline(synthesizer, wide, 0.4)
    settings = LiveSettings(
        name, markers=f"{name}-m", marker="volume", out=f"{name}-bold", mean=True, seconds=60.0, wait_s=20.0
    )
    heard, said = streamed(small_run, settings, len(found.indices))
    thread.join()
    np.testing.assert_allclose([one.values for one in heard], courses, rtol=1e-3)
    np.testing.assert_allclose([one.timestamp for one in heard], player.start + found.onsets, atol=2e-3)
    assert not any(one.notes for one in heard)
    assert any(note.startswith("page: http://127.0.0.1:") for note in said)
    with pytest.raises(InputError, match="there is no such stream"):
        stream_lsl(small_run, LiveSettings("absent", wait_s=0.2), said.append)


def test_a_stream_that_was_lost_is_taken_up_again_and_its_gap_is_told(lsl, small_run, synthesizer, wide) -> None:
    name = f"test-lost-{os.getpid()}"
    player = Player(lsl, wide, name)

    def play() -> None:
        player.outlet.wait_for_consumers(20)
        player.play(0, 12_000)
        sent.wait(20)
        del player.outlet  # as an amplifier's program that is closed, and started again
        player.open()
        player.outlet.wait_for_consumers(20)
        player.play(12_250, wide.n_times)

    found, courses = offline(synthesizer, wide)
    sent, thread = threading.Event(), threading.Thread(target=play)
    whole = int((found.onsets <= 12).sum())  # their windows are complete before the stream is lost
    thread.start()
    heard: list[LiveVolume] = []

    def told(volume: LiveVolume) -> None:
        heard.append(volume)
        if len(heard) == whole:
            sent.set()
        if len(heard) == len(found.indices):
            raise KeyboardInterrupt

    settings = LiveSettings(name, out=f"{name}-bold", mean=True, seconds=60.0, wait_s=20.0, port=None)
    with pytest.warns(UserWarning, match="25. samples were missing"), contextlib.suppress(KeyboardInterrupt):
        stream_lsl(small_run, settings, lambda _: None, told)
    thread.join()
    np.testing.assert_allclose([one.timestamp for one in heard], player.start + found.onsets, atol=2e-3)
    assert [bool(one.notes) for one in heard[:whole]] == [False] * whole
    assert heard[whole].notes
    np.testing.assert_allclose([one.values for one in heard[:whole]], courses[:whole], rtol=1e-3)


def test_silence_is_told_once_and_its_end_too(monkeypatch) -> None:
    now = iter(range(0, 100))
    monkeypatch.setattr(run.time, "monotonic", lambda: next(now))
    said: list[str] = []
    heard = run._Heard(said.append)
    assert [heard.silent(count) for count in (10, 0, 0, 0, 0, 10, 0)] == [False, False, False, True, True, False, False]
    assert said == ["no samples: the stream is waited for", "samples again, after 5.0 s"]


@pytest.mark.parametrize("marked", [True, False])
def test_the_gradient_artefact_is_learned_from_markers_or_from_the_tr(synthesizer, eeg, marked: bool) -> None:
    from eeg2fmri.data.settings.eeg import CleanConfig

    sfreq, tr = eeg.info["sfreq"], synthesizer.card.tr
    begins = 0.0 if marked else 0.4
    courses_of = reduction(synthesizer.loaded, mean=True)
    live = LiveSynthesis(synthesizer, sfreq, eeg.ch_names, courses_of, first_volume_s=begins)
    live._steps = CleanConfig(gradient="average", gradient_volumes=25)
    live._begin()
    length = round(tr * sfreq)
    starts = np.round((0.4 + tr * np.arange(int((eeg.times[-1] - 0.4) / tr))) * sfreq).astype(int)
    artefact = 1e-3 * np.random.default_rng(1).standard_normal((len(eeg.ch_names), length))
    artefact -= artefact.mean(axis=1, keepdims=True)
    data, times, made = eeg.get_data(), CLOCK + eeg.times, []
    for start in starts:
        data[:, start : start + length] += artefact
    if marked:
        live.begin_at(times[starts[0]])
        live.volume_at(times[starts[0]])
    for first in range(0, data.shape[1], 25):
        part = slice(first, first + 25)
        made += live.take(data[:, part], times[part])
        for start in starts[1:][(starts[1:] >= first) & (starts[1:] < first + 25)] if marked else []:
            live.volume_at(times[start])
    assert live._clean.gradient.known
    raw = mne.io.RawArray(data, eeg.info, verbose="error")
    as_it_is = played(synthesizer, raw, np.ones(eeg.n_times, bool), times, first_volume_s=0.4)
    clean, dirty = (np.stack([one.values for one in some]).ravel() for some in (made[:-1], as_it_is))
    _, courses = offline(synthesizer, eeg, 0.4)
    late = slice(synthesizer.card.pairs.window, None)
    assert np.abs(clean - courses.ravel())[late].mean() < 0.75 * np.abs(dirty - courses.ravel())[late].mean()
