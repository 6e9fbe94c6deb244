"""The paragraph for a paper says what was done, and its BibTeX has every work that it cites."""

import re
from dataclasses import replace

import pytest

from eeg2fmri.report.read.run import RunResults
from eeg2fmri.report.sections.methods import methods_of_run
from eeg2fmri.report.sections.references import REFERENCES


def cited(text):
    """Return the keys of the works that a text names, by their short forms."""
    return {key for key, (short, _) in REFERENCES.items() if short in text}


IDS = ("sub-01_task-rest", "sub-02_task-rest", "sub-03_task-rest")


@pytest.fixture
def results(tmp_path):
    """Results of a training of the published network, which was not evaluated."""
    return RunResults(
        folder=tmp_path,
        card={
            "model": {"kind": "synthesizer"},
            "electrodes": [f"E{k}" for k in range(12)],
            "tr": 1.5,
            "grid": [9, 11, 8],
            "space": "native",
            "pairs": {"window": 4, "lag": 0, "eeg": "spectrogram", "target": "volume"},
            "prepare": {"layout": None},
        },
        settings={"epochs": 1},
        split={"train": IDS[:1], "validation": IDS[1:2], "test": IDS[2:]},
        environment={"eeg2fmri": "0.1.0", "packages": {"torch": "2.13.0", "mne": "1.13.2", "nilearn": "0.14.1"}},
    )


def test_the_paragraph_has_versions_data_model_and_split(results):
    text = methods_of_run(results).text
    assert f"eeg2fmri {results.environment['eeg2fmri']}" in text
    assert f"torch {results.environment['packages']['torch']}" in text
    assert "3 recordings" in text
    assert "12 electrodes" in text
    assert "every 1.5 s" in text
    assert "9 x 11 x 8 voxels" in text
    assert "windows of 4 volumes" in text
    assert "Calhas and Henriques, 2022" in text
    assert "at most 1 epoch;" in text
    assert "not evaluated" in text


def test_another_run_gives_another_paragraph(results):
    card = {**results.card, "model": {"kind": "recommended"}, "tr": 2.0}
    text = methods_of_run(replace(results, card=card)).text
    assert "ridge regressions" in text
    assert "every 2 s" in text
    assert "Calhas" not in text


def test_every_citation_has_its_entry_and_no_entry_is_left_over(results):
    for one in (results, replace(results, card={**results.card, "model": {"kind": "recommended"}})):
        methods = methods_of_run(one)
        keys = re.findall(r"@\w+\{(\w+),", methods.bibtex)
        assert len(keys) == len(set(keys))
        assert set(keys) == cited(methods.text)
        assert methods.bibtex.count("{") == methods.bibtex.count("}")


def test_a_run_of_which_little_is_known_has_a_paragraph_too(results, tmp_path):
    assert "eeg2fmri" in methods_of_run(RunResults(folder=tmp_path)).text
