"""State the facts of the electrical fingerprint, which is a baseline here (`eeg2fmri.models.baselines`)."""

from __future__ import annotations

from eeg2fmri.models.rivals.published import Inputs, Rival, Score, Target

RIVAL = Rival(
    kind="electrical_fingerprint",
    label="electrical fingerprint",
    paper="Meir-Hasson et al., NeuroImage 102, 2014",
    licence="no code of the paper; a later study (cccbauer/dmnelf) has no licence, and gives numbers only",
    inputs=Inputs(
        kind="spectrogram", scaling="log power in ten bands of equal energy, 1 to 40 Hz", scaled_by="network"
    ),
    target=Target(kind="regions", scaling="recording"),
    scores=tuple(
        Score(
            data=data,
            metric="r",
            value=value,
            protocol=protocol,
            doubt="read from a draft; motion, white matter and CSF regressed out of the target",
        )
        for data, protocol, value in (
            ("CEN, cohort 1", "own subject, one run left out", 0.103),
            ("DMN, cohort 1", "own subject, one run left out", 0.060),
            ("CEN, cohort 2", "frozen, other people", 0.066),
            ("DMN, cohort 2", "frozen, other people", 0.045),
        )
    ),
    changed=(
        "Power is that of the store's spectra, one a TR, in place of a Stockwell transform; it predicts every "
        "voxel or region."
    ),
    baseline=True,
)
