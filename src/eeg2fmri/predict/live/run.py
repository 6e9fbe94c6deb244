"""Run the synthesis of a Lab Streaming Layer stream: read, synthesise, send and show, until somebody ends it."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from eeg2fmri.data.prepare.new_recording import Cleaning
from eeg2fmri.predict.live.lsl import LslCourses, LslEeg, LslMarkers
from eeg2fmri.predict.live.page import LivePage
from eeg2fmri.predict.live.regions import reduction
from eeg2fmri.predict.live.synthesis import LiveSynthesis, LiveVolume
from eeg2fmri.predict.synthesizer import Synthesizer

#: Reads that are kept while the first volume marker is waited for.
HELD = 200
#: Seconds without a sample from which it is said.
SILENCE_S = 2.0


@dataclass(frozen=True)
class LiveSettings:
    """What is streamed, and how.

    Attributes
    ----------
    lsl : str
        Name of the stream of EEG.
    markers, marker : str or None
        Stream of volume markers, and the marker of a volume in it. The first begins volume 0.
    first_volume_s : float
        Without markers: start of volume 0, s after the first sample.
    out : str
        Name of the stream of courses.
    atlas : path or None
    mean : bool
        See `eeg2fmri.predict.live.regions.reduction`.
    unit : str or None
        Of the channels, where the stream does not say it.
    cleaning : {"replay", "done"}
    port : int or None
        Of the page on 127.0.0.1; 0 takes one that is free, None serves none.
    seconds : float or None
        Ends by itself after so long.
    wait_s : float
        Longest wait for the streams, s.
    """

    lsl: str
    markers: str | None = None
    marker: str | None = None
    first_volume_s: float = 0.0
    out: str = "eeg2fmri"
    atlas: str | Path | None = None
    mean: bool = False
    unit: str | None = None
    cleaning: Cleaning = "replay"
    port: int | None = 0
    seconds: float | None = None
    wait_s: float = 10.0


def stream_lsl(
    run: str | Path,
    settings: LiveSettings,
    say: Callable[[str], None],
    told: Callable[[LiveVolume], None] | None = None,
) -> int:
    """Synthesise the BOLD of a stream of EEG while it is recorded.

    Parameters
    ----------
    run : path
        Run folder.
    settings : LiveSettings
    say : callable
        Takes what the user should know.
    told : callable, optional
        Takes each volume after it was sent.

    Returns
    -------
    int
        Volumes that were sent.

    Raises
    ------
    InputError, CheckpointError
        If a stream is not there, or does not fit the model.
    """
    synthesizer = Synthesizer.from_pretrained(run, device="cpu")
    courses = reduction(synthesizer.loaded, settings.atlas, mean=settings.mean)
    with ExitStack() as open_ones:
        eeg = LslEeg.open(settings.lsl, wait_s=settings.wait_s, unit=settings.unit)
        open_ones.callback(eeg.close)
        live = LiveSynthesis(
            synthesizer,
            eeg.sfreq,
            eeg.channels,
            courses,
            first_volume_s=settings.first_volume_s,
            cleaning=settings.cleaning,
        )
        markers = None
        if settings.markers is not None:
            markers = LslMarkers(settings.markers, settings.marker, wait_s=settings.wait_s)
            open_ones.callback(markers.close)
        outlet = LslCourses(settings.out, courses.names, synthesizer.card.tr, synthesizer.loaded.digest)
        page = None
        if settings.port is not None:
            page = open_ones.enter_context(LivePage(f"BOLD from {settings.lsl}", courses.names, settings.port))
            say(f"page: {page.address}")
        for note in live.notes:
            say(f"note: {note}")
        say(f"{len(courses.names)} courses of {settings.lsl} go to the stream {settings.out}; end with Ctrl-C")

        def send(volume: LiveVolume) -> None:
            outlet.write(volume)
            if page is not None:
                page.show(volume)
            if told is not None:
                told(volume)

        return _loop(eeg, markers, live, send, _Heard(say), settings.seconds)


def _loop(
    eeg: LslEeg,
    markers: LslMarkers | None,
    live: LiveSynthesis,
    send: Callable[[LiveVolume], None],
    heard: _Heard,
    seconds: float | None,
) -> int:
    end = np.inf if seconds is None else time.monotonic() + seconds
    begun, sent = markers is None, 0
    waiting: deque[tuple[np.ndarray, np.ndarray]] = deque(maxlen=HELD)  # a marker may come after its samples
    while time.monotonic() < end:
        samples, times = eeg.read()
        for onset in [] if markers is None else markers.read():
            if not begun:
                begun = True
                live.begin_at(onset)
            live.volume_at(onset)
        if heard.silent(len(times)):
            for one in (eeg, markers):
                if one is not None:
                    one.again()
        if len(times):
            waiting.append((samples, times))
        while begun and waiting:
            for volume in live.take(*waiting.popleft()):
                send(volume)
                sent += 1
    return sent


class _Heard:
    """Says when samples stop to come, and when they come again."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say, self._last, self._silent = say, time.monotonic(), False

    def silent(self, count: int) -> bool:
        """Take note of how many samples were read; tell whether none has come for a while."""
        since = time.monotonic() - self._last
        if count:
            if self._silent:
                self._say(f"samples again, after {since:.1f} s")
            self._last, self._silent = time.monotonic(), False
        elif not self._silent and since > SILENCE_S:
            self._silent = True
            self._say("no samples: the stream is waited for")
        return self._silent
