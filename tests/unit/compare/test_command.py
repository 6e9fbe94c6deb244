"""``eeg2fmri benchmark`` on the command line: wrong input is told, table and costs are printed, it is resumed."""

import pytest

from eeg2fmri.cli.main import run as command


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--models", "e2fnt"], "did you mean 'e2fnet'?"),
        (["--size", "big"], "small, or published"),
        (["--protocol", "theirs"], "one, or published"),
        (["--models", ","], "no model is named"),
        (["--models", "e2fnt", "--protocol", "published"], "did you mean 'e2fnet'?"),
        (["--models", "neurobolt"], "raw: {rate: 200}"),
        (["--models", "recommended", "--protocol", "published"], "no model of a publication is named"),
        (["--models", "e2fnet", "--protocol", "published", "--size", "published"], "leave --size out"),
        (["--models", "e2fnet", "--protocol", "published", "-j", "2"], "leave --n-jobs out"),
        (["--models", "e2fnet", "--protocol", "published", "--minutes", "2"], "the same number of epochs"),
        (["--models", "e2fnet", "--protocol", "published", "--difference", "0.1"], "leave --difference out"),
    ],
)
def test_wrong_input_is_told_with_what_to_do(options, told, five, tmp_path, capsys):
    assert command(["benchmark", str(five.path), str(tmp_path / "out"), *options]) != 0
    captured = capsys.readouterr()
    assert told in " ".join((captured.out + captured.err).split())
    assert not (tmp_path / "out").exists()


def test_the_table_the_costs_and_the_page(five, tmp_path, capsys):
    settings = tmp_path / "settings.yaml"
    settings.write_text("split: {train: 2, validation: 1, test: 2}\naccelerator: cpu\n")
    words = ["benchmark", str(five.path), str(tmp_path / "out"), "--models", "e2fnet", "--minutes", "5"]
    words += ["--config", str(settings), "--epochs", "1"]
    assert command(words) == 0
    out = capsys.readouterr().out
    assert "What each model costs" in out
    assert "E2fNet" in out
    assert (tmp_path / "out" / "report.html").is_file()
    assert command(words) == 0
    assert "e2fnet: is trained already" in capsys.readouterr().out
