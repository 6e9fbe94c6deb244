"""Files of a simulated EEG-only data set: recordings, participants, truth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from eeg2fmri import __version__
from eeg2fmri.simulate.groups.config import GroupsConfig
from eeg2fmri.simulate.recording.study import Study
from eeg2fmri.simulate.worlds.rhythms import RHYTHMS
from eeg2fmri.simulate.write.bids import BIDS_VERSION, write_eeg_files, write_json, write_table
from eeg2fmri.simulate.write.names import Recording

if TYPE_CHECKING:
    from eeg2fmri.simulate.groups.member import GroupMember

TRUTH = Path("derivatives", "truth")

_README = """Simulated EEG of {n} subjects in {groups} groups, made by eeg2fmri. No person was recorded.

The groups {differ}. Seed: {seed}. What is true of these data lies under derivatives/truth.
"""


def write_recording(root: Path, config: GroupsConfig, study: Study, member: GroupMember, eeg: np.ndarray) -> None:
    """Write one recording (electrode, sample), V, as BrainVision with its sidecars, without volume markers."""
    import pybv

    recording = Recording(member.subject.label, None, "rest", None)
    folder = recording.folder(root) / "eeg"
    folder.mkdir(parents=True)
    pybv.write_brainvision(
        data=eeg,
        sfreq=config.sfreq,
        ch_names=list(study.electrodes.names),
        fname_base=f"{recording.id}_eeg",
        folder_out=str(folder),
        events=None,
        resolution=max(0.1, float(np.ceil(float(np.abs(eeg).max()) * 1e6 / 3200)) / 10),
        unit="µV",
        fmt="binary_int16",
    )
    write_eeg_files(folder, recording, study.config, study.electrodes, study.clock)
    for suffix in ("events.tsv", "events.json"):  # of a scanner, and there is none
        (folder / f"{recording.id}_{suffix}").unlink()


def write_dataset(root: Path, config: GroupsConfig, members: Sequence[GroupMember]) -> None:
    """Write what describes the data set as a whole."""
    write_json(root / "dataset_description.json", _description("Simulated EEG of groups", "raw") | {"License": "CC0"})
    differ = f"differ by an effect of {config.effect:g}" if config.effect else "do not differ"
    text = _README.format(n=len(members), groups=len(config.groups), differ=differ, seed=config.seed)
    (root / "README").write_text(text, encoding="utf-8")
    write_table(
        root / "participants.tsv",
        ("participant_id", "group", "site", "age", "sex"),
        [(f"sub-{m.subject.label}", m.group, m.site, m.subject.age, m.subject.sex) for m in members],
    )
    write_json(
        root / "participants.json",
        {
            "group": {"Description": "Group of the simulated participant", "Levels": {g: g for g in config.groups}},
            "site": {"Description": "Where the EEG was recorded", "Levels": {"A": "site A", "B": "site B"}},
            "age": {"Description": "Age of the simulated participant", "Units": "year"},
            "sex": {"Description": "Sex of the simulated participant", "Levels": {"F": "female", "M": "male"}},
        },
    )


def write_truth(
    root: Path,
    config: GroupsConfig,
    study: Study,
    changes: Mapping[str, np.ndarray],
    gain: np.ndarray,
    power: np.ndarray,
) -> None:
    """Write the settings, and for each group how the logarithm of the amplitudes changes, (region, band).

    Beside it, what follows at the electrodes can be had from `power` (band, electrode, region).
    """
    folder = root / TRUTH
    folder.mkdir(parents=True)
    write_json(folder / "dataset_description.json", _description("Truth of simulated EEG of groups", "derivative"))
    write_json(
        folder / "groups.json",
        {
            "config": config.model_dump(mode="json"),
            "effects": [effect.model_dump(mode="json") for effect in config.all_effects()],
            "bands": [{"name": r.name, "low_hz": r.low, "high_hz": r.high} for r in RHYTHMS],
            "regions_affected": {
                group: {r.name: np.flatnonzero(change[:, b]).tolist() for b, r in enumerate(RHYTHMS)}
                for group, change in changes.items()
            },
        },
    )
    arrays = {f"change_{group}": change for group, change in changes.items()}
    arrays |= {"electrodes": np.array(study.electrodes.names), "electrode_power": power}
    np.savez(folder / "groups.npz", region_centres=study.sources.centres, site_gain=gain, **arrays)  # type: ignore[arg-type]


def _description(name: str, kind: str) -> dict[str, object]:
    return {
        "Name": name,
        "BIDSVersion": BIDS_VERSION,
        "DatasetType": kind,
        "Authors": ["eeg2fmri"],
        "HowToAcknowledge": "Simulated data: no person was recorded.",
        "GeneratedBy": [{"Name": "eeg2fmri simulate-eeg", "Version": __version__}],
    }
