"""The worlds by name. Each has a twin without coupling, ``coupling: 0``, in which EEG and BOLD are independent."""

from __future__ import annotations

from dataclasses import replace

from eeg2fmri.simulate.worlds.rhythms import ALPHA, BETA, FLAT, RHYTHMS, SIGMA, STEEP, THETA
from eeg2fmri.simulate.worlds.world import World

#: Rhythms of which BOLD follows alpha alone, with less where it is strong; and rhythms that tell nothing of BOLD.
_INVERSE = (replace(ALPHA, weight=(-1.0, 0.0)), replace(BETA, weight=(0.0, 0.0)))
_SILENT = tuple(replace(rhythm, weight=(0.0, 0.0)) for rhythm in RHYTHMS)
_TASK = (replace(ALPHA, weight=(-1.0, 0.0)), replace(BETA, weight=(-0.5, 0.2)))

_ALL = (
    World("powers", "the power of the region's own alpha and beta"),
    World(
        "focal",
        "one alpha process in an eighth of the regions, which lie together",
        rhythms=_INVERSE,
        coupled="cluster",
        together=True,
        settings={"coupled": 0.125, "shared": 1.0},
    ),
    World(
        "inverse_alpha",
        "the region's own alpha, turned round, and nothing else",
        rhythms=_INVERSE,
        settings={"shared": 1.0},
    ),
    World(
        "exponent",
        "the exponent of the region's own 1/f background",
        rhythms=(STEEP, FLAT, *_SILENT),
        course="seesaw",
        settings={"shared": 1.0},
    ),
    World("bursts", "bursts of alpha and beta of a second each, and how often they come", course="bursts"),
    World("responses", "powers, with responses that peak at 3.5 to 8 s by region and subject", peaks=(3.5, 8.0)),
    World("lags", "powers, 0 to 6 s before the response by region and subject", lags=(0.0, 6.0)),
    World("far", "powers of another region, at least half the brain away", source="far"),
    World(
        "deep",
        "powers of the regions nearest to the centre of the head, which EEG hardly sees",
        coupled="deep",
        settings={"coupled": 0.25},
    ),
    World(
        "shared",
        "powers that neighbours within some 4 cm have in common",
        shares=(0.05, 0.05, 0.85, 0.05),
        reach=40.0,
    ),
    World(
        "vigilance",
        "one vigilance of the whole brain in stages from wakefulness to light sleep, not stationary",
        rhythms=(ALPHA, BETA, THETA, SIGMA),
        course="stages",
        settings={"coupled": 0.9},
    ),
    World(
        "synchrony",
        "how far neighbours oscillate in phase in alpha; powers stay",
        rhythms=_INVERSE,
        shows="synchrony",
        settings={"shared": 1.0},
    ),
    World("nonlinear", "squares and products of the logarithms of the region's powers", effect="products"),
    World(
        "blocks",
        "a task in blocks of 20 s, the same for everybody, in which alpha and beta fall; nearly nothing of rest",
        rhythms=_TASK,
        coupled="cluster",
        course="blocks",
        spontaneous=0.1,
        settings={"coupled": 0.3, "tasks": ("blocks",)},
    ),
    World(
        "events",
        "events at other times in every recording, after which alpha and beta fall; nearly nothing of rest",
        rhythms=_TASK,
        coupled="cluster",
        course="events",
        spontaneous=0.1,
        settings={"coupled": 0.3, "tasks": ("events",)},
    ),
    World("unequal_caps", "powers, seen by electrodes whose gains and references differ", cap="unequal"),
    World("gaps", "powers, seen by caps of which some electrodes are missing, in each session others", cap="gaps"),
    World(
        "motion",
        "nothing neural: movement of the head shows in EEG and BOLD",
        coupled="nowhere",
        artefact="movement",
        settings={"bold": {"motion": 0.4}},
    ),
    World(
        "pulse",
        "nothing neural: the heart's residue in the EEG grows as blood flow and breathing change BOLD",
        coupled="nowhere",
        artefact="pulse",
        settings={"bold": {"vascular": 1.5}},
    ),
    World(
        "gradient",
        "nothing neural: the gradients' residue in the EEG grows where the head has moved, and BOLD has moved too",
        coupled="nowhere",
        artefact="gradient",
        settings={"bold": {"motion": 0.4}},
    ),
    World(
        "drifts",
        "powers, under slow drifts of EEG and BOLD that know nothing of each other",
        settings={"eeg": {"drift": 0.4}, "bold": {"drift": 2.0}},
    ),
)

WORLDS: dict[str, World] = {world.name: world for world in _ALL}
POWERS = WORLDS["powers"]
