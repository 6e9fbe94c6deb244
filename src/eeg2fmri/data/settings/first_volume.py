"""Settings of the clock: which marker stands for which volume, or when the first volume was."""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

from pydantic import Field, model_validator

from eeg2fmri.core.config import Config

Name = Annotated[str, Field(min_length=1)]
Count = Annotated[int, Field(ge=0)]
#: Settings of which one says what the clock of the volumes is.
CLOCKS = ("marker", "first_marker", "first_volume_s", "events")
#: Settings of which one says which volume the first marker is.
COUNTS = ("dummies", "volumes_before", "count_from")
#: Settings that a table can give for each recording.
PerRecording = Literal["first_volume_s", "marker", "dummies", "volumes_before", "count_from", "train"]
PER_RECORDING: tuple[PerRecording, ...] = get_args(PerRecording)


class FirstMarker(Config):
    """A marker from which the time of the first volume is known.

    Attributes
    ----------
    name : str
        Description of the marker, for example ``S 99``.
    after_s : float
        Time (s) from the start of the first volume to the marker; 0 where the marker is set with the volume.
    repeats : {"error", "first"}
        What becomes of a recording that has the marker several times. ``first``: the first is taken, as where every
        block of a task begins with it; a recording that has it after the scan too is refused, because the first may be
        that of another scan.
    within_s : float or None
        Latest time (s) after the start of the EEG at which the marker may come first. A recording where it comes
        later is refused: its first marker is missing, and the second would be taken for it.
    short_s : float or None
        Most time (s) by which the EEG may end before the scan. A recording where it is more is refused: it was cut at
        a later marker, or is not whole.
    before : tuple of str
        Markers that cannot come before the first one, as those of the later parts of a block. A recording where one
        does is refused: its first marker is missing.
    """

    name: Name
    after_s: float = 0.0
    repeats: Literal["error", "first"] = "error"
    within_s: Annotated[float, Field(gt=0)] | None = None
    short_s: Annotated[float, Field(ge=0)] | None = None
    before: tuple[Name, ...] = ()


class EventsMarker(Config):
    """Volume markers in the ``events.tsv`` beside the EEG.

    Attributes
    ----------
    column : str
        Column that tells what an event is.
    value : str
        What it is where a volume starts; numbers are compared as numbers.
    """

    column: Name = "trial_type"
    value: Annotated[Name, Field(coerce_numbers_to_str=True)]


class ClockTable(Config):
    """A table that says for each recording when its volumes were.

    Attributes
    ----------
    table : str
        Below the folder of the data set; columns are separated by tabs, and one of ``recording`` (such as
        ``sub-01_task-rest``), ``filename`` or the labels (``subject``, ``session``, ``task``, ``run``) tells
        the recording. ``scans.tsv``: that of each subject or session.
    columns : dict of str to str
        Names of the columns that hold `first_volume_s`, `marker`, `dummies`, `volumes_before`, `count_from` or `train`,
        where they do not have these names. ``n/a``: the setting for all recordings holds.
    """

    table: Name
    columns: dict[PerRecording, Name] = Field(default_factory=dict)


class ClockConfig(Config):
    """When the volumes are, on the clock of the EEG.

    Attributes
    ----------
    marker : str, tuple of str or None
        Description of the marker that the scanner sets at every volume, for example ``R128``; None finds it. Several
        mark the volumes together, as where two take turns.
    first_marker : str or FirstMarker or None
        Description of a marker that is set once, when the first volume starts, for example ``S 99``; or a marker
        that says in another way when that is (later than the volume, at the beginning of every block). Later volumes
        follow every TR.
    first_volume_s : float or None
        Time (s) of the first volume after the start of the EEG, for recordings without volume markers; negative where
        the EEG was started after the scan. Later volumes follow every TR.
    triggers : {"error", "repair", "trim"}
        What becomes of volume markers that are missing, doubled or late, and of EEG that begins after the BOLD or ends
        before it. ``error``: nothing is prepared. ``repair``: the markers are brought to the regular sequence of the
        others (absent ones are filled in). ``trim``: the longest stretch of volumes with sound markers is kept.
        Either way volumes before or after the EEG are left out, and all is reported; where the EEG was paused between
        the first volume and the last, only ``trim`` goes on, with the longer part. Which marker is volume 0 must be
        clear from the number of the markers, or be said with `dummies`, `volumes_before`, `count_from` or `train`.
    dummies : int or None
        Markers before the first volume: dummy scans that have a marker and no image. 0: the first marker is the first
        volume, whatever comes after the last.
    volumes_before : int or None
        Volumes before the first marker: the scan began before the EEG, or its first markers were lost.
    count_from : {"first", "last"} or None
        ``last``: the last marker is the last volume; ``first``: the first marker is the first volume.
    train : int or None
        Which of several trains of markers belongs to this scan, from 1 on in the order of time.
    events : EventsMarker or None
        Volume markers in ``events.tsv``, which are then read in place of those of the EEG file.
    first_volumes : ClockTable or None
        Table of these settings for each recording.
    """

    marker: Name | Annotated[tuple[Name, ...], Field(min_length=1)] | None = None
    first_marker: Name | FirstMarker | None = None
    first_volume_s: float | None = None
    triggers: Literal["error", "repair", "trim"] = "error"
    dummies: Count | None = None
    volumes_before: Count | None = None
    count_from: Literal["first", "last"] | None = None
    train: Annotated[int, Field(ge=1)] | None = None
    events: EventsMarker | None = None
    first_volumes: ClockTable | None = None

    @model_validator(mode="after")
    def _one_clock(self) -> ClockConfig:
        if sum(getattr(self, name) is not None for name in CLOCKS) > 1:
            raise ValueError("give one of " + ", ".join(map(repr, CLOCKS)) + ": the volumes can have one clock only")
        counted = [name for name in COUNTS if getattr(self, name) is not None]
        if len(counted) > 1:
            raise ValueError(f"give one of {', '.join(map(repr, counted))}: each says which volume the first marker is")
        placed = self.first_marker is not None or self.first_volume_s is not None
        if placed and (counted or self.train is not None):
            first = counted[0] if counted else "train"
            raise ValueError(f"{first!r} counts volume markers: leave 'first_marker' and 'first_volume_s' out with it")
        return self


def replaced(base: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    """Put settings of the clock in place of others: a clock replaces another clock, and a count another count."""
    told = {name for name, value in more.items() if value is not None}
    placed = bool(told & {"first_marker", "first_volume_s"})
    counted = bool(told & {*COUNTS, "train"})
    dropped = {*CLOCKS, "first_volumes"} if told & {*CLOCKS, "first_volumes"} else set()
    if placed or told & set(COUNTS):
        dropped |= set(COUNTS)
    if placed:
        dropped.add("train")
    if counted:
        dropped |= {"first_marker", "first_volume_s"}
    return {**{name: value for name, value in base.items() if name not in dropped}, **more}
