"""The recommended synthesiser beside the baselines on real recordings: states of BOLD from band powers of EEG.

Eighteen people of OpenNeuro ds003574 (CC0), all their volumes: the powers of six bands, and how far the BOLD of a
volume looks like that of five states, as logarithms of odds. Each person is tested once, by a model of the others.

    python -m benchmarks.study_states POWER_AND_STATES.npz OUT
    python -m benchmarks.study_states POWER_AND_STATES.npz OUT --folds 18
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from eeg2fmri.crossvalidate.run import cross_validate
from eeg2fmri.data.store.store import Store

TR_S = 2.1
BANDS = ("SW", "delta", "theta", "alpha", "sigma", "beta")
#: Probabilities are kept this far from 0 and 1.
LEAST = 1e-4


def store_of(source: Path, folder: Path, most: int | None) -> Store:
    """Make a store of all people of a file, of some volumes each at most."""
    if folder.exists():
        return Store.open(folder)
    with np.load(source) as file:
        people = sorted({name.split("/")[0] for name in file})
        powers = [file[f"{person}/power"][:most] for person in people]
        states = [np.clip(file[f"{person}/state"][:most], LEAST, 1 - LEAST) for person in people]
    odds = [np.log(state / (1 - state)) for state in states]
    return Store.from_arrays(folder, powers, odds, subjects=people, tr=TR_S, channels=BANDS)


def main() -> None:
    """Run the study and print a table: mean temporal r over people, by state."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("source", type=Path, help="power and state of each person, as .npz")
    parser.add_argument("out", type=Path)
    parser.add_argument("--folds", type=int, default=6)
    parser.add_argument("--most", type=int, default=None, help="volumes of a person at most")
    asked = parser.parse_args()
    store = store_of(asked.source, asked.out / "store", asked.most)
    settings = {
        "model": {"preset": "recommended"},
        "epochs": 0,
        "accelerator": "cpu",
        "split": {"by": "subject", "folds": asked.folds, "seed": 0},
    }
    found = cross_validate(store, asked.out / "cv", settings).evaluation
    assert found is not None
    print(found.verdict)
    for method in found.methods:
        print(f"{np.mean(found.of(method.name, 'temporal_r_mean')):7.3f}  {method.label}")


if __name__ == "__main__":
    main()
