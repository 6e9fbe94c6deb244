"""Settings of reading EEG: what its channels are, and what is done to them before the spectrogram."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from eeg2fmri.core.config import Config

#: Channel types that a user can give or keep.
ChannelType = Literal["eeg", "eog", "ecg", "emg", "stim", "misc"]
Unit = Literal["V", "mV", "uV", "nV"]
#: V in one of each unit.
VOLTS: dict[str, float] = {"V": 1.0, "mV": 1e-3, "uV": 1e-6, "nV": 1e-9}

Name = Annotated[str, Field(min_length=1)]
Hertz = Annotated[float, Field(gt=0)]


class MatlabConfig(Config):
    """What the array in a MATLAB file means: the file itself does not say.

    Attributes
    ----------
    variable : str
        Name of the two-dimensional array.
    sfreq : float
        Sampling rate, Hz.
    rows : tuple of str
        Name of each channel, in the order of the array.
    rows_from : str or None
        Variable of each file that names its channels, in place of `rows`: a cell array or a matrix of characters.
    without_rows : str or None
        Variable of each file that says which of `rows` its array lacks: their numbers, from 1, or their names.
    unit : {"V", "mV", "uV", "nV"}
        Of the EEG in the array.
    axes : {"channel, time", "time, channel"}
        Order of the axes.
    """

    variable: Name
    sfreq: Hertz
    rows: tuple[Name, ...] = ()
    rows_from: Name | None = None
    without_rows: Name | None = None
    unit: Unit = "uV"
    axes: Literal["channel, time", "time, channel"] = "channel, time"

    @model_validator(mode="after")
    def _distinct(self) -> MatlabConfig:
        if bool(self.rows) == (self.rows_from is not None):
            raise ValueError("give 'rows', or 'rows_from' where each file names its own")
        if self.without_rows is not None and not self.rows:
            raise ValueError("'without_rows' says which of 'rows' are not there: give 'rows'")
        twice = sorted({name for name in self.rows if self.rows.count(name) > 1})
        if twice:
            raise ValueError(f"'rows' names a channel twice: {', '.join(twice)}")
        return self


class CleanConfig(Config):
    """Cleaning of EEG before its spectrogram; nothing by default.

    Attributes
    ----------
    gradient : {"keep", "average"}
        ``average``: subtract from each volume the mean of the volumes around it (average artefact subtraction,
        Allen, Josephs and Turner, NeuroImage 12, 2000); the volumes must be marked.
    gradient_volumes : int
        Volumes in that mean.
    pulse : {"keep", "average"}
        ``average``: the same over heart beats, found in the ECG (Allen et al., NeuroImage 8, 1998).
    high_pass, low_pass : float or None
        Limits of the pass band (Hz), zero-phase FIR filter of MNE.
    resample : float or None
        New sampling rate, Hz.
    """

    gradient: Literal["keep", "average"] = "keep"
    gradient_volumes: Annotated[int, Field(ge=2)] = 25
    pulse: Literal["keep", "average"] = "keep"
    high_pass: Hertz | None = None
    low_pass: Hertz | None = None
    resample: Hertz | None = None

    @model_validator(mode="after")
    def _band(self) -> CleanConfig:
        if self.high_pass is not None and self.low_pass is not None and self.high_pass >= self.low_pass:
            raise ValueError("'high_pass' must lie below 'low_pass'")
        return self

    @property
    def steps(self) -> tuple[str, ...]:
        """Names of the steps that are asked for, in their order."""
        return tuple(
            name
            for name, wanted in (
                ("gradient", self.gradient != "keep"),
                ("pulse", self.pulse != "keep"),
                ("band-pass", self.high_pass is not None or self.low_pass is not None),
                ("resample", self.resample is not None),
            )
            if wanted
        )


class EegConfig(Config):
    """How EEG files are read.

    Attributes
    ----------
    matlab : MatlabConfig or None
        Needed to read ``.mat`` files.
    types : dict of str to str
        Type of channels by name or pattern (``*`` for any characters); goes before what the file says.
    rename : dict of str to str
        New names of channels by their names in the file.
    old_names : {"map", "keep"}
        ``map``: T3, T4, T5, T6 become T7, T8, P7, P8, their names in the 10-10 system.
    cap : str or None
        Name of an MNE montage that has the electrodes by their names, for example ``biosemi128``; None takes the
        positions of the file or of ``electrodes.tsv``, otherwise those of the 10-05 system.
    choose : dict of str to str
        Which file where a recording has several: labels of its name, or ``{extension: .set}``.
    runs : {"own file", "one file", "parts"}
        ``one file``: an EEG file without ``run-`` holds all runs of its subject, session and task. ``parts``: EEG files
        that differ in ``run-`` alone are one recording, read one after the other, as those of ``split-`` are: with a
        pause between, unless the markers, as many as volumes, go on to the sample.
    keep : tuple of {"eog", "ecg", "emg", "misc", "stim"}
        Types of channels that are kept beside the electrodes, as channels of their own; ``stim`` are those of status
        and triggers.
    unit : {"header", "V", "mV", "uV", "nV"}
        Unit of the numbers in the file, where the header is wrong about it.
    bads : {"keep", "drop", "interpolate"}
        What becomes of the electrodes that ``channels.tsv`` (or the file) calls bad, and of those in
        `bad_electrodes`. ``interpolate``: spherical splines (Perrin et al., 1989).
    bad_electrodes : tuple of str
        Electrodes that are bad in every recording.
    reference : {"keep", "average"} or tuple of str
        ``average``: subtract the mean over the good electrodes; names: subtract the mean of these electrodes,
        which are left out afterwards.
    trigger_channel : str or None
        Channel that holds the triggers; None looks at annotations, and at channels of type ``stim`` where there
        are none.
    channels_tsv : {"use", "named", "ignore"}
        ``named``: channels of the file that ``channels.tsv`` does not name are left out. ``ignore``: types by name, and
        no channel is bad, as if there were no ``channels.tsv``; for derivatives whose channels are others than those of
        the raw data.
    links : {"header", "same name"}
        ``same name``: where a BrainVision header names files that do not exist, take those beside it that have
        its own name.
    clean : CleanConfig
        Cleaning, off by default.
    """

    matlab: MatlabConfig | None = None
    types: dict[str, ChannelType] = Field(default_factory=dict)
    rename: dict[str, Name] = Field(default_factory=dict)
    old_names: Literal["map", "keep"] = "map"
    cap: Name | None = None
    choose: dict[Name, Annotated[str, BeforeValidator(str)]] = Field(default_factory=dict)
    runs: Literal["own file", "one file", "parts"] = "own file"
    keep: tuple[Literal["eog", "ecg", "emg", "misc", "stim"], ...] = ()
    unit: Literal["header"] | Unit = "header"
    bads: Literal["keep", "drop", "interpolate"] = "keep"
    bad_electrodes: tuple[Name, ...] = ()
    reference: Literal["keep", "average"] | Annotated[tuple[Name, ...], Field(min_length=1)] = "keep"
    trigger_channel: Name | None = None
    channels_tsv: Literal["use", "named", "ignore"] = "use"
    links: Literal["header", "same name"] = "header"
    clean: CleanConfig = CleanConfig()
