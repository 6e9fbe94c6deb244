"""EEG-only recordings of groups that differ in known regions and rhythms, written as a BIDS folder with its truth.

No BOLD, no scanner and no volume markers: what a clinic has.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from eeg2fmri.core.disk.files import refuse_existing, whole_folder
from eeg2fmri.core.errors import ConfigError
from eeg2fmri.core.progress import Progress, silent
from eeg2fmri.core.random import generator
from eeg2fmri.simulate.groups import files as groups_files
from eeg2fmri.simulate.groups.config import GroupEffect as GroupEffect
from eeg2fmri.simulate.groups.config import GroupsConfig as GroupsConfig
from eeg2fmri.simulate.groups.member import GroupMember
from eeg2fmri.simulate.head.forward import compute_gain
from eeg2fmri.simulate.neural.envelopes import envelope_power
from eeg2fmri.simulate.recording.eeg import simulate_eeg
from eeg2fmri.simulate.recording.room import check_room
from eeg2fmri.simulate.recording.study import Study, make_study, place_cap
from eeg2fmri.simulate.recording.subject import draw_subject
from eeg2fmri.simulate.worlds.rhythms import RHYTHMS
from eeg2fmri.simulate.write.names import subject_labels

SITES = ("A", "B")
#: Age from which slowing and flattening are counted, years.
REFERENCE_AGE = 30
#: Lowest alpha peak and exponent that age leads to.
LOWEST_PEAK, LOWEST_EXPONENT = 6.0, 0.5


def affected(config: GroupsConfig, study: Study, group: str) -> np.ndarray:
    """Change of the logarithm of the rhythms' amplitude in a group, shape (region, band)."""
    change = np.zeros_like(study.group.moment)
    folded = np.column_stack([np.abs(study.sources.centres[:, 0]), study.sources.centres[:, 1:]])
    bands = [rhythm.name for rhythm in RHYTHMS]
    for effect in config.all_effects():
        if effect.group == group:
            peak = np.abs(effect.centre[0]), *effect.centre[1:]
            near = np.linalg.norm(folded - peak, axis=1) < effect.radius_mm
            if not near.any():
                raise ConfigError(
                    "an effect reaches no region",
                    where="effects",
                    got=f"{effect.centre} within {effect.radius_mm:g} mm",
                    hint="give a larger 'radius_mm', a place in grey matter, or more 'regions'",
                )
            change[near, bands.index(effect.band)] += effect.weight * config.effect
    return change


def draw_members(config: GroupsConfig, study: Study) -> list[GroupMember]:
    """Draw the subjects; which group a label has does not depend on anything else that is drawn."""
    labels = subject_labels(study.config)
    n = len(labels)
    of = np.resize(np.arange(len(config.groups)), n)
    generator(config.seed, "groups").shuffle(of)
    return [_member(config, study, label, config.groups[g], later=bool(g)) for label, g in zip(labels, of, strict=True)]


def _member(config: GroupsConfig, study: Study, label: str, group: str, *, later: bool) -> GroupMember:
    rng = generator(config.seed, "member", label)
    place, choice, years = rng.uniform(size=3)
    site = SITES[int(later)] if choice < config.site_confound else SITES[int(place < 0.5)]
    age = round(config.ages[0] + years * (config.ages[1] - config.ages[0]) + later * config.age_confound)
    drawn = draw_subject(study.config, study.sources, study.group, label)
    older = age - REFERENCE_AGE
    peak = drawn.peak - np.array([config.alpha_slowing * older, 0.0])
    return GroupMember(
        replace(
            drawn,
            age=age,
            peak=np.maximum(peak, LOWEST_PEAK),
            exponent=max(drawn.exponent - config.flattening * older, LOWEST_EXPONENT),
        ),
        group,
        site,
    )


def simulate_member(config: GroupsConfig, study: Study, member: GroupMember) -> np.ndarray:
    """Simulate the recording of one subject: EEG in V, float32, shape (electrode, sample).

    The difference of the group is put on the dipole moments after the amplitudes are set: it is not scaled away.
    """
    name = f"sub-{member.subject.label}"

    def rng(part: str) -> np.random.Generator:
        return generator(config.seed, part, name)

    cap = place_cap(study, member.subject, name)
    change = np.exp(affected(config, study, member.group))
    projection = replace(cap.projection, moment=cap.projection.moment * change)
    draws, n_times = rng("envelopes"), len(study.clock.envelopes)
    power = np.stack([envelope_power(mixing, n_times, draws) for mixing in study.group.mixing], axis=1)
    eeg_config = config.eeg
    if member.site == SITES[1] and config.site_effect:
        louder = config.eeg.sensor_noise * float(np.exp(2 * config.site_effect))
        eeg_config = config.eeg.model_copy(update={"sensor_noise": louder})
    eeg = simulate_eeg(projection, power.astype(np.float32), member.subject, eeg_config, study.clock, rng("eeg"))
    if member.site == SITES[1] and config.site_effect:
        eeg *= site_gain(config, study)[:, None].astype(np.float32)
    return eeg


def site_gain(config: GroupsConfig, study: Study) -> np.ndarray:
    """Gain of the electrodes at site B relative to site A, shape (electrode,): falls from the front to the back."""
    y = study.electrodes.positions[:, 1]
    span = float(np.ptp(y)) or 1.0
    return np.exp(config.site_effect * ((y - y.min()) / span - 0.5))


def electrode_power(study: Study) -> np.ndarray:
    """Power of each region's rhythm at each electrode in a subject like the group's mean, (band, electrode, region).

    Against the average of the electrodes; any unit. With an effect, that of a region changes by exp(2 change).
    """
    gain = compute_gain(study.electrodes, study.electrodes.positions, study.sources)
    normals = study.sources.normals @ study.electrodes.mni_to_head[:3, :3].T
    lead_field = np.einsum("erk,rk->er", gain.regions, normals)
    lead_field -= lead_field.mean(axis=0)
    power: np.ndarray = (lead_field[None] * study.group.moment.T[:, None]) ** 2
    return power / power.sum()


def simulate_groups(root: str | Path, config: GroupsConfig | None = None, progress: Progress = silent) -> Path:
    """Simulate EEG-only recordings of groups and write them as a BIDS folder.

    ``participants.tsv`` names group, site, age and sex; ``derivatives/truth`` says which regions and rhythms differ.
    The folder is absent or complete.

    Parameters
    ----------
    root : path
        Folder that does not exist yet, or is empty.
    config : GroupsConfig, optional
        All settings.
    progress : Progress
        Told about every subject.

    Raises
    ------
    InputError
        If `root` exists and is not an empty folder, or memory or disk have too little room.
    ConfigError
        If electrodes are not in the 10-05 system, or an effect reaches no region.
    """
    root, config = Path(root), config if config is not None else GroupsConfig()
    refuse_existing(root)
    check_room(root, config.recording(), config.subjects)
    study = make_study(config.recording())
    members = draw_members(config, study)
    changes = {group: affected(config, study, group) for group in config.groups}
    with whole_folder(root) as unfinished:
        progress("Simulating", 0, len(members))
        for done, member in enumerate(members, 1):
            groups_files.write_recording(unfinished, config, study, member, simulate_member(config, study, member))
            progress("Simulating", done, len(members))
        groups_files.write_dataset(unfinished, config, members)
        groups_files.write_truth(unfinished, config, study, changes, site_gain(config, study), electrode_power(study))
    return root
