"""Inference of every model goes through torch.compile and torch.export."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
import torch


@pytest.fixture(autouse=True)
def _fresh_compiler() -> Iterator[None]:
    torch._dynamo.reset()
    yield
    torch._dynamo.reset()


def _agree(got, expected):
    assert len(got) == len(expected)
    for a, b in zip(got, expected, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-5)


def test_compiled_in_one_graph(case, tensors_of):
    model, inputs = case.model(), case.tensors()
    compiled = torch.compile(model, backend="aot_eager", fullgraph=True)
    with torch.no_grad():
        _agree(tensors_of(compiled(*inputs)), tensors_of(model(*inputs)))


# torch's own compiler still uses the part of torch that this warns of
@pytest.mark.filterwarnings("ignore:`torch.jit.script_method` is deprecated:DeprecationWarning")
@pytest.mark.skipif(shutil.which("g++") is None, reason="the default backend needs a C++ compiler")
def test_compiled_by_the_default_backend(table, tensors_of):
    # one model alone: the compiler needs 10 s and more for each
    case = next(case for case in table if case.name == "autoencoder")
    model, inputs = case.model(), case.tensors()
    with torch.no_grad():
        _agree(tensors_of(torch.compile(model)(*inputs)), tensors_of(model(*inputs)))


def test_exported_for_any_batch(case, tensors_of):
    model, inputs = case.model(), case.tensors()
    batch = torch.export.Dim("batch")
    program = torch.export.export(model, tuple(inputs), dynamic_shapes=[{0: batch} for _ in inputs])
    fewer = [tensor[:2] for tensor in inputs]
    with torch.no_grad():
        _agree(tensors_of(program.module()(*fewer)), tensors_of(model(*fewer)))


def test_exported_synthesis_needs_no_volume(table, tensors_of):
    model, (x, _) = table[0].model(), table[0].tensors()
    program = torch.export.export(model, (x,))
    with torch.no_grad():
        _agree(tensors_of(program.module()(x)), tensors_of(model(x)))
