from __future__ import annotations

import numpy as np
import pytest

from eeg2fmri.core.errors import CheckpointError
from eeg2fmri.models.earlier_package.keras_import.bundle import TensorBundle
from eeg2fmri.models.earlier_package.keras_import.object_graph import GRAPH, ObjectGraph

ZERO = np.zeros(1, np.float32)


def test_variables_come_in_the_order_of_the_layers_and_once(graph_writer):
    shared = {"kernel": ("dense/kernel", ZERO)}
    layers = {f"layer_with_weights-{n}": {"bias": (f"dense_{n}/bias", ZERO)} for n in (10, 2, 0)}
    message, _ = graph_writer({"model": {"other": shared, **layers, "layer-3": shared}, "again": shared})
    graph = ObjectGraph(message, "f")
    names = [node.variable for node in graph.variables(graph.child("model"))]
    assert names == ["dense_0/bias", "dense_2/bias", "dense_10/bias", "dense/kernel"]
    assert [node.variable for node in graph.variables(graph.child("again"))] == ["dense/kernel"]
    assert graph.child("nothing") is None


def test_a_loop_of_objects_ends(message_field):
    child = message_field(1, message_field(1, 0) + message_field(2, "parent"))
    graph = ObjectGraph(message_field(1, child), "f")
    assert list(graph.variables(0)) == []


def test_a_reference_to_nothing_is_refused(message_field):
    child = message_field(1, message_field(1, 7) + message_field(2, "kernel"))
    with pytest.raises(CheckpointError, match="not there") as caught:
        ObjectGraph(message_field(1, child), "f")
    assert "'kernel' is object 7" in caught.value.problems[0].got


def test_an_empty_graph_is_refused():
    with pytest.raises(CheckpointError, match="empty"):
        ObjectGraph(b"", "f")


def test_recorded_graph_names_every_variable(data):
    prefix = data / "checkpoint_style_prior" / "saved_model" / "variables" / "variables"
    bundle = TensorBundle(prefix)
    graph = ObjectGraph(bundle.read_text(GRAPH), "f")
    nodes = list(graph.variables(0))
    assert {node.key for node in nodes} == set(bundle) - {GRAPH}
    encoder = [node.variable for node in graph.variables(graph.child("eeg_encoder"))]
    assert encoder[:2] == ["topographical__attention_15/A", "res_block_50/conv3d_238/kernel"]
    assert len(encoder) == 39
