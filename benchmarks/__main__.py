"""``python -m benchmarks [NAME ...]``: run the measurements, print one table, keep it as JSON.

Each module ``benchmarks/bench_NAME.py`` has ``measure() -> list[Row]``.
"""

from __future__ import annotations

import importlib
import json
import os
import platform
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.common import Row
from eeg2fmri.cli.console import table

FOLDER = Path(__file__).parent
OUT = FOLDER / "results.json"


def main(names: list[str]) -> None:
    found = sorted(path.stem.removeprefix("bench_") for path in FOLDER.glob("bench_*.py"))
    unknown = sorted(set(names) - set(found))
    if unknown:
        sys.exit(f"unknown: {', '.join(unknown)}; there are: {', '.join(found)}")
    rows: dict[str, list[Row]] = {}
    for name in names or found:
        print(f"measuring {name} ...", file=sys.stderr)
        rows[name] = importlib.import_module(f"benchmarks.bench_{name}").measure()
    table(
        f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        ("what", "value", "unit", "target", "met"),
        [
            (row.name, f"{row.value:.4g}", row.unit, row.target, {True: "yes", False: "NO", None: ""}[row.met])
            for each in rows.values()
            for row in each
        ],
    )
    OUT.write_text(
        json.dumps(
            {
                "when": datetime.now(UTC).isoformat(timespec="seconds"),
                "machine": platform.platform(),
                "cores": os.cpu_count(),
                "rows": {name: [asdict(row) for row in each] for name, each in rows.items()},
            },
            indent=2,
        )
        + "\n",
        encoding="utf-8",
    )
    print(f"kept: {OUT}")


main(sys.argv[1:])
