from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from eeg2fmri.core.errors import InputError
from eeg2fmri.data.bids.pairing import find_recordings
from eeg2fmri.data.bids.sidecars import entities, read_channels_tsv, read_json_sidecar, sidecars
from eeg2fmri.data.settings.layout import matching
from eeg2fmri.data.settings.prepare import PrepareConfig


def touch(root: Path, *names: str) -> None:
    for name in names:
        labels = entities(Path(name))
        folder = root / f"sub-{labels['sub']}"
        folder = folder / f"ses-{labels['ses']}" if "ses" in labels else folder
        folder = folder / ("eeg" if name.endswith(".vhdr") else "func")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"")


def test_pairs_are_matched_by_subject_session_task_and_run(tmp_path: Path) -> None:
    for session in "12":
        for run in ("1", "2"):
            name = f"sub-a_ses-{session}_task-eyes_run-{run}"
            touch(tmp_path, f"{name}_eeg.vhdr", f"{name}_bold.nii.gz")
    found = find_recordings(tmp_path)
    assert [recording.id for recording in found.recordings] == [
        f"sub-a_ses-{session}_task-eyes_run-{run}" for session in "12" for run in "12"
    ]
    for recording in found.recordings:
        assert entities(recording.eeg) == entities(recording.bold)
    assert (found.recordings[1].session, found.recordings[1].task, found.recordings[1].run) == ("1", "eyes", "2")
    assert found.notes == ()


def test_run_1_and_run_01_are_one(tmp_path: Path) -> None:
    touch(tmp_path, "sub-1_task-x_run-01_eeg.vhdr", "sub-1_task-x_run-1_bold.nii")
    assert find_recordings(tmp_path).recordings[0].run == "1"


def test_a_file_without_run_belongs_to_the_only_one_with(tmp_path: Path) -> None:
    touch(tmp_path, "sub-1_task-x_eeg.vhdr", "sub-1_task-x_run-3_bold.nii.gz")
    assert find_recordings(tmp_path).recordings[0].id == "sub-1_task-x_run-3"
    touch(tmp_path, "sub-1_task-x_run-4_bold.nii.gz")
    with pytest.raises(InputError, match="no EEG file belongs to a BOLD file"):
        find_recordings(tmp_path)


def test_what_has_no_partner_is_noted(tmp_path: Path) -> None:
    touch(tmp_path, "sub-1_task-x_eeg.vhdr", "sub-1_task-x_bold.nii", "sub-2_task-x_eeg.vhdr", "sub-3_task-x_bold.nii")
    found = find_recordings(tmp_path)
    assert [recording.subject for recording in found.recordings] == ["1"]
    assert found.notes == (
        "EEG without BOLD, left out: sub-2/eeg/sub-2_task-x_eeg.vhdr",
        "BOLD without EEG, left out: sub-3/func/sub-3_task-x_bold.nii",
    )


def test_derivatives_and_loops_are_left_alone(tmp_path: Path) -> None:
    touch(tmp_path, "sub-1_task-x_eeg.vhdr", "sub-1_task-x_bold.nii")
    touch(tmp_path / "derivatives" / "prep", "sub-1_task-x_eeg.vhdr", "sub-1_task-x_bold.nii")
    (tmp_path / "sub-1" / "loop").symlink_to(tmp_path)
    (tmp_path / "sub-1" / "self").symlink_to(tmp_path / "sub-1" / "self")
    found = find_recordings(tmp_path)
    assert [recording.eeg.relative_to(tmp_path).parts[0] for recording in found.recordings] == ["sub-1"]


def test_names_with_spaces_and_unicode(tmp_path: Path) -> None:
    root = tmp_path / "données à moi"
    root.mkdir()
    touch(root, "sub-é 1_task-x_eeg.vhdr", "sub-é 1_task-x_bold.nii")
    assert find_recordings(root).recordings[0].subject == "é 1"


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        find_recordings(tmp_path / "nothing")


def test_neither_eeg_nor_bold_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        find_recordings(tmp_path)
    assert [problem.what for problem in caught.value.problems] == [
        "there is no EEG in the BIDS folder",
        "there is no BOLD in the BIDS folder",
    ]


@pytest.mark.parametrize(("there", "missing"), [("eeg.vhdr", "BOLD"), ("bold.nii.gz", "EEG")])
def test_one_side_is_missing(tmp_path: Path, there: str, missing: str) -> None:
    touch(tmp_path, f"sub-1_task-x_{there}")
    with pytest.raises(InputError, match=rf"there is no {missing} in the BIDS folder(.|\n)*expected"):
        find_recordings(tmp_path)


def test_no_pairs_show_both_sides(tmp_path: Path) -> None:
    touch(tmp_path, "sub-1_task-rest_eeg.vhdr", "sub-1_task-eyes_bold.nii")
    with pytest.raises(
        InputError, match=r"no EEG file belongs(.|\n)*sub-1_task-rest_eeg.vhdr(.|\n)*sub-1_task-eyes_bold"
    ):
        find_recordings(tmp_path)


def test_several_files_for_one_recording(tmp_path: Path) -> None:
    touch(tmp_path, "sub-1_task-x_eeg.vhdr", "sub-1_task-x_echo-1_bold.nii", "sub-1_task-x_echo-2_bold.nii")
    with pytest.raises(InputError, match=r"several BOLD files(.|\n)*echo-1(.|\n)*combine the echoes"):
        find_recordings(tmp_path)


@pytest.mark.parametrize("text", ["{", "[]", "[" * 100_000])
def test_a_broken_description(tmp_path: Path, text: str) -> None:
    touch(tmp_path, "sub-1_task-x_eeg.vhdr", "sub-1_task-x_bold.nii")
    (tmp_path / "dataset_description.json").write_text(text)
    with pytest.raises(InputError, match=r"dataset_description.json"):
        find_recordings(tmp_path)


def test_sidecars_are_inherited_and_the_nearest_wins(tmp_path: Path) -> None:
    (tmp_path / "dataset_description.json").write_text("{}")
    touch(tmp_path, "sub-1_ses-2_task-x_bold.nii")
    image = tmp_path / "sub-1" / "ses-2" / "func" / "sub-1_ses-2_task-x_bold.nii"
    (tmp_path / "bold.json").write_text(json.dumps({"RepetitionTime": 1, "EchoTime": 0.03, "Site": "A"}))
    (tmp_path / "task-x_bold.json").write_text(json.dumps({"RepetitionTime": 2, "FlipAngle": 80}))
    (tmp_path / "task-y_bold.json").write_text(json.dumps({"RepetitionTime": 9}))
    (tmp_path / "sub-1" / "sub-1_task-x_bold.json").write_text(json.dumps({"FlipAngle": 70, "Site": "B"}))
    image.with_suffix(".json").write_text(json.dumps({"Site": "C"}))
    assert read_json_sidecar(image, "bold") == {"RepetitionTime": 2, "EchoTime": 0.03, "FlipAngle": 70, "Site": "C"}
    assert len(sidecars(image, "bold", ".json")) == 4


def test_sidecars_of_a_link_are_those_beside_the_link(tmp_path: Path) -> None:
    (tmp_path / "annex").mkdir()
    (tmp_path / "annex" / "key").write_bytes(b"")
    (tmp_path / "sub-1").mkdir()
    image = tmp_path / "sub-1" / "sub-1_task-x_bold.nii.gz"
    image.symlink_to(tmp_path / "annex" / "key")
    (tmp_path / "sub-1" / "sub-1_task-x_bold.json").write_text('{"RepetitionTime": 3}')
    assert read_json_sidecar(image, "bold") == {"RepetitionTime": 3}


@pytest.mark.parametrize("text", ["{bad", "[1]", ""])
def test_a_broken_sidecar_is_named(tmp_path: Path, text: str) -> None:
    image = tmp_path / "sub-1_task-x_bold.nii"
    image.with_suffix(".json").write_text(text)
    with pytest.raises(InputError, match=r"sub-1_task-x_bold.json"):
        read_json_sidecar(image, "bold")


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"name\ttype\nCz\tEEG\nCz\tEEG\n", "names a channel twice"),
        (b"channel\ttype\nCz\tEEG\n", "no column 'name'"),
        (b"", "no column 'name'"),
        (b"\xff\xfe\x00", "cannot be read"),
    ],
)
def test_a_broken_channel_table_is_named(tmp_path: Path, data: bytes, what: str) -> None:
    (tmp_path / "sub-1_task-x_channels.tsv").write_bytes(data)
    with pytest.raises(InputError, match=rf"{what}(.|\n)*channels.tsv"):
        read_channels_tsv(tmp_path / "sub-1_task-x_eeg.vhdr")


def test_a_channel_table_without_all_columns(tmp_path: Path) -> None:
    (tmp_path / "channels.tsv").write_bytes("\ufeffName\tTYPE\n Cz \tEEG\nECG\n".encode())
    found = read_channels_tsv(tmp_path / "sub-1_task-x_eeg.vhdr")
    assert found is not None
    assert found[1] == {"Cz": {"name": "Cz", "type": "EEG"}, "ECG": {"name": "ECG"}}


@pytest.mark.parametrize("folder", ["sub-2", "sub-2/eeg", "sub-2/func"])
@pytest.mark.parametrize("by_layout", [False, True])
def test_a_folder_that_cannot_be_read_is_not_left_out_without_a_word(
    folder: str, by_layout: bool, open_folder: Path, as_somebody_else: Any
) -> None:
    touch(open_folder, *(f"sub-{k}_task-x_{end}" for k in "12" for end in ("eeg.vhdr", "bold.nii")))
    layout = {"eeg": "sub-{subject}/eeg/*_eeg.vhdr", "bold": "sub-{subject}/func/*_bold.nii"}
    config = PrepareConfig.make({"layout": layout} if by_layout else {})

    def work() -> str:
        try:
            return str(len(find_recordings(open_folder, config).recordings))
        except InputError as error:
            return str(error)

    assert work() == "2"
    (open_folder / folder).chmod(0)
    told = as_somebody_else(work)
    (open_folder / folder).chmod(0o755)
    assert "a folder of the data set cannot be read" in told
    assert str(open_folder / folder) in told


def test_folders_of_tools_are_no_part_of_a_layout(tmp_path: Path) -> None:
    touch(tmp_path, "sub-1_task-x_eeg.vhdr", "sub-1_task-x_bold.nii")
    for name in (".git", "lost+found"):
        (tmp_path / name / "eeg").mkdir(parents=True)
        (tmp_path / name / "eeg" / "sub-2_eeg.vhdr").write_bytes(b"")
    assert list(matching(tmp_path, "**/eeg/*_eeg.vhdr")[0]) == [tmp_path / "sub-1" / "eeg" / "sub-1_task-x_eeg.vhdr"]


@pytest.mark.parametrize(
    ("names", "choose", "kept"),
    [
        (["echo-1_bold.nii", "echo-2_bold.nii", "echo-3_bold.nii"], {"echo": 2}, "echo-2_bold.nii"),
        (["part-mag_bold.nii", "part-phase_bold.nii"], {"part": "mag"}, "part-mag_bold.nii"),
        (["acq-mb_bold.nii", "bold.nii"], {"acq": ""}, "bold.nii"),
        (["acq-mb_echo-01_bold.nii", "acq-mb_echo-02_bold.nii", "acq-x_echo-1_bold.nii"], {"acq": "mb", "echo": "1"},
         "acq-mb_echo-01_bold.nii"),
    ],
)  # fmt: skip
def test_one_of_several_images_is_chosen(names: list[str], choose: dict[str, Any], kept: str, tmp_path: Path) -> None:
    touch(tmp_path, "sub-1_task-x_eeg.vhdr", *(f"sub-1_task-x_{name}" for name in names))
    with pytest.raises(InputError, match=r"several BOLD files(.|\n)*bold: \{choose: \{(echo|part|acq)"):
        find_recordings(tmp_path)
    config = PrepareConfig.make({"bold": {"choose": choose}})
    found = find_recordings(tmp_path, config)
    assert [recording.bold.name for recording in found.recordings] == [f"sub-1_task-x_{kept}"]
    (note,) = found.notes
    assert note.startswith("not chosen, left out: ")
    assert note.count("_bold.nii") == len(names) - 1


@pytest.mark.parametrize("magnitude", ["part-mag_bold.nii", "bold.nii"])
def test_the_choice_that_is_proposed_is_no_phase(magnitude: str, tmp_path: Path) -> None:
    touch(tmp_path, "sub-1_task-x_eeg.vhdr", "sub-1_task-x_part-phase_bold.nii", f"sub-1_task-x_{magnitude}")
    with pytest.raises(InputError) as caught:
        find_recordings(tmp_path)
    proposed = re.search(r"\{choose: \{part: (\S*)\}\}", str(caught.value))
    assert proposed is not None
    config = PrepareConfig.make({"bold": {"choose": {"part": proposed[1].strip("'")}}})
    assert find_recordings(tmp_path, config).recordings[0].bold.name == f"sub-1_task-x_{magnitude}"


def test_one_of_two_eeg_files_is_chosen(tmp_path: Path) -> None:
    touch(tmp_path, "sub-1_task-x_eeg.vhdr", "sub-1_task-x_acq-clean_eeg.vhdr", "sub-1_task-x_bold.nii")
    (tmp_path / "sub-1/eeg/sub-1_task-x_eeg.set").write_bytes(b"")
    with pytest.raises(InputError, match="several EEG files"):
        find_recordings(tmp_path)
    for choose, name in (
        ({"acq": "clean"}, "sub-1_task-x_acq-clean_eeg.vhdr"),
        ({"extension": ".set"}, "sub-1_task-x_eeg.set"),
    ):
        config = PrepareConfig.make({"eeg": {"choose": choose}})
        assert find_recordings(tmp_path, config).recordings[0].eeg.name == name
    with pytest.raises(InputError, match="several EEG files"):
        find_recordings(tmp_path, PrepareConfig.make({"eeg": {"choose": {"extension": ".vhdr"}}}))
    with pytest.raises(InputError, match=r"several EEG files(.|\n)*acq"):
        find_recordings(tmp_path, PrepareConfig.make({"eeg": {"choose": {"acq": "other"}}}))


def test_one_eeg_file_may_hold_several_runs(tmp_path: Path) -> None:
    touch(tmp_path, "sub-1_task-x_eeg.vhdr", "sub-1_task-x_run-1_bold.nii", "sub-1_task-x_run-2_bold.nii")
    with pytest.raises(InputError, match="one file"):
        find_recordings(tmp_path)
    found = find_recordings(tmp_path, PrepareConfig.make({"eeg": {"runs": "one file"}}))
    assert [(recording.id, recording.eeg.name) for recording in found.recordings] == [
        ("sub-1_task-x_run-1", "sub-1_task-x_eeg.vhdr"),
        ("sub-1_task-x_run-2", "sub-1_task-x_eeg.vhdr"),
    ]


def test_parts_of_a_recording_are_one_file(tmp_path: Path) -> None:
    touch(tmp_path, "sub-1_task-x_bold.nii")
    (tmp_path / "sub-1/eeg").mkdir()
    for part in ("01", "02", "03"):
        (tmp_path / f"sub-1/eeg/sub-1_task-x_split-{part}_eeg.fif").write_bytes(b"")
    assert find_recordings(tmp_path).recordings[0].eeg.name == "sub-1_task-x_split-01_eeg.fif"


def test_extensions_in_capitals_are_found(tmp_path: Path) -> None:
    touch(tmp_path, "sub-1_task-x_bold.nii")
    (tmp_path / "sub-1/eeg").mkdir()
    (tmp_path / "sub-1/eeg/sub-1_task-x_eeg.VHDR").write_bytes(b"")
    assert find_recordings(tmp_path).recordings[0].eeg.name == "sub-1_task-x_eeg.VHDR"


SPELLINGS = {
    "s_1": "s-1",
    "anna maria": "anna maria",
    "jörg": "jörg",
    "s(1)": "s(1)",
    "王": "王",
    "müller_2 b": "müller-2 b",
}


def laid_out(root: Path, *subjects: str) -> PrepareConfig:
    for subject in subjects:
        (root / subject).mkdir(parents=True)
        for name in ("rest.vhdr", "rest.nii"):
            (root / subject / name).write_bytes(b"")
    return PrepareConfig.make({"layout": {"eeg": "{subject}/rest.vhdr", "bold": "{subject}/rest.nii"}})


@pytest.mark.parametrize("folder", SPELLINGS)
def test_a_folder_of_any_spelling_is_taken(folder: str, tmp_path: Path) -> None:
    found = find_recordings(tmp_path, laid_out(tmp_path, "anna", folder))
    assert [one.subject for one in found.recordings] == ["anna", SPELLINGS[folder]]
    # parts of a name are told apart by the underscore
    assert all(one.id == f"sub-{one.subject}" and "_" not in one.id for one in found.recordings)
    assert bool(found.notes) == ("_" in folder)
    assert all(f"{folder!r} is {SPELLINGS[folder]}" in note for note in found.notes)


def test_one_letter_in_two_encodings_is_one(tmp_path: Path) -> None:
    config = PrepareConfig.make({"layout": {"eeg": "eeg/{subject}.vhdr", "bold": "fmri/{subject}.nii"}})
    for name in ("eeg/j\u00f6rg.vhdr", "fmri/jo\u0308rg.nii"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_bytes(b"")
    assert [one.id for one in find_recordings(tmp_path, config).recordings] == ["sub-jörg"]


def test_labels_that_would_become_one_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"too much alike(.|\n)*'s-1', 's_1'"):
        find_recordings(tmp_path, laid_out(tmp_path, "s_1", "s-1"))
    with pytest.raises(InputError, match=r"nothing but signs(.|\n)*'_'"):
        find_recordings(tmp_path / "b", laid_out(tmp_path / "b", "_", "anna"))


def test_an_underscore_that_may_begin_something_else_is_no_label(tmp_path: Path) -> None:
    config = PrepareConfig.make({"layout": {"eeg": "{subject}_rest.vhdr", "bold": "{subject}_rest.nii"}})
    for name in ("anna", "anna_2", "ben"):
        for ending in ("vhdr", "nii"):
            (tmp_path / f"{name}_rest.{ending}").write_bytes(b"")
    found = find_recordings(tmp_path, config)
    assert [one.subject for one in found.recordings] == ["anna", "ben"]
    assert any("anna_2_rest.vhdr" in note and "left out" in note for note in found.notes)
    assert any("anna_2_rest.nii" in note for note in found.notes)


def test_an_underscore_and_capitals_in_bids_are_read_as_meant(tmp_path: Path) -> None:
    for name in ("sub-a_b_task-re_st", "Sub-03_task-rest", "sub-04_task-rest"):
        for datatype, ending in (("eeg", "eeg.vhdr"), ("func", "bold.nii")):
            folder = tmp_path / name.split("_task")[0] / datatype
            folder.mkdir(parents=True)
            (folder / f"{name}_{ending}").write_bytes(b"")
    found = find_recordings(tmp_path)
    assert [one.id for one in found.recordings] == ["sub-03_task-rest", "sub-04_task-rest", "sub-a-b_task-re-st"]
    assert any("'a_b' is a-b" in note and "'re_st' is re-st" in note for note in found.notes)


def test_files_out_of_place_are_named(tmp_path: Path) -> None:
    touch(tmp_path, "sub-1_task-x_eeg.vhdr", "sub-1_task-x_bold.nii")
    for name in ("sub-2/eeg/sub-02_task-x_eeg.vhdr", "more/sub-3/func/sub-3_task-x_bold.nii", "derivatives/a_bold.nii"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    (note,) = find_recordings(tmp_path).notes
    assert "2 files" in note
    assert "sub-2/eeg/sub-02_task-x_eeg.vhdr" in note
    assert "more/sub-3/func/sub-3_task-x_bold.nii" in note


def test_forty_thousand_files_without_a_partner_are_a_line(tmp_path: Path) -> None:
    config = laid_out(tmp_path, "anna")
    (tmp_path / "x").mkdir()
    for k in range(400):
        (tmp_path / f"x{k}").mkdir()
        (tmp_path / f"x{k}" / "rest.vhdr").write_bytes(b"")
    (note,) = find_recordings(tmp_path, config).notes
    assert "and 380 more" in note
    assert len(note) < 1000
