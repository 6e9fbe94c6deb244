"""Settings: every fault at once, the near name suggested, the same fingerprint for the same settings."""

from typing import Annotated

import pytest
from pydantic import Field, model_validator

from eeg2fmri.core.config import Config, read_mapping
from eeg2fmri.core.errors import ConfigError, LeakageError


class Inner(Config):
    depth: int = 2


class Outer(Config):
    rate: float = 0.1
    name: str = "a"
    inner: Inner = Inner()


def test_all_faults_are_reported_at_once_with_the_near_name():
    with pytest.raises(ConfigError) as caught:
        Outer.make({"rates": 1, "name": 3, "inner": {"dept": 1}}, where="settings.yaml")
    text = str(caught.value)
    assert text.startswith("3 problems")
    assert "did you mean 'rate'?" in text
    assert "did you mean 'depth'?" in text
    assert "settings.yaml: name" in text


@pytest.mark.parametrize("suffix", ["yaml", "json"])
def test_write_and_read_give_the_same_settings(tmp_path, suffix):
    settings = Outer(rate=0.25, inner=Inner(depth=7))
    path = tmp_path / f"settings.{suffix}"
    settings.write(path)
    assert Outer.read(path) == settings


def test_settings_are_frozen():
    with pytest.raises(Exception, match="frozen"):
        Outer().rate = 2.0


def test_fingerprint_changes_with_a_nested_setting_alone():
    assert Outer().fingerprint() == Outer().fingerprint()
    assert Outer().fingerprint() != Outer(inner=Inner(depth=3)).fingerprint()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "does not exist"),
        (b"- 1\n- 2\n", "does not hold a mapping"),
        (b"a: [1", "cannot be read"),
        (b"\xff\xfe\x00", "cannot be read"),
    ],
)
def test_unusable_settings_files_are_refused_by_name(tmp_path, content, message):
    path = tmp_path / "x.yaml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError, match=message) as caught:
        read_mapping(path)
    assert str(path) in str(caught.value)


def test_an_empty_file_means_the_defaults(tmp_path):
    (tmp_path / "x.yaml").write_text("")
    assert Outer.read(tmp_path / "x.yaml") == Outer()


def test_settings_are_taken_as_object_mapping_file_or_nothing(tmp_path):
    (tmp_path / "settings.yaml").write_text("rate: 7\n", encoding="utf-8")
    made = Outer(rate=7)
    assert Outer.take(made) is made
    assert Outer.take({"rate": 7}) == Outer.take(tmp_path / "settings.yaml") == made
    assert Outer.take(None) == Outer()
    # what was said, and not the defaults: a preset may fill in the rest
    assert Outer.given(made) == Outer.given(str(tmp_path / "settings.yaml")) == {"rate": 7}
    for wrong in (3, Inner()):
        with pytest.raises(ConfigError, match="expected: Outer"):
            Outer.take(wrong)
    (tmp_path / "settings.yaml").write_text("rat: 7\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"settings\.yaml, line 1: rat(.|\n)*did you mean 'rate'"):
        Outer.take(tmp_path / "settings.yaml")


def test_errors_of_ours_come_through_validators_as_they_are():
    class Checked(Config):
        names: tuple[str, ...] = ()

        @model_validator(mode="after")
        def _no_leak(self):
            if self.names:
                raise LeakageError("they leak", where="names")
            return self

    class Around(Config):
        checked: Checked = Checked()

    for make in (
        lambda: Checked(names=("a",)),
        lambda: Checked.make({"names": ("a",)}),
        lambda: Around.make({"checked": {"names": ("a",)}}),
    ):
        with pytest.raises(LeakageError, match=r"^they leak\n  where:    names$"):
            make()


def test_a_constructor_tells_every_fault_as_make_does():
    with pytest.raises(ConfigError, match="2 problems") as caught:
        Outer(rates=1, name=3)
    assert "did you mean 'rate'?" in str(caught.value)
    assert Outer(rate=0.2, inner={"depth": 3}).inner.depth == 3


@pytest.mark.parametrize("value", [True, False])
def test_yes_and_no_are_no_numbers(value):
    class Numbers(Config):
        size: float = 1.0
        count: Annotated[int, Field(ge=0)] | None = None
        flag: bool = False
        either: bool | float = 0.0

    for name in ("size", "count"):
        with pytest.raises(ConfigError, match=f"'{name}' is a number, not {str(value).lower()}"):
            Numbers.make({name: value})
    assert Numbers.make({"flag": value, "either": value}).either is value
