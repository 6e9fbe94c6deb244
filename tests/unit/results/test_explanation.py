"""The section of an explanation: what RUN/explain holds is read, told in words and numbers, doubted where needed."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from eeg2fmri.core.random import generator
from eeg2fmri.report.pages.run import render
from eeg2fmri.report.read.run import RunResults
from eeg2fmri.report.sections.explanation_gallery import explanation_pictures, strongest
from eeg2fmri.report.sections.explanation_words import MEASURES, explanation_text
from eeg2fmri.results.explanation import Explanation
from eeg2fmri.results.files import AbsentResultError, ResultError

ELECTRODES = ("Fp1", "Cz", "Pz", "O1", "O2")
FREQUENCIES = np.arange(1, 9) * 2.0
TIMES = np.array([6.0, 4.0, 2.0])

AGREEMENT = {"map": 0.9, "electrodes": 0.8, "frequencies": 0.7, "times": None}
TRUE = {"map": 0.05, "electrodes": 0.62, "frequencies": 0.63, "times": None, "electrodes_by_frequencies": 0.64}


def write(folder: Path, **changes) -> Path:
    """Two subjects whose relevance comes from O2 at 10 Hz, 4 s before the volume."""
    folder.mkdir()
    magnitude = generator(1, "relevance").random((2, 5, 8, 3)) * 0.1
    magnitude[:, 4, 4, 1] += 2
    magnitude /= magnitude.sum((1, 2, 3), keepdims=True)
    fraction = np.linspace(0, 1, 4)
    curves = {
        f"curve_{order}{what}": fraction * (1 + len(order))
        for order in ("", "random_", "untrained_")
        for what in ("deletion", "insertion")
    }
    np.savez(
        folder / "explain.npz",
        electrodes=np.array(ELECTRODES),
        frequencies=FREQUENCIES,
        times=TIMES,
        subjects=np.array(["03", "04"]),
        magnitude=magnitude.astype(np.float32),
        signed=-magnitude.astype(np.float32),
        attention=generator(2, "attention").dirichlet(np.ones(5), (2, 5)),
        pattern=np.sqrt(magnitude) * [[[[1]], [[1]], [[1]], [[1]], [[-1]]]],
        latent=generator(3, "latent").standard_normal((2, 5, 6, 4)),
        affine=np.diag([4.0, 4.0, 5.0, 1.0]),
        curve_fractions=fraction,
        **curves,
    )
    subject = {
        "windows": 7,
        "explained": -2.0,
        "absorbed_by_biases": -1.5,
        "from_biases": 0.75,
        "conservation_error": 0.75,
        "unaccounted": 1e-7,
    }
    summary = {
        "format": 1,
        "facts": {"part": "test"},
        "target": {"name": "volume", "what": "sum of the synthesised volume", "voxels": 9},
        "subjects": [{"subject": "03", **subject}, {"subject": "04", **subject}],
        "tests": {"signed": {"electrodes": {"significant_max": 2, "tests": 5}, "pairs of anything": {}}},
        "fidelity": {
            "n_windows": 8,
            "curves": {"deletion_gain": 0.5, "insertion_gain": 0.25},
            "gradients_map": AGREEMENT,
            "untrained": {**AGREEMENT, "map": 0.1},
        },
        "truth": {
            "r": 0.82,
            "untrained_r": -0.01,
            "n_untrained": 3,
            "measures": {name: {**TRUE, "map": 0.61} for name in MEASURES},
            "untrained": dict.fromkeys(MEASURES, TRUE),
            "untrained_sd": {name: {**TRUE, "map": 0.25} for name in MEASURES},
        },
        "notes": ["Read with care."],
        **changes,
    }
    (folder / "explain.json").write_text(json.dumps(summary), encoding="utf-8")
    return folder


def with_arrays(explanation: Explanation, **changes) -> Explanation:
    """The same with other arrays; without those that are None."""
    arrays = {**explanation.arrays, **changes}
    return replace(explanation, arrays={name: values for name, values in arrays.items() if values is not None})


def with_content(explanation: Explanation, **changes) -> Explanation:
    """The same with other facts."""
    return replace(explanation, content={**explanation.content, **changes})


@pytest.fixture
def explanation(tmp_path):
    return Explanation.read(write(tmp_path / "explain"))


def test_what_is_read_is_written_again(explanation, tmp_path):
    (tmp_path / "again").mkdir()
    explanation.write(tmp_path / "again")
    found = Explanation.read(tmp_path / "again")
    assert found.content == explanation.content
    assert found.arrays.keys() == explanation.arrays.keys()
    for name, values in explanation.arrays.items():
        np.testing.assert_array_equal(found.arrays[name], values)
    assert found.conservation == explanation.conservation
    assert repr(found) == "<Explanation of the sum of the synthesised volume: 2 subjects, 5 electrodes>"


@pytest.mark.parametrize(("version", "todo"), [(2, "newer"), (None, "explain|run the command again")])
def test_explanations_of_other_versions_are_refused(tmp_path, version, todo):
    with pytest.raises(ResultError, match=f"another version(.|\n)*explain.json(.|\n)*{todo}"):
        Explanation.read(write(tmp_path / "explain", format=version))
    with pytest.raises(AbsentResultError, match="holds no explanation"):
        Explanation.read(tmp_path)


def test_what_was_written_is_read(explanation):
    assert explanation.subjects == ("sub-03", "sub-04")
    assert explanation.magnitude.shape == (2, 5, 8, 3)
    assert explanation.conservation[0].from_biases == 0.75
    assert set(explanation.curves.deletion) == {"by relevance", "by the untrained model", "random"}
    last = {name: curve[-1] for name, curve in explanation.curves.deletion.items()}
    assert last == {"by relevance": 1, "by the untrained model": 11, "random": 8}
    assert strongest(explanation)[0] == "O2"


def test_pictures_name_where_the_relevance_lies(explanation):
    pictures = explanation_pictures(explanation)
    words = " ".join(picture.alt for picture in pictures)
    assert len(pictures) == 9
    assert "Largest: O2" in words
    assert "largest at 10.0 Hz" in words
    assert "for its latent; sub-03, sub-04" in words
    assert "largest 4.00 s before it" in words
    assert "0.500 for deletion, 0.250 for insertion" in words


def test_the_truth_stands_beside_untrained_models(explanation):
    table = explanation_text(explanation).tables[0]
    cells = {row[0]: row[1:] for row in table.rows}
    assert cells["Relevance"] == ("0.61", "0.62", "0.63", "not defined", "0.64")
    assert cells["Pattern, 3 untrained models (control)"][0] == "0.05 \N{PLUS-MINUS SIGN} 0.25"
    assert "with r 0.82 (untrained: \N{MINUS SIGN}0.01)" in table.caption
    broken = with_content(explanation, truth={**explanation.truth, "r": 0.1})
    assert any("hardly follows" in note for note in explanation_text(broken).notes)
    assert not any("hardly follows" in note for note in explanation_text(explanation).notes)
    assert (
        len(explanation_text(with_content(explanation, truth=None)).tables)
        == len(explanation_text(explanation).tables) - 1
    )


def test_whole_bands_are_bars(explanation):
    bands = (("theta", 4.0, 8.0), ("alpha", 8.0, 13.0))
    banded = with_arrays(
        explanation,
        bands=np.array([name for name, _, _ in bands]),
        band_limits=np.array([limits for _, *limits in bands]),
        frequencies=np.array([6.0, 10.5]),
        magnitude=explanation.magnitude[:, :, 3:5],
        signed=explanation.signed[:, :, 3:5],
        pattern=explanation.pattern[:, :, 3:5],
    )
    words = " ".join(picture.alt + picture.caption for picture in explanation_pictures(banded))
    assert "largest: alpha." in words
    assert "largest: alpha, 4.00 s before it" in words
    assert "largest: O2, alpha" in words
    assert "alpha, 8\N{EN DASH}13\N{NO-BREAK SPACE}Hz: O2" in words
    assert "whitened" in words


def test_electrodes_without_a_place_have_no_head(explanation):
    nameless = with_arrays(explanation, electrodes=np.array(list("ABCDE")), curve_fractions=None, latent=None)
    assert len(explanation_pictures(nameless)) == 4
    assert "A" in {row[0] for row in explanation_text(nameless).tables[-1].rows}


def test_numbers_that_say_how_far_it_can_be_believed(explanation):
    text = explanation_text(explanation)
    cells = {row[0].split(" (")[0]: row[1:] for row in text.tables[1].rows}
    assert cells["Integrated gradients"] == ("0.90", "0.80", "0.70", "not defined")
    assert text.tables[2].rows[0] == ("sub-03", "7", "75.0 %", "75.0 %", "below 0.001 %")
    assert "relevance for 2 of 5 electrodes; with 2 subjects p cannot be below 1/2" in text.words[1]
    assert "14 windows of 2 test subjects." in text.words[0]
    assert "14 windows of 2 subjects." in explanation_text(with_content(explanation, facts={"part": "all"})).words[0]
    assert text.notes[0] == "Read with care."
    assert "75.0 % of the explained output stems from biases" in text.notes[1]
    assert len(text.notes) == 2


def test_what_cannot_be_believed_is_said(explanation):
    fidelity = {
        **explanation.fidelity,
        "untrained": {**AGREEMENT, "map": 0.8},
        "curves": {"deletion_gain": -0.1, "insertion_gain": 0.3},
    }
    notes = " ".join(explanation_text(with_content(explanation, fidelity=fidelity)).notes)
    assert "untrained model looks alike (rank agreement 0.80)" in notes
    assert "no better than random" in notes


def test_unchecked_explanation_of_one_subject(explanation):
    alone = {name: explanation.arrays[name][:1] for name in ("subjects", "magnitude", "signed", "pattern")}
    one = with_content(with_arrays(explanation, **alone, curve_fractions=None), fidelity=None, truth=None)
    text = explanation_text(one)
    assert len(text.words) == 1
    assert "Conservation" in text.tables[0].caption


@pytest.mark.parametrize("damage", [{"subjects": [{}]}, {"target": None}, {"fidelity": 3}])
def test_damage_becomes_a_problem(tmp_path, damage):
    write(tmp_path / "explain", **damage)
    with pytest.raises(ResultError, match="cannot be read"):
        Explanation.read(tmp_path / "explain")
    (tmp_path / "train.yaml").write_text("epochs: 1\n", encoding="utf-8")
    results = RunResults.read(tmp_path)
    assert results.explanation is None
    assert results.problems[0].startswith("explain: ")


def test_no_explanation(tmp_path):
    (tmp_path / "train.yaml").write_text("epochs: 1\n", encoding="utf-8")
    results = RunResults.read(tmp_path)
    assert (results.explanation, results.problems) == (None, ())


def test_page_shows_it(explanation):
    hostile = with_content(with_arrays(explanation, curve_fractions=None, attention=None), target={"what": "<script>x"})
    text = render(RunResults(Path("run"), settings={"epochs": 1}, explanation=hostile))
    assert 'href="#explanation"' in text
    assert "&lt;script&gt;x" in text
    assert "<script>x" not in text
    assert "Can it be believed?" in text
