"""The report: one HTML file that opens from disk without a network."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from eeg2fmri.core.disk.files import write_text
from eeg2fmri.core.progress import Progress, silent
from eeg2fmri.report.html import viewer
from eeg2fmri.report.html.document import LARGEST_PAGE, fill
from eeg2fmri.report.html.numbers import duration, number, plural, times, value
from eeg2fmri.report.html.pictures import Picture
from eeg2fmri.report.read.run import RunResults
from eeg2fmri.report.sections import gallery
from eeg2fmri.report.sections.controls import control_table
from eeg2fmri.report.sections.element_gallery import recording_pictures
from eeg2fmri.report.sections.explanation_gallery import explanation_pictures
from eeg2fmri.report.sections.explanation_words import explanation_text
from eeg2fmri.report.sections.methods import methods_of_run
from eeg2fmri.report.sections.region_gallery import latent_words, named_regions, region_pictures, region_table
from eeg2fmri.report.sections.tables import (
    difference_table,
    quality_table,
    subject_tables,
    summary_table,
)
from eeg2fmri.report.sections.verdict import key_numbers, verdict, warnings_of

#: What everything but pictures and volumes may take of it: NiiVue, tables, settings, text.
OTHER_PARTS = 2_500_000

#: Test subjects that are shown with every picture, and with their correlation map at least.
SUBJECTS_IN_FULL = 4
SUBJECTS_WITH_MAP = 12


def write_report(run_folder: str | Path, out: str | Path | None = None, *, progress: Progress = silent) -> Path:
    """Write one self-contained HTML page about a run; see `eeg2fmri.report.read.folders.write_page`."""
    results = RunResults.read(run_folder)
    path = results.folder / "report.html" if out is None else Path(out)
    write_text(path, render(results, progress=progress))
    return path


def render(results: RunResults, *, progress: Progress = silent) -> str:
    """Return the page as text."""
    evaluation = results.evaluation
    pictures = _pictures(results, progress)
    shown, space = results.examples[:SUBJECTS_WITH_MAP], str(results.card.get("space", ""))
    shown = () if results.card.get("elements") or results.card.get("regions") else shown  # the viewer shows voxels
    volumes = viewer.viewer_data(shown, space=space, budget=_room(pictures))
    left_out = max(len(results.examples) - SUBJECTS_WITH_MAP, 0)
    return fill(
        "report.html.j2",
        kind="report",
        name=results.folder.resolve().name,
        verdict=verdict(results),
        numbers=key_numbers(evaluation) if evaluation else [],
        warnings=warnings_of(results),
        evaluated=evaluation is not None,
        scores=summary_table(evaluation) if evaluation else None,
        differences=difference_table(evaluation) if evaluation else None,
        controls=control_table(evaluation.controls) if evaluation else None,
        controls_sentence=evaluation.controls.sentence if evaluation and evaluation.controls else "",
        score_details=subject_tables(evaluation) if evaluation else [],
        times_read=times(evaluation.times_read) if evaluation and evaluation.times_read else "",
        pictures=pictures,
        regions=region_table(evaluation.regions) if evaluation else None,
        named_regions=named_regions(evaluation.regions) if evaluation else None,
        latents=latent_words(evaluation) if evaluation else "",
        protocol=results.protocol.label,
        methods=methods_of_run(results),
        training=gallery.training_words(results.history) if results.history else "",
        calibration=gallery.calibration_facts(evaluation) if evaluation else {},
        explanation=explanation_text(results.explanation) if results.explanation else None,
        left_out=plural(left_out, "test subject") if left_out else "",
        viewer=volumes,
        niivue=viewer.niivue() if volumes else "",
        licences=viewer.licences() if volumes else "",
        facts=_facts(results),
        split=[(part, plural(len(ids), "recording"), ", ".join(ids)) for part, ids in results.split.items()],
        quality=quality_table(results.quality),
        settings=_download("train.yaml", results.settings),
        model=_download("config.json", results.card.get("model", {})),
        environment=[(name, value(item)) for name, item in results.environment.items() if name != "packages"],
        packages=value(results.environment.get("packages", {})),
    )


def how_many(position: int) -> str:
    """How much is drawn of the test subject at a position: "all", the "correlation" map alone, or "none"."""
    if position < SUBJECTS_IN_FULL:
        return "all"
    return "correlation" if position < SUBJECTS_WITH_MAP else "none"


def _pictures(results: RunResults, progress: Progress) -> dict[str, list[Picture]]:
    evaluation = results.evaluation
    maps, courses = results.examples, results.courses
    total = len(maps) + 2
    parts = ("scores", "maps", "regions", "calibration", "explanation", "training")
    found: dict[str, list[Picture]] = {part: [] for part in parts}
    if evaluation is not None:
        found["scores"] = gallery.score_pictures(evaluation)
        found["calibration"] = gallery.calibration_pictures(evaluation)
        of_recording = {one.recording: one for one in courses}
        for regions in evaluation.regions[:SUBJECTS_IN_FULL]:
            found["regions"] += region_pictures(regions, of_recording.get(regions.recording))
    if results.explanation is not None:
        found["explanation"] = explanation_pictures(results.explanation)
    progress("Drawing the report", 1, total)
    left = {one.recording: one for one in courses}
    for done, one in enumerate(maps, start=2):
        found["maps"] += recording_pictures(
            one, how_many(done - 2), str(results.card.get("elements", "")), results.card.get("regions", ())
        )
        if one.recording in left:
            found["maps"].append(gallery.course_picture(left.pop(one.recording)))
        progress("Drawing the report", done, total)
    found["maps"] += [gallery.course_picture(some) for some in left.values()]
    if results.history is not None and len(results.history.epochs):
        found["training"] = gallery.training_pictures(results.history)
    progress("Drawing the report", total, total)
    return found


def _room(pictures: Mapping[str, list[Picture]]) -> int:
    """Return the bytes that pictures leave for the volumes of the viewer."""
    taken = sum(len(one.light) + len(one.dark) for some in pictures.values() for one in some)
    return min(viewer.VOLUME_BUDGET, LARGEST_PAGE - OTHER_PARTS - taken)


def _facts(results: RunResults) -> list[tuple[str, str]]:
    """List what the model was trained on, from its card."""
    card, pairs = results.card, results.card.get("pairs", results.settings.get("pairs", {}))
    found: list[tuple[str, str]] = []
    if results.protocol.label:
        found.append(("Protocol", results.protocol.label))
    for part, ids in results.split.items():
        found.append((f"Recordings, {part}", str(len(ids))))
    if "electrodes" in card:
        found.append(("Electrodes", f"{len(card['electrodes'])}: {', '.join(map(str, card['electrodes']))}"))
    if len(card.get("frequencies", ())):
        low, high = card["frequencies"][0], card["frequencies"][-1]
        found.append(("Frequencies", f"{len(card['frequencies'])}, {number(low)} to {number(high)} Hz"))
    if "tr" in card:
        found.append(("Repetition time", f"{number(card['tr'])} s"))
    if "grid" in card:
        found.append(("Volume grid", " x ".join(str(size) for size in card["grid"]) + " voxels"))
    if "space" in card:
        found.append(("Space", value(card["space"])))
    if "window" in pairs and "tr" in card:
        found.append(("EEG window", f"{pairs['window']} volumes, {number(pairs['window'] * card['tr'])} s"))
    for key, label in PAIR_LABELS.items():
        if key in pairs:
            found.append((label, "chosen by the repetition time" if pairs[key] is None else value(pairs[key])))
    if results.history is not None:
        epochs = results.history.n_epochs
        found.append(("Epochs", str(epochs) if epochs else "none: fitted in closed form"))
        if not np.isnan(results.history.seconds):
            found.append(("Training time", duration(results.history.seconds)))
    return found


PAIR_LABELS: Mapping[str, str] = {
    "eeg": "EEG as the model sees it",
    "lag": "Volumes between window and target",
    "skip_volumes": "Volumes dropped at the start",
    "target": "Target",
    "eeg_scaling": "Scaling of the EEG",
    "bold_scaling": "Scaling of the BOLD",
}


def _download(name: str, settings: Any) -> dict[str, str] | None:
    """Text of settings, and an address under which the browser saves it."""
    if not settings:
        return None
    text = yaml.safe_dump(_plain(settings), sort_keys=False, allow_unicode=True)
    encoded = base64.b64encode(text.encode()).decode("ascii")
    return {"name": name, "text": text, "address": f"data:text/yaml;base64,{encoded}"}


def _plain(anything: Any) -> Any:
    """Return the same values in types that YAML writes without tags."""
    if isinstance(anything, Mapping):
        return {str(key): _plain(item) for key, item in anything.items()}
    if isinstance(anything, list | tuple):
        return [_plain(item) for item in anything]
    return anything if isinstance(anything, str | int | float | bool | None) else str(anything)
