"""Damage to what is written by hand or by this package: settings, tables of participants, stores, runs.

Each case ends in success, with what the sound files give, or in a clear error that names the file.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.faults import damage
from tests.faults.harness import Case, judge, run_cases

from eeg2fmri.cli.main import run
from eeg2fmri.core.config import read_mapping
from eeg2fmri.core.errors import Eeg2FmriError
from eeg2fmri.core.random import generator
from eeg2fmri.data.eeg_only.prepare import prepare_eeg_only
from eeg2fmri.data.eeg_only.store import EegOnlyConfig, EegStore
from eeg2fmri.data.public.recipe import recipe
from eeg2fmri.data.settings.prepare import PrepareConfig
from eeg2fmri.data.splits.make import read_split
from eeg2fmri.data.store.store import Store
from eeg2fmri.models.saving.hub import load
from eeg2fmri.simulate.write.truth import Truth
from eeg2fmri.train.config import TrainConfig

#: Of processor time.
LONGEST_S = 10.0


def damaged(
    folder: Path, file: str, work: Callable[[Path], Any], cases: dict[str, Any]
) -> tuple[list[Case], Callable[[Path], Any]]:
    """Give a case for each damage to one file of a copy of a folder, and the work on the sound one."""

    def case(name: str, apply: Callable[[Path], Any]) -> Case:
        def make(place: Path) -> None:
            shutil.copytree(folder, place / "copy")
            apply(place / "copy" / file)

        kept = ("copy/.sources.json",)  # what is known of the files that a store was made of
        return Case(f"{file}: {name}", lambda place: work(place / "copy"), make, told=Path(file).name, leaves=kept)

    def honest(place: Path) -> None:
        shutil.copytree(folder, place / "copy")
        work(place / "copy")

    return [case(name, apply) for name, apply in cases.items()], honest


def judged(
    what: str,
    folder: Path,
    file: str,
    work: Callable[[Path], Any],
    cases: dict[str, Any],
    capsys: pytest.CaptureFixture[str],
) -> None:
    judge(run_cases(f"{what}, {file}", *damaged(folder, file, work, cases)), capsys)


def plain(folder: Path, file: str, flips: int) -> dict[str, Any]:
    size = (folder / file).stat().st_size
    rng = generator(3, "faults", file)
    cut = sorted({0, 1, size // 3, size // 2, size - 2, size - 1})
    return {
        **{f"truncated at {at}": damage.truncated(at) for at in cut},
        **dict(damage.plain_cases(size, rng, flips, 3000)),
    }


def test_stores(small_store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever happens to a file of a store, nothing else than what was written is read from it."""
    whole = Store.open(small_store)
    first = whole.recordings[0].id
    expected = [np.array(array) for array in (whole.eeg(0), whole.bold(0), whole.mask(0), whole.voxel_mean(0))]

    def work(folder: Path) -> None:
        store = Store.open(folder)
        store.verify()
        for array, truth in zip(
            (store.eeg(0), store.bold(0), store.mask(0), store.voxel_mean(0)), expected, strict=True
        ):
            np.testing.assert_array_equal(array, truth)
        assert store.electrodes == whole.electrodes
        np.testing.assert_array_equal(store.recordings[0].onsets, whole.recordings[0].onsets)

    others = [f"{first}/{path.name}" for path in sorted((small_store / first).iterdir())]
    assert len(others) >= 6
    for file in ("manifest.json", *others):
        judged("store", small_store, file, work, plain(small_store, file, 8), capsys)


def test_arrays_that_are_not_verified_are_read_or_named(small_store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without `verify`, which reads every byte, an array of another shape or type is still refused."""
    first = Store.open(small_store).recordings[0].id

    def work(folder: Path) -> None:
        store = Store.open(folder)
        for array in (store.eeg(0), store.bold(0), store.mask(0)):
            assert array.shape[0] > 1

    for name in ("eeg.npy", "bold.npy", "mask.npy"):
        cases = {f"byte {at}": damage.changed(at, 1) for at in (0, 3, 6, 8, 12, 20, 40, 60)}
        judged("arrays", small_store, f"{first}/{name}", work, cases, capsys)


def test_runs(small_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Weights, card, split and settings of a run."""
    digest = load(small_run).digest

    def weights(folder: Path) -> None:
        assert load(folder).digest == digest

    for file, work, flips in (
        ("weights.safetensors", weights, 20),
        ("config.json", weights, 30),
        ("split.json", read_split, 20),
        ("train.yaml", lambda folder: TrainConfig.read(folder / "train.yaml"), 20),
    ):
        judged("run", small_run, file, work, plain(small_run, file, flips), capsys)


def test_truth(small_bids: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is true of simulated recordings: read, or the file is named."""
    shutil.copytree(small_bids / "derivatives" / "truth", tmp_path / "derivatives" / "truth")

    def work(folder: Path) -> None:
        truth = Truth.open(folder)
        one = truth.recording(0)
        for array in (
            one.power,
            one.lead_field,
            one.moment,
            one.background,
            one.weights,
            one.delay,
            one.gain,
            one.peak,
        ):
            assert np.isfinite(array).all()
        assert one.noiseless_bold("eeg").shape[1:] == one.grey.shape == one.atlas.shape == one.explainable.shape

    unread = ("dataset_description.json", "times.npy", "electrode_positions.npy")
    cases: list[Case] = []
    for file in sorted(path for path in tmp_path.rglob("*") if path.is_file() and path.name not in unread):
        name = str(file.relative_to(tmp_path))
        if "sub-02" not in name and "sub-03" not in name:
            cases += damaged(tmp_path, name, work, plain(tmp_path, name, 8))[0]

    def honest(place: Path) -> None:
        work(tmp_path)

    judge(run_cases("truth", cases, honest, every=12), capsys)


SETTINGS = """\
layout:
  eeg: "{subject}/rest.vhdr"
  bold: "{subject}/rest.nii"
marker: R128
grid: [9, 11, 8]
eeg: {types: {pulse: ecg}, clean: {high_pass: 1.0}}
"""
#: References that double with every line: a few bytes that would be gigabytes when written out.
BOMB = "\n".join(["a0: &a0 [x, x]", *(f"a{k}: &a{k} [*a{k - 1}, *a{k - 1}]" for k in range(1, 40)), "grid: *a39"])


def test_settings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "sound").mkdir()
    (tmp_path / "sound" / "mine.yaml").write_text(SETTINGS)
    cases = plain(tmp_path / "sound", "mine.yaml", 60)
    texts = [
        *(
            "[]",
            "1",
            "text",
            "a: [",
            "a: {",
            "\t- x",
            "grid: 5",
            "grid: [1, 2]",
            "grid: [0, 0, 0]",
            "grid: [1e9, 1, 1]",
        ),
        *("tr: .nan", "tr: .inf", "tr: -1", "tr: two", "eeg: 7", "eeg: {clean: {resample: 0}}", "marker: ''"),
        *("layout: {eeg: x}", "layout: {eeg: '{subject'}", "layout: {eeg: '{subject}{subjekt}'}", "channel: same"),
        *("!!python/object/apply:os.system ['true']", "a: &a [*a]", "? [1]: 2", "1: 2", "marker: R128\nmarker: T1"),
        *("first_marker: {name: S 99, repeats: often}", "first_marker: {name: S 99}\nfirst_volume_s: 1", BOMB),
        *("grid: " + "[" * 20_000, "marker: " + "x" * 1_000_000, "eeg: {rename: {a: &b {c: *b}}}", "tr: 2012-01-01"),
    ]
    cases |= {f"{text[:40]!r}": damage.replaced(text.encode()) for text in texts}
    judged(
        "settings",
        tmp_path / "sound",
        "mine.yaml",
        lambda folder: PrepareConfig.read(folder / "mine.yaml"),
        cases,
        capsys,
    )
    (tmp_path / "recipe").mkdir()
    shutil.copy(
        Path(PrepareConfig.__module__ and recipe.__code__.co_filename).parent / "recipes/noddi.yaml",
        tmp_path / "recipe",
    )
    judged(
        "settings",
        tmp_path / "recipe",
        "noddi.yaml",
        lambda folder: recipe(str(folder / "noddi.yaml")),
        plain(tmp_path / "recipe", "noddi.yaml", 60),
        capsys,
    )


def test_participants(tmp_path: Path, lookalikes: Any, written_eeg: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """The table that says who is who: a label is that of its row, or there is an error."""
    groups = {"001": "A", "002": "C", "003": "C"}
    root = lookalikes.alzheimer(tmp_path / "sound", groups, written_eeg, seconds=1)
    config = EegOnlyConfig(label="Group")
    cases = plain(root, "participants.tsv", 40)
    cases |= {
        f"{old!r} to {new!r}": damage.said(old, new)
        for old, new in (
            ("\t", " "), ("\t", ","), ("Group", "group"), ("sub-003", "sub-002"), ("sub-001", "sub-009"),
            ("sub-", ""), ("\n", "\r\n"), ("\tA\t", "\tn/a\t"), ("\tC\t", "\tA\t"), ("participant_id", "id"),
        )
    }  # fmt: skip

    def work(folder: Path) -> None:
        out = folder.parent / "store"
        try:
            prepare_eeg_only(folder, out, config)
        except Eeg2FmriError:
            assert not out.exists()
            raise
        rows = [line.split("\t") for line in (folder / "participants.tsv").read_text().splitlines()]
        said = {row[0].removeprefix("sub-"): row[3].strip() for row in rows[1:] if len(row) > 3}
        for recording in EegStore.open(out).recordings:
            assert recording.label == said[recording.subject]

    judged("participants", root, "participants.tsv", work, cases, capsys)


@pytest.mark.parametrize("text", [BOMB, "a: &a [*a]\nb: *a", "grid: " + "[" * 20_000, "!!python/name:os.system"])
def test_settings_on_the_command_line(text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine.yaml").write_text(text)
    began = time.process_time()
    assert run(["prepare", str(tmp_path), str(tmp_path / "store"), "--config", str(tmp_path / "mine.yaml")]) == 1
    told = capsys.readouterr().err
    assert "mine.yaml" in told
    assert "Traceback" not in told
    assert len(told) < 20_000
    assert time.process_time() - began < LONGEST_S
    with pytest.raises(Eeg2FmriError):
        PrepareConfig.make(read_mapping(tmp_path / "mine.yaml"))
