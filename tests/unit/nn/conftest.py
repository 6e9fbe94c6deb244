from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor


@pytest.fixture
def source() -> torch.Generator:
    return torch.Generator().manual_seed(5)


@pytest.fixture
def randn(source: torch.Generator) -> Callable[..., Tensor]:
    """Standard normal numbers that do not come from the global state."""

    def draw(*shape: int, dtype: torch.dtype = torch.float32) -> Tensor:
        return torch.randn(*shape, generator=source, dtype=dtype)

    return draw
