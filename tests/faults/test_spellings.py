"""Names of people, sessions and tasks as people write them: each recording is taken, or named with the reason."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.faults.harness import Case, judge, run_cases

from eeg2fmri.data.bids.pairing import find_recordings
from eeg2fmri.data.settings.prepare import PrepareConfig

SPELLINGS = (
    "s_1", "anna maria", "jörg", "s(1)", "王", "s.1", "s+1", "s-1", "S 1 ", "_s", "s_", "1", "001", "ß", "İ", "s'1",
    's"1', "s[1]", "s{1}", "s;1", "s&1", "s$1", "s%1", "s#1", "s@1", "s!1", "s~1", "s^1", "s=1", "s,1", "é", "e\u0301",
    "😀", "\u200bs", "s\u00a01", "-", "--", "_", "s...", "s\n1", "s\t1", "s\\1", "s:1", "s*1", "s?1", "s|1", "s<1>",
    "a" * 100, "null", "NaN", "true", "1e5", "-1", "א", "ع", "s__1", "s_1_2",
)  # fmt: skip
#: Patterns of EEG and BOLD, and the paths of a recording that they are for.
LAYOUTS = (
    ("{subject}/rest.vhdr", "{subject}/rest.nii", "{0}/rest"),
    ("eeg/{subject}.vhdr", "fmri/{subject}.nii", None),
    ("EEG_{subject}_rest.vhdr", "EEG_{subject}_rest.nii", "EEG_{0}_rest"),
    ("x/{subject}/{session}/*.vhdr", "x/{subject}/{session}/*.nii", "x/anna/{0}/rest"),
)

BIDS = ("sub-{0}/DATA/sub-{0}_task-x", "sub-1/ses-{0}/DATA/sub-1_ses-{0}_task-x", "sub-1/DATA/sub-1_task-{0}")


def touched(path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"")
    return path.name


def accounted(root: Path, config: PrepareConfig, count: int) -> None:
    """Every file that was made is that of a recording, or is named in a note."""
    found = find_recordings(root, config)
    taken = {path for one in found.recordings for path in (one.eeg, one.bold)}
    notes = "\n".join(found.notes)
    files = [path for path in root.rglob("*") if path.is_file() and path.suffix in (".vhdr", ".nii")]
    assert len(files) == 2 * count
    for path in files:
        assert path in taken or str(path.relative_to(root)) in notes or "more" in notes, f"{path.name!r} is lost"
    assert len({one.id for one in found.recordings}) == len(found.recordings)
    for one in found.recordings:
        assert not set(one.id) & set("/\\:\0"), one.id
        labels = [part.split("-", 1)[0] for part in one.id.split("_")]
        assert labels == [key for key in ("sub", "ses", "task", "run") if key in labels], one.id


def cases() -> Iterator[Case]:
    for spelling in SPELLINGS:
        for beside in (True, False):
            names = ("anna", "ben") if beside else ()
            shown = f"{spelling[:20]!r} {'beside others' if beside else 'alone'}"
            for number, (eeg, bold, path) in enumerate(LAYOUTS):
                config = PrepareConfig.make({"layout": {"eeg": eeg, "bold": bold}})

                def make(place: Path, path: str | None = path, names: tuple[str, ...] = (*names, spelling)) -> None:
                    for name in names:
                        stems = (f"eeg/{name}", f"fmri/{name}") if path is None else (path.format(name),) * 2
                        touched(place / f"{stems[0]}.vhdr")
                        touched(place / f"{stems[1]}.nii")

                def work(place: Path, config: PrepareConfig = config, count: int = len(names) + 1) -> None:
                    accounted(place, config, count)

                yield Case(f"layout {number}: {shown}", work, make)
            for stem in (
                "sub-{0}/DATA/sub-{0}_task-x",
                "sub-1/ses-{0}/DATA/sub-1_ses-{0}_task-x",
                "sub-1/DATA/sub-1_task-{0}",
            ):

                def bids(place: Path, stem: str = stem, names: tuple[str, ...] = (*names, spelling)) -> None:
                    for name in names:
                        for data, ending in (("eeg", "eeg.vhdr"), ("func", "bold.nii")):
                            touched(place / f"{stem.format(name)}_{ending}".replace("DATA", data))

                def found(place: Path, count: int = len(names) + 1) -> None:
                    accounted(place, PrepareConfig(), count)

                yield Case(f"BIDS {stem}: {shown}", found, bids)


def test_spellings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def honest(place: Path) -> None:
        for name in ("a", "b"):
            touched(place / name / "rest.vhdr")
            touched(place / name / "rest.nii")
        config = PrepareConfig.make({"layout": {"eeg": "{subject}/*.vhdr", "bold": "{subject}/*.nii"}})
        accounted(place, config, 2)

    judge(run_cases("spellings", cases(), honest, every=12), capsys)
