import numpy as np

from eeg2fmri.data.public.samples import sleep_states


def test_powers_and_states_are_of_the_same_volumes_and_go_together():
    sample = sleep_states()
    assert list(sample.power) == list(sample.state) == [f"{k:02d}" for k in range(1, 9)]
    for label, power in sample.power.items():
        assert power.shape == (1000, len(sample.bands))
        assert sample.state[label].shape == (1000, len(sample.states))
        assert np.isfinite(power).all()
        assert np.abs(sample.state[label]).max() < 13.9

    def recentred(x):
        return (x - x.mean(0)) / x.std(0)

    # a ridge that was fitted to the others predicts rest in each: the classifier saw BOLD alone
    x = {label: recentred(power) for label, power in sample.power.items()}
    y = {label: recentred(state) for label, state in sample.state.items()}
    r = []
    for label in x:
        others = [name for name in x if name != label]
        a, b = np.concatenate([x[name] for name in others]), np.concatenate([y[name] for name in others])
        weights = np.linalg.solve(a.T @ a + 100 * np.eye(a.shape[1]), a.T @ b)
        r.append([np.corrcoef(p, t)[0, 1] for p, t in zip((x[label] @ weights).T, y[label].T, strict=True)])
    assert np.mean(r, axis=0)[-1] > 0.15
