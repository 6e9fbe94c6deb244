"""Read the names of the regions of an atlas from the tables that atlases come with.

Understood are tables with a column of names (TSV or CSV: BIDS ``dseg.tsv``, the dictionaries of DiFuMo, MSDL and
Destrieux), look-up tables without a head (FreeSurfer, Schaefer, ITK-SNAP), FSL's and AAL's XML, and a name a line.
"""

from __future__ import annotations

import csv
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from eeg2fmri.core.disk.parse import refuse_pipe
from eeg2fmri.core.errors import InputError

#: Bytes that no table of regions has.
LARGEST = 10_000_000
#: Heads of columns, in small letters, the first of which that is there counts.
NUMBERS = ("index", "id", "label_id", "component", "value", "number")
NAMES = ("name", "difumo_names", "region", "roi", "structure", "label", "labels")
#: Endings of tables that are looked for beside an image.
ENDINGS = (".tsv", ".csv", ".txt", ".lut", ".xml")
#: Number, then a name in quotes after colours and switches (ITK-SNAP), or a name before colours (FreeSurfer), or alone.
_ROW = (
    re.compile(r'(\d+)\s+(?:[\d.]+\s+)+"(.+)"'),
    re.compile(r"(\d+)\s+(\S.*?)(?:\s+\d+){3,4}"),
    re.compile(r"(\d+)[\s,;]+(\S.*)"),
)
HINT = "give a table with the columns index and name, separated by tabs"


def read_names(path: str | Path) -> dict[int, str]:
    r"""Read the name of each number of an atlas.

    Parameters
    ----------
    path : path
        TSV, CSV, look-up table, XML of FSL or AAL, or a name a line: the first is then that of number 1, or of the
        first map of a probabilistic atlas.

    Returns
    -------
    dict of int to str
        Without the background, number 0. A name that stands for several numbers is followed by the number.

    Raises
    ------
    InputError
        If the file cannot be read or holds no names.

    Examples
    --------
    >>> from pathlib import Path
    >>> _ = Path("atlas.tsv").write_text("index\tname\n1\tCuneus L\n2\tCuneus R\n")
    >>> read_names("atlas.tsv")
    {1: 'Cuneus L', 2: 'Cuneus R'}
    """
    path = Path(path)
    try:
        refuse_pipe(path)
        if path.stat().st_size > LARGEST:
            raise ValueError(f"{path.stat().st_size:,} bytes")
        text = path.read_text(encoding="utf-8-sig", errors="replace")
        found = _of_xml(text) if path.suffix.lower() == ".xml" else _of_text(text)
    except (OSError, ValueError, ElementTree.ParseError, csv.Error) as error:
        problem = str(error) or type(error).__name__
        raise InputError("the names of the atlas cannot be read", where=str(path), got=problem, hint=HINT) from None
    if not found:
        raise InputError("the table holds no names of regions", where=str(path), hint=HINT)
    return unique(found)


def table_beside(image: Path) -> Path | None:
    """Find the table of an atlas beside its image: of the same name, or of the name without its resolution (BIDS)."""
    stem = image.name.removesuffix(".gz").removesuffix(".nii")
    stems = dict.fromkeys((stem, re.sub(r"_res-[^_]+", "", stem)))
    tables = (image.with_name(one + ending) for one in stems for ending in ENDINGS)
    return next((table for table in tables if table.is_file()), None)


def unique(names: Mapping[int, str]) -> dict[int, str]:
    """Leave out the background, and follow a name that stands for several numbers by the number."""
    kept = {number: name for number, name in names.items() if number > 0}
    every = list(kept.values())
    return {number: name if every.count(name) == 1 else f"{name} ({number})" for number, name in kept.items()}


def of_columns(columns: Mapping[str, Sequence[object]]) -> dict[int, str]:
    """Take names, and their numbers where there is a column of them, out of a table; else they count from 1.

    Raises
    ------
    ValueError
        If there is no column of names, or a number is none.
    """
    heads = {str(head).strip().lower(): head for head in columns}
    named = next((heads[head] for head in NAMES if head in heads), None)
    if named is None:
        raise ValueError(f"columns {', '.join(map(str, columns))}, none of {', '.join(NAMES)}")
    numbered = next((heads[head] for head in NUMBERS if head in heads), None)
    names = [str(name).strip() for name in columns[named]]
    numbers: Iterable[object] = columns[numbered] if numbered is not None else range(1, len(names) + 1)
    return {int(float(str(number))): name for number, name in zip(numbers, names, strict=True) if name}


def _of_text(text: str) -> dict[int, str]:
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    if not lines:
        return {}
    separator = "\t" if "\t" in lines[0] else ","
    head = [cell.strip().lower() for cell in next(csv.reader(lines[:1], delimiter=separator))]
    if set(head) & set(NAMES):
        rows = list(csv.reader(lines, delimiter=separator))
        full = [row for row in rows[1:] if len(row) == len(rows[0])]
        return of_columns({name: [row[k] for row in full] for k, name in enumerate(rows[0])})
    matched = [_row(line.strip()) for line in lines]
    if all(one is None for one in matched):
        return dict(enumerate((line.strip() for line in lines), 1))
    return dict(one for one in matched if one is not None)


def _row(line: str) -> tuple[int, str] | None:
    found = next((match for pattern in _ROW if (match := pattern.fullmatch(line))), None)
    return None if found is None else (int(found[1]), found[2].strip())


def _of_xml(text: str) -> dict[int, str]:
    """Read FSL's labels, which count from 0 where an atlas is of probabilities, or AAL's, with both as elements."""
    root = ElementTree.fromstring(text)
    probabilities = (root.findtext(".//type") or "").strip().lower().startswith("prob")
    found = {}
    for label in root.iter("label"):
        number = label.get("index") or label.findtext("index")
        name = label.findtext("name") or label.text
        if number and name and name.strip():
            found[int(number) + probabilities] = name.strip()
    return found
