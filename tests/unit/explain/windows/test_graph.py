"""The graph of pairs of electrodes."""

import numpy as np
import pytest

from eeg2fmri.core.errors import InputError
from eeg2fmri.explain.windows.graph import attention_graph

NAMES = tuple(f"E{k}" for k in range(12))


@pytest.fixture
def matrices():
    found = np.full((3, 12, 12), 0.01)
    found += np.eye(12)
    found[:, 2, 9] = [0.4, 0.5, 0.6]
    found[:, 9, 2] = 0.1
    found[:, 5, 7] = found[:, 7, 5] = 0.2
    return found


def test_both_directions_count_and_oneself_does_not(matrices):
    graph = attention_graph(matrices, NAMES, percentiles=(90, 98))
    assert len(graph.edges) == 66
    top = graph.edges[0]
    assert (top.first, top.second) == ("E2", "E9")
    assert top.strength == pytest.approx(0.3)
    assert top.spread == pytest.approx(0.05)
    assert graph.edges[1].strength == pytest.approx(0.2)


def test_edges_lie_above_their_percentile(matrices):
    graph = attention_graph(matrices, NAMES)
    assert list(graph.thresholds) == [98.0, 99.0, 99.5, 99.9]
    strengths = np.array([edge.strength for edge in graph.edges])
    for percentile, threshold in graph.thresholds.items():
        above = graph.above(percentile)
        assert len(above) == (strengths > threshold).sum()
        assert all(edge.strength > threshold for edge in above)
    assert [len(graph.above(p)) for p in (98, 99, 99.9)] == [2, 1, 1]


def test_one_subject_has_no_spread(matrices):
    assert np.isnan(attention_graph(matrices[:1], NAMES).edges[0].spread)


def test_matrices_of_other_electrodes_are_refused(matrices):
    with pytest.raises(InputError, match="one row and one column"):
        attention_graph(matrices[:, :, :3], NAMES)
    with pytest.raises(InputError, match="at least three"):
        attention_graph(matrices[:, :2, :2], NAMES[:2])
