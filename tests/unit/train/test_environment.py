"""What a run says of its training is that of this training alone."""

import platform

import pytest

from eeg2fmri.train.environment import forget_peak_memory, measured


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the allocator of glibc")
def test_the_peak_is_not_that_of_an_earlier_training_in_the_process():
    forget_peak_memory()
    before = measured(0, [])["peak_memory_mb"]
    # pieces that the allocator keeps for itself, and one behind them that keeps it from giving the end back
    blocks = [b"x" * 100_000 for _ in range(4000)]
    last = b"x" * 100_000
    assert measured(0, [])["peak_memory_mb"] > before + 300
    blocks.clear()
    forget_peak_memory()
    assert measured(0, [])["peak_memory_mb"] < before + 150
    assert last
