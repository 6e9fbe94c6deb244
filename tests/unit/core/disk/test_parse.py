"""Text files are read within bounds, no key counts twice, and faults name their line."""

import os

import pytest

from eeg2fmri.core.config import Config, read_mapping
from eeg2fmri.core.disk.parse import LARGEST_FILE, line_of, read_json, read_table, read_yaml
from eeg2fmri.core.errors import ConfigError


class Inner(Config):
    window: int = 1


class Outer(Config):
    epochs: int = 1
    pairs: Inner = Inner()


@pytest.mark.parametrize("read", [read_json, read_yaml])
@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('{"a": 1,\n "b": 2,\n "a": 3}', "line 3"),
        ('{"x": {\n"a": 1,\n\n "a": 3}}', "line 4"),
    ],
)
def test_a_key_that_stands_twice_is_refused_with_its_line(tmp_path, read, text, line):
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(ValueError, match=f"{line}: the key 'a' stands there twice"):
        read(tmp_path / "x.json")


def test_equal_keys_of_different_objects_are_no_fault(tmp_path):
    (tmp_path / "x.json").write_text('[{"a": 1}, {"a": {"a": 2}}]')
    assert read_json(tmp_path / "x.json") == read_yaml(tmp_path / "x.json") == [{"a": 1}, {"a": {"a": 2}}]


def test_the_line_of_a_duplicate_setting_reaches_the_user(tmp_path):
    (tmp_path / "x.yaml").write_text("epochs: 1\npairs:\n  window: 2\nepochs: 3\n")
    with pytest.raises(ConfigError, match="line 4: the key 'epochs' stands there twice, first in line 1"):
        read_mapping(tmp_path / "x.yaml")


def test_a_byte_order_mark_is_no_fault(tmp_path):
    (tmp_path / "x.json").write_text('{"a": 1}', encoding="utf-8-sig")
    assert read_json(tmp_path / "x.json") == {"a": 1}


@pytest.mark.parametrize("read", [read_json, read_yaml])
def test_deep_large_and_endless_files_are_refused(tmp_path, read):
    (tmp_path / "deep.json").write_text("[" * 100_000)
    with pytest.raises(ValueError, match=r".+"):
        read(tmp_path / "deep.json")
    os.truncate(tmp_path / "deep.json", LARGEST_FILE + 1)
    with pytest.raises(ValueError, match=f"{LARGEST_FILE + 1} bytes"):
        read(tmp_path / "deep.json")
    os.mkfifo(tmp_path / "pipe.json")
    with pytest.raises(OSError, match="no regular file"):
        read(tmp_path / "pipe.json")


def test_wrong_values_and_unknown_keys_name_their_line(tmp_path):
    path = tmp_path / "settings.yaml"
    path.write_text("# settings\nepochs: many\npairs:\n  window: 2\n  windows: 3\n")
    with pytest.raises(ConfigError) as caught:
        Outer.read(path)
    text = str(caught.value)
    assert f"{path}, line 2: epochs" in text
    assert f"{path}, line 5: pairs.windows" in text
    assert line_of(path, ("absent",)) is None
    assert line_of(tmp_path / "none.yaml", ("epochs",)) is None


@pytest.mark.parametrize("text", ['{"a": ["x\\u0000y"]}', '{"x\\u0000": 1}'])
def test_a_nul_within_a_text_is_refused(text, tmp_path):
    (tmp_path / "a.json").write_text(text)
    for read in (read_json, read_yaml):
        with pytest.raises(ValueError, match="NUL"):
            read(tmp_path / "a.json")
    (tmp_path / "b.yaml").write_text('a: &a ["\\\\0 is no NUL", *a]')
    assert read_yaml(tmp_path / "b.yaml")["a"][0] == "\\0 is no NUL"


def test_tables_are_read_within_bounds(tmp_path):
    file = tmp_path / "table.csv"
    file.write_bytes('\ufeffname,units\r\nFz,uV,more\r\n"C,z"\r\n'.encode())
    assert read_table(file) == [{"name": "Fz", "units": "uV"}, {"name": "C,z", "units": ""}]
    file.write_text("name\n" + "x" * 200_000)
    with pytest.raises(ValueError, match="field larger than"):
        read_table(file)
    file.unlink()
    os.mkfifo(file)
    with pytest.raises(OSError, match="no regular file"):
        read_table(file)
