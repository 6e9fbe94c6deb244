"""Tables of regions as atlases come with them: a few lines in the form of each."""

import pytest

from eeg2fmri.core.errors import InputError
from eeg2fmri.data.bold.atlas_names import read_names, table_beside

TABLES = {
    # BIDS (TemplateFlow)
    "dseg.tsv": ("index\tname\tcolor\n0\tBackground\t#000\n17\tCuneus L\t#fff\n18\tCuneus R\t#eee\n", [17, 18]),
    # Destrieux and others by CSV; a name with a comma
    "destrieux.csv": ('index,name\n0,Background\n1,"Cuneus L"\n2,"Cuneus R"\n', [1, 2]),
    "difumo.csv": ("Component,Difumo_names,Yeo_networks7,GM\n1,Cuneus L,VisCent,0.8\n2,Cuneus R,VisCent,0.7\n", [1, 2]),
    # MSDL has no numbers: a row a map
    "msdl.csv": ("x,\ty,\tz,\tname,\tnet name\n1,2,3,Cuneus L,Vis\n4,5,6,Cuneus R,Vis\n".replace("\t", ""), [1, 2]),
    "schaefer.txt": ("1\tCuneus L\t120\t18\t131\t0\n2\tCuneus R\t120\t18\t132\t0\n", [1, 2]),
    "freesurfer.lut": (
        "#$Id: LUT\n#No. Label R G B A\n17  Cuneus L   220 216 2 0\n18  Cuneus R 1 2 3 0\n",
        [17, 18],
    ),
    "itksnap.txt": (
        '# ITK-SnAP\n 0 0 0 0 0 0 0 "Clear Label"\n 4 255 0 0 1 1 1 "Cuneus L"\n 5 0 255 0 .5 1 1 "Cuneus R"\n',
        [4, 5],
    ),
    "names.txt": ("Cuneus L\nCuneus R\n", [1, 2]),
    "harvard.xml": (
        "<atlas><header><type>Probabilistic</type></header><data>"
        '<label index="0" x="1" y="2" z="3">Cuneus L</label><label index="1" x="4" y="5" z="6">Cuneus R</label>'
        "</data></atlas>",
        [1, 2],
    ),
    "talairach.xml": (
        '<atlas><header><type>Label</type></header><data><label index="7">Cuneus L</label>'
        '<label index="8">Cuneus R</label></data></atlas>',
        [7, 8],
    ),
    "aal.xml": (
        "<atlas><data><label><index>2001</index><name>Cuneus L</name></label>"
        "<label><index>2002</index><name>Cuneus R</name></label></data></atlas>",
        [2001, 2002],
    ),
}


@pytest.mark.parametrize("name", TABLES)
def test_each_form_of_table_names_the_numbers_of_its_image(name, tmp_path):
    text, numbers = TABLES[name]
    (tmp_path / name).write_text(text)
    assert read_names(tmp_path / name) == dict(zip(numbers, ("Cuneus L", "Cuneus R"), strict=True))


def test_one_name_of_several_numbers_is_told_apart(tmp_path):
    (tmp_path / "a.tsv").write_text("index\tname\n3\tCuneus\n4\tCuneus\n5\tInsula\n")
    assert read_names(tmp_path / "a.tsv") == {3: "Cuneus (3)", 4: "Cuneus (4)", 5: "Insula"}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("empty.tsv", "index\tname\n"),
        ("none.csv", ""),
        ("word.tsv", "index\tname\nfirst\tCuneus\n"),
        ("broken.xml", "<atlas><label index='1'>"),
        ("other.xml", "<html><body>no labels</body></html>"),
    ],
)
def test_what_is_no_table_of_names_is_told_with_the_form_that_is(name, text, tmp_path):
    (tmp_path / name).write_text(text)
    with pytest.raises(InputError, match="columns index and name") as error:
        read_names(tmp_path / name)
    assert name in str(error.value)
    with pytest.raises(InputError, match="cannot be read"):
        read_names(tmp_path / "absent.tsv")


def test_it_is_found_beside_the_image_by_its_name_or_that_without_resolution(tmp_path):
    image = tmp_path / "tpl-MNI_res-02_atlas-X_dseg.nii.gz"
    assert table_beside(image) is None
    (tmp_path / "tpl-MNI_atlas-X_dseg.tsv").write_text("index\tname\n")
    assert table_beside(image) == tmp_path / "tpl-MNI_atlas-X_dseg.tsv"
    (tmp_path / "tpl-MNI_res-02_atlas-X_dseg.xml").write_text("")
    assert table_beside(image) == tmp_path / "tpl-MNI_res-02_atlas-X_dseg.xml"
