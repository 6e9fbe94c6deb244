"""Notice that files of a store were swapped, replaced or written to after it was complete.

The manifest is written last. A file whose times are later than those of the manifest was touched afterwards: it is read
and compared with its digest, once. In a store that nobody touched, this costs a look at the times.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from eeg2fmri.core.disk.digest import CONTENT, content_digest
from eeg2fmri.core.errors import Problem
from eeg2fmri.data.store.format import AGAIN, MANIFEST
from eeg2fmri.data.store.origin.sources import recall, remember

#: Key of what is remembered: times of files whose content was compared after they were touched.
_KEY = "touched_ns"


def touched_problems(store: Path, digests: dict[str, dict[str, dict[str, Any]]]) -> list[Problem]:
    """Compare the content of the files that were touched since the store was complete.

    Parameters
    ----------
    store : Path
        Folder of the store.
    digests : dict of str to dict
        Size and digest of each file of each recording, as the manifest has them.

    Returns
    -------
    list of Problem
        Files that hold something else.
    """
    complete = _time(store / MANIFEST)
    known = recall(store).get(_KEY, {})
    problems, sound = [], {}
    for recording, files in digests.items():
        for name, facts in files.items():
            file, key = store / recording / name, f"{recording}/{name}"
            time = _time(file)
            if time <= complete or known.get(key) == time:
                continue
            if content_digest(file) == facts[CONTENT]:
                sound[key] = time
            else:
                problems.append(Problem("the content of a file of the store has changed", str(file), hint=AGAIN))
    if sound:
        remember(store, {**recall(store), _KEY: {**known, **sound}})
    return problems


def _time(file: Path) -> int:
    """Latest change of content or name, in ns."""
    facts = file.stat()
    return max(facts.st_mtime_ns, facts.st_ctime_ns)
