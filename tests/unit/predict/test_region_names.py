"""Regions of a model are named by the table beside its atlas."""

from eeg2fmri.models.saving.card import ModelCard
from eeg2fmri.predict.derivative import region_names


def card(atlas):
    return ModelCard(model={"kind": "own"}, regions=(2, 5, 11), prepare={"bold": {"atlas": str(atlas)}})


def test_names_are_those_of_the_table_beside_the_atlas(tmp_path):
    (tmp_path / "atlas.tsv").write_text("index\tname\n2\tCuneus\n5\tInsula\n7\tPons\n")
    assert region_names(card(tmp_path / "atlas.nii.gz")) == {"2": "Cuneus", "5": "Insula"}


def test_without_a_table_there_are_no_names(tmp_path):
    assert region_names(card(tmp_path / "atlas.nii.gz")) == {}
    assert region_names(ModelCard(model={"kind": "own"}, regions=(2,))) == {}


def test_a_damaged_table_is_told_and_costs_no_prediction(tmp_path, caplog):
    (tmp_path / "atlas.xml").write_text("<atlas")
    assert region_names(card(tmp_path / "atlas.nii.gz")) == {}
    assert "atlas.xml" in caplog.text
