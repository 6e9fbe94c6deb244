"""Simulate three subjects, prepare them, and train the documented synthesiser for one epoch."""

from eeg2fmri.data.prepare import prepare
from eeg2fmri.simulate import simulate_dataset, small_config
from eeg2fmri.train.run import train_run

simulate_dataset("bids", small_config(seed=1))
store = prepare("bids", "store")
print(f"{len(store.recordings)} recordings, {len(store.electrodes)} electrodes, volumes of {store.grid} voxels")

result = train_run(
    "store",
    "run",
    {
        "epochs": 1,
        "pairs": {"window": 4, "target": "dynamics"},
        "model": {"preset": "documented", "latent_shape": [3, 3, 3]},
    },
)
print(result.summary())
