"""Read EEG and volume markers from Lab Streaming Layer, and write courses to it; times are those of its clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from eeg2fmri.core.errors import InputError
from eeg2fmri.predict.live.synthesis import LiveVolume

#: Volts in the units of Lab Streaming Layer's channels, in lower case.
VOLTS = {"volts": 1.0, "v": 1.0, "millivolts": 1e-3, "mv": 1e-3, "microvolts": 1e-6, "uv": 1e-6, "nanovolts": 1e-9}
VOLTS |= {"\N{MICRO SIGN}v": 1e-6, "\N{GREEK SMALL LETTER MU}v": 1e-6, "nv": 1e-9, "0": 1.0, "-3": 1e-3, "-6": 1e-6}
#: Seconds that a read waits for the first sample, and samples that are read at once.
WAIT_S, AT_ONCE = 0.2, 4096


def _lsl() -> Any:
    try:
        import mne_lsl.lsl
    except ImportError:
        raise InputError("the real-time stream needs mne-lsl", hint="pip install 'eeg2fmri[lsl]'") from None
    return mne_lsl.lsl


@dataclass(eq=False)
class LslEeg:
    """An open stream of EEG.

    Attributes
    ----------
    name : str
    sfreq : float
        Hz.
    channels : tuple of str
    volts : array, shape (channel, 1)
        Volts in the unit of each.
    unit : str or None
        See `open`.
    inlet : mne_lsl.lsl.StreamInlet
    """

    name: str
    sfreq: float
    channels: tuple[str, ...]
    volts: np.ndarray
    unit: str | None
    inlet: Any

    @classmethod
    def open(cls, name: str, *, wait_s: float = 10.0, unit: str | None = None) -> LslEeg:
        """Find a stream by its name and open it.

        Parameters
        ----------
        name : str
        wait_s : float
            Longest wait for it, s.
        unit : str, optional
            Of all channels, where the stream does not say it: V, mV, uV, nV.

        Raises
        ------
        InputError
            If there is no such stream, several, or one without rate, names or units of its channels.
        """
        lsl = _lsl()
        found = _resolved(name, wait_s)
        inlet = lsl.StreamInlet(found, processing_flags=["clocksync"])
        inlet.open_stream(timeout=wait_s)
        info = inlet.get_sinfo()
        names, units = info.get_channel_names(), info.get_channel_units()
        if not info.sfreq or names is None:
            inlet.close_stream()
            raise InputError(
                "the stream is no EEG with named channels",
                where=name,
                got=f"{info.n_channels} channels, {info.sfreq:g} Hz, {'no names' if names is None else 'names'}",
                expected="a regular rate, and a label for each channel",
            )
        kinds = info.get_channel_types() or ["eeg"] * len(names)
        stated = [unit] * len(names) if unit is not None else [str(one) for one in units or ["not said"] * len(names)]
        unknown = sorted({u for u, kind in zip(stated, kinds, strict=True) if _is_eeg(kind) and u.lower() not in VOLTS})
        if unknown:
            inlet.close_stream()
            raise InputError(
                "the stream does not say the unit of its channels",
                where=name,
                got=", ".join(unknown),
                expected="V, mV, uV or nV",
                hint="give it with --unit",
            )
        volts = np.array([VOLTS.get(one.lower(), 1.0) for one in stated])[:, None]
        return cls(name, float(info.sfreq), tuple(names), volts, unit, inlet)

    def again(self) -> None:
        """Go on with the stream of this name that has come since, as when its program was started again, if any.

        Raises
        ------
        InputError
            If it has other channels or another rate.
        """
        if _came_since(self.name, self.inlet) is None:
            return
        found = LslEeg.open(self.name, unit=self.unit)
        if (found.channels, found.sfreq) != (self.channels, self.sfreq):
            found.close()
            raise InputError(
                "the stream came back otherwise",
                where=self.name,
                got=f"{len(found.channels)} channels, {found.sfreq:g} Hz",
                expected=f"{len(self.channels)} channels of the same names in the same order, {self.sfreq:g} Hz",
                hint="set the amplifier's program as before, or start again",
            )
        self.close()
        self.volts, self.inlet = found.volts, found.inlet

    def read(self) -> tuple[np.ndarray, np.ndarray]:
        """Wait a little for samples: V, shape (channel, sample), and their times, s, shape (sample,)."""
        first, time = self.inlet.pull_sample(timeout=WAIT_S)
        if time is None:
            return np.empty((len(self.channels), 0)), np.empty(0)
        rows, times = self.inlet.pull_chunk(timeout=0.0, max_samples=AT_ONCE)
        samples = np.concatenate([np.atleast_2d(first), np.reshape(rows, (len(times), len(self.channels)))])
        return samples.T * self.volts, np.concatenate([[time], times])

    def close(self) -> None:
        """Close the stream."""
        self.inlet.close_stream()


def _is_eeg(kind: str | None) -> bool:
    return (kind or "eeg").lower() == "eeg"


def _resolved(name: str, wait_s: float) -> Any:
    lsl = _lsl()
    found = lsl.resolve_streams(timeout=wait_s, name=name)
    if len(found) == 1:
        return found[0]
    there = found or lsl.resolve_streams(timeout=1.0)
    raise InputError(
        "there is no such stream" if not found else "several streams have this name",
        where=name,
        got=", ".join(sorted({f"{one.name} ({one.stype or 'no type'})" for one in there})) or "no stream at all",
        hint="check that the amplifier's program sends to Lab Streaming Layer, and the name" if not found else "",
    )


def _came_since(name: str, inlet: Any) -> Any:
    """Find a stream of a name that is not the one that is open; None if there is none."""
    came = _lsl().resolve_streams(timeout=WAIT_S, name=name)
    return came[0] if len(came) == 1 and came[0].uid != inlet.get_sinfo().uid else None


class LslMarkers:
    """Volume markers of a stream of their own.

    Parameters
    ----------
    name : str
        Of the stream.
    label : str or None
        Marker of a volume; every marker is one if None.
    wait_s : float
        Longest wait for it, s.

    Raises
    ------
    InputError
        If there is no such stream, or several.
    """

    def __init__(self, name: str, label: str | None = None, *, wait_s: float = 10.0) -> None:
        self._name, self._label, self._wait_s = name, label, wait_s
        self._open(_resolved(name, wait_s))

    def _open(self, found: Any) -> None:
        self._inlet = _lsl().StreamInlet(found, processing_flags=["clocksync"])
        self._inlet.open_stream(timeout=self._wait_s)

    def again(self) -> None:
        """Go on with the stream of this name that has come since, if any."""
        if (found := _came_since(self._name, self._inlet)) is not None:
            self.close()
            self._open(found)

    def read(self) -> list[float]:
        """Return the times (s) of the markers that have come since."""
        values, times = self._inlet.pull_chunk(timeout=0.0)
        return [
            float(time)
            for value, time in zip(values, times, strict=True)
            if self._label is None or str(np.ravel(value)[0]) == self._label
        ]

    def close(self) -> None:
        """Close the stream."""
        self._inlet.close_stream()


class LslCourses:
    """Outlet of courses, a sample a volume, with the time that the volume stands for.

    Parameters
    ----------
    name : str
        Of the stream that others find.
    courses : sequence of str
    tr : float
        s.
    source : str
        Checkpoint, by which a stream is known again after a restart.
    """

    def __init__(self, name: str, courses: Sequence[str], tr: float, source: str) -> None:
        lsl = _lsl()
        info = lsl.StreamInfo(name, "BOLD", len(courses), 1 / tr, "float32", f"eeg2fmri-{name}-{source[:16]}")
        info.set_channel_names(list(courses))
        info.set_channel_units(["arbitrary"] * len(courses))
        self._outlet = lsl.StreamOutlet(info, chunk_size=1)

    def write(self, volume: LiveVolume) -> None:
        """Send the courses of a volume."""
        self._outlet.push_sample(np.asarray(volume.values, np.float32), timestamp=volume.timestamp)
