"""Chunks of a stream that are wrong in every way, at every place, for a model of each kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import mne
import numpy as np
import pytest
from tests.faults.harness import Case, judge, run_cases

from eeg2fmri.core.errors import InputError
from eeg2fmri.predict.synthesizer import Synthesizer

Change = Callable[[np.ndarray], Any]
#: Changes of a chunk (channel, sample) that lose its time to the stream, or that leave the stream as it was.
COUNTED: dict[str, Change] = {
    "a NaN": lambda x: np.where(np.arange(x.size).reshape(x.shape) == x.size // 2, np.nan, x),
    "a channel of NaN": lambda x: np.where(np.arange(len(x))[:, None] == 1, np.nan, x),
    "all NaN": lambda x: x * np.nan,
    "infinite": lambda x: x + np.inf,
    "minus infinite": lambda x: x - np.inf,
    "a NaN in half precision": lambda x: np.full(x.shape, np.nan, np.float16),
}
NOT_TAKEN: dict[str, Change] = {
    "complex": lambda x: x + 0j,
    "integers": lambda x: (x * 1e7).astype(np.int32),
    "16-bit integers": lambda x: (x * 1e7).astype(np.int16),
    "booleans": lambda x: x > 0,
    "text": lambda x: x.astype(str),
    "objects": lambda x: x.astype(object),
    "dates": lambda x: x.astype("datetime64[s]"),
    "transposed": lambda x: x.T,
    "one channel less": lambda x: x[1:],
    "one channel more": lambda x: np.concatenate([x, x[:1]]),
    "one dimension": lambda x: x[0],
    "three dimensions": lambda x: x[None],
    "a number": lambda x: 1.0,
    "nothing": lambda x: None,
    "lists of several lengths": lambda x: [[1.0], [1.0, 2.0]],
}
#: Whole streams that a file is refused for.
HOPELESS: dict[str, Change] = {
    "microvolts": lambda x: x * 1e6,
    "nanovolts": lambda x: x * 1e9,
    "1e30": lambda x: x * 1e30,
    "far too small": lambda x: x * 1e-7,
    "zeros": lambda x: x * 0,
    "a constant": lambda x: x * 0 + 3e-5,
    "constant in time": lambda x: np.repeat(x[:, :1], x.shape[1], 1),
}
STARTS: dict[str, Any] = {"NaN": np.nan, "infinite": np.inf, "text": "1", "none": None, "an array": np.zeros(2)}
RATES: dict[str, Any] = {
    **STARTS,
    "0": 0,
    "negative": -100.0,
    "true": True,
    "1e30": 1e30,
    "1e-30": 1e-30,
    "complex": 1j,
}


def cases(runs: dict[str, Path], eeg: Path) -> Iterator[Case]:
    raw = mne.io.read_raw(eeg, verbose="error")
    samples, sfreq, names = raw.get_data()[:, :3000], float(raw.info["sfreq"]), raw.ch_names
    rng = np.random.default_rng(5)
    for kind, run in runs.items():
        synthesizer = Synthesizer.from_pretrained(run, "cpu")
        whole = {one.index: one for one in synthesizer.stream(sfreq, names).feed(samples)}
        window, per_row = synthesizer.card.pairs.window, round(synthesizer.card.tr * sfreq)

        def broken(
            change: Change,
            first: int,
            last: int,
            *,
            again: bool,
            synthesizer: Synthesizer = synthesizer,
            whole: dict[int, Any] = whole,
            window: int = window,
            per_row: int = per_row,
            exact: bool = kind == "documented",
        ) -> None:
            """Feed a stream with a chunk that is wrong, and compare with the same stream without it."""
            stream = synthesizer.stream(sfreq, names)
            made = stream.feed(samples[:, :first])
            with pytest.raises(InputError):
                stream.feed(change(samples[:, first:last]))
            made += stream.feed(samples[:, first if again else last :])
            lost = set() if again else set(range(first // per_row, (last - 1) // per_row + 1))
            expected = [k for k in whole if not lost & set(range(k - window, k))]
            if lost:  # a NaN may be in some rows of the chunk alone
                assert set(expected) <= {one.index for one in made} <= set(whole)
            else:
                assert [one.index for one in made] == expected
            for one in made:
                assert one.onset == whole[one.index].onset
                assert np.isfinite(one.volume).all()
                if exact:
                    np.testing.assert_allclose(one.volume, whole[one.index].volume, rtol=1e-4)

        for name, change in (*COUNTED.items(), *NOT_TAKEN.items()):
            for _ in range(4):
                first = int(rng.integers(10, 2300))
                last = first + int(rng.integers(2, 300))
                again = name in NOT_TAKEN
                yield Case(
                    f"{kind}: {name} at samples {first} to {last}",
                    lambda place, c=change, a=first, b=last, g=again, f=broken: f(c, a, b, again=g),
                    must="worked",
                )
        for name, change in HOPELESS.items():
            for step in (50, 151, 3000):

                def hopeless(
                    place: Path, change: Change = change, step: int = step, synthesizer: Synthesizer = synthesizer
                ) -> None:
                    stream, data = synthesizer.stream(sfreq, names), change(samples)
                    for start in range(0, data.shape[1], step):
                        assert stream.feed(data[:, start : start + step]) == []

                yield Case(f"{kind}: {name} in chunks of {step}", hopeless, must="refused")
        for name, rate in RATES.items():
            yield Case(f"{kind}: rate {name}", lambda place, r=rate, s=synthesizer: s.stream(r, names), must="refused")
        for name, start in STARTS.items():
            yield Case(
                f"{kind}: start {name}",
                lambda place, b=start, s=synthesizer: s.stream(sfreq, names, first_volume_s=b),
                must="refused",
            )
        for name, change in {"NaN": lambda x: x * np.nan, "text": lambda x: x.astype(str), "flat": np.ravel}.items():
            mean = change(np.ones(synthesizer.card.grid))
            yield Case(
                f"{kind}: own mean of {name}",
                lambda place, m=mean, s=synthesizer: s.stream(sfreq, names, own_mean=m),
                must="refused",
            )


def test_streams(
    small_bids: Path, small_run: Path, small_recommended: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    eeg = small_bids / "sub-01/eeg/sub-01_task-rest_eeg.vhdr"
    found = list(cases({"documented": small_run, "recommended": small_recommended}, eeg))

    def honest(place: Path) -> None:
        raw = mne.io.read_raw(eeg, verbose="error")
        Synthesizer.from_pretrained(small_run, "cpu").stream(raw.info["sfreq"], raw.ch_names).feed(raw.get_data())

    judge(run_cases("streams", found, honest, every=8), capsys)
