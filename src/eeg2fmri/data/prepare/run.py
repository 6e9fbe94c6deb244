"""From a BIDS folder of simultaneous EEG-fMRI to a store."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from eeg2fmri import __version__
from eeg2fmri.core.config import fingerprint
from eeg2fmri.core.deprecation import renamed_arguments
from eeg2fmri.core.disk.digest import CONTENT
from eeg2fmri.core.disk.room import check_disk
from eeg2fmri.core.errors import InputError, StoreError
from eeg2fmri.core.log import Verbose, tells
from eeg2fmri.core.progress import Progress, silent
from eeg2fmri.data.bids.pairing import find_recordings
from eeg2fmri.data.prepare.check_data_set import Common
from eeg2fmri.data.prepare.check_recording import Plan
from eeg2fmri.data.prepare.nuisance import motion_table
from eeg2fmri.data.prepare.one_recording import Converted, convert
from eeg2fmri.data.prepare.planning import left_out, plan_all, reason_of, run_jobs
from eeg2fmri.data.prepare.recorded_markers import clock_files
from eeg2fmri.data.settings.prepare import PrepareConfig as PrepareConfig
from eeg2fmri.data.store.names import data_set_name, made_before
from eeg2fmri.data.store.origin.commit import commit_of
from eeg2fmri.data.store.origin.sources import origin
from eeg2fmri.data.store.store import Store
from eeg2fmri.data.store.writer import StoreWriter, refuse_existing


@renamed_arguments(since="0.1", removed="0.3", store_path="store")
@tells
def prepare(
    bids_root: str | Path,
    store: str | Path | None = None,
    config: PrepareConfig | Mapping[str, Any] | str | Path | None = None,
    *,
    n_jobs: int = 1,
    folder: str | Path = ".",
    progress: Progress = silent,
    verbose: Verbose = None,
) -> Store:
    """Make a store of the recordings of a BIDS folder.

    Everything that can be seen in headers is checked for all recordings before the first array is written;
    the store is complete or absent. If the process is killed or interrupted, the next attempt with the same settings
    and files goes on after the last recording that was completed.

    Parameters
    ----------
    bids_root : path
        BIDS folder with EEG and BOLD of the same runs.
    store : path, optional
        Folder to make; must not exist. Left out, the store is made in `folder` and named by the data set and its hash,
        as in ``bids-1a2b3c4d``; if there is one already of the same files and settings, that one is opened.
    config : PrepareConfig, mapping or path, optional
        Settings, or a YAML or JSON file with them; the defaults fit a data set with volume markers and one grid.
    n_jobs : int
        Recordings prepared at the same time (joblib); the store does not depend on it. Inside
        ``joblib.parallel_config("dask")``, -1 uses the whole cluster.
    folder : path
        Where a store without a name goes.
    progress : Progress
        Told after each recording.
    verbose : bool, str, int or None
        Level of the log for this call; see `eeg2fmri.core.log`.

    Raises
    ------
    InputError
        With every problem of every recording, if the data cannot be used.
    StoreError
        If the output exists or cannot be written, for example because the disk is full.

    Examples
    --------
    >>> prepare("bids", "made")
    <Store | made: 3 recordings of 3 subjects, 12 electrodes, 36 frequencies, 9x11x8 voxels every 1.5 s>
    """
    root, config = Path(bids_root), PrepareConfig.take(config)
    if store is not None:
        refuse_existing(Path(store))
    target = Path(folder) / data_set_name(root) if store is None else Path(store)
    try:
        return _prepared(root, target, config, store is None, n_jobs, progress)
    except InputError as error:
        raise _listed(error, target) from None


def _prepared(root: Path, target: Path, config: PrepareConfig, by_hash: bool, n_jobs: int, progress: Progress) -> Store:
    found = find_recordings(root, config)
    planned = plan_all(found.recordings, config, root, n_jobs, progress)
    plans, common, notes = planned.plans, planned.common, [*found.notes, *planned.notes]
    key = _key(root, plans, common, config)
    before = made_before(target.parent, target.name, key) if by_hash else None
    if before is not None:
        return before
    _check_space(target, plans, common, config)
    with StoreWriter(target, key, by_hash=by_hash) as writer:
        converted = {
            plan.files.id: Converted.of_noted(plan.files.id, noted)
            for plan in plans
            if (noted := writer.finished(plan.files.id)) is not None
        }
        left = [plan for plan in plans if plan.files.id not in converted]
        jobs = ((plan, common, config, writer.folder(plan.files.id), root) for plan in left)
        for done in run_jobs(convert, jobs, n_jobs):
            converted[done.id] = done
            if not done.problems:
                writer.mark(done.id, done.noted())
            progress("Preparing", len(converted), len(plans))
        ordered = [converted[plan.files.id] for plan in plans]
        faulty = [one for one in ordered if one.problems]
        if faulty and (config.problems == "error" or len(faulty) == len(ordered)):
            raise InputError.of(problem for one in faulty for problem in one.problems)
        for one in faulty:
            writer.remove(one.id)
            notes.append(left_out(one.id, reason_of(one.problems)))
        ordered = [one for one in ordered if not one.problems]
        sources = _merged([source for one in ordered for source in one.sources])
        writer.finish(
            {one.id: one.files for one in ordered},
            config=config,
            sources=[{name: source[name] for name in ("path", "size", CONTENT)} for source in sources],
            origin=origin(root, sources, key),
            electrodes=common.electrodes,
            frequencies=common.frequencies,
            tr=common.tr,
            grid=common.grid,
            affine=ordered[0].affine,
            space=common.space,
            notes=notes,
            regions=() if common.target.atlas is None else [int(number) for number in common.target.atlas.numbers],
            commit=commit_of(root),
            elements="" if common.target.elements is None else common.target.elements.text,
        )
    return Store.open(writer.path)


def _key(root: Path, plans: list[Plan], common: Common, config: PrepareConfig) -> str:
    """Hash of what a store is made of, without reading it: settings, and names, sizes and times of the files.

    These are all files of the folders of the recordings, and of those above up to the data set: any of them may be, or
    become, a sidecar; and the confounds of fMRIPrep.
    """
    folders = {path.parent for plan in plans for path in (plan.files.eeg, plan.files.bold)}
    top = Path(os.path.abspath(root))  # noqa: PTH100 - links keep their names
    folders |= {above for folder in folders for above in folder.parents if above.is_relative_to(top)}
    files = [path for folder in folders for path in folder.iterdir() if path.is_file()]
    files += [path for plan in plans for path in clock_files(plan.files, config, root)]
    files += [found[1] for plan in plans if (found := motion_table(plan.files.bold)) is not None]
    facts = sorted(
        (str(path.absolute()), path.stat().st_size, path.stat().st_mtime_ns)
        for path in (*files, *common.target.sources)
    )
    return fingerprint([__version__, config.model_dump(mode="json"), [plan.files.id for plan in plans], facts])


def _listed(error: InputError, store: Path) -> InputError:
    """Write the problems into a file beside the store, where the error does not show all of them."""
    if not error.shortened:
        return error
    path = store.with_name(f"{store.name}_problems.txt")
    try:
        path.write_text("\n\n".join(str(problem) for problem in error.problems) + "\n", encoding="utf-8")
    except OSError:  # a folder that cannot be written is told of where it matters
        return error
    return InputError.of(error.problems, listed_in=str(path))


def _check_space(target: Path, plans: list[Plan], common: Common, config: PrepareConfig) -> None:
    row = len(common.electrodes) * len(common.frequencies) + common.grid[0] * common.grid[1] * common.grid[2]
    raw = 0
    if config.raw is not None:
        item = 2 if config.raw.kind == "float16" else 4
        raw = item * len(common.electrodes) * config.raw.samples(common.tr)
    needed = (4 * row + raw) * sum(plan.n_volumes for plan in plans)
    check_disk(target, needed, "set a coarser 'grid'", StoreError)


def _merged(sources: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """List each source once, in order of its path: sidecars may serve several recordings."""
    by_path = {source["path"]: source for source in sources}
    return [by_path[path] for path in sorted(by_path)]
