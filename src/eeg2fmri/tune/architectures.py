"""Random neural architecture specifications that are valid for the shapes they are drawn for."""

from __future__ import annotations

import numpy as np

from eeg2fmri.models.documented.na_spec import NASpec

Shape = tuple[int, int, int]
#: Largest number of blocks, and largest stride on an axis.
MOST_BLOCKS, MAX_STRIDE = 3, 5


def random_na_spec(
    shape: Shape,
    rng: np.random.Generator,
    *,
    output: tuple[int, int] = (8, 4000),
) -> NASpec:
    """Draw a specification that is valid for an input.

    The size at which each block leaves each axis is drawn first, log-uniformly between the input size and the
    final size; kernel and stride are then drawn among those that lead there. So every draw is valid by
    construction, and none is thrown away.

    Parameters
    ----------
    shape : (int, int, int)
        Size of the input of the first block.
    rng : numpy.random.Generator
    output : (int, int)
        Smallest and largest number of positions that the last block may leave: it decides the size of the dense layer
        behind it. The smallest is not reached by an input that has fewer.

    Returns
    -------
    NASpec
        Max pooling with kernel 2 and stride 1 on every axis where two positions are left for it.
    """
    n_blocks = int(rng.integers(1, MOST_BLOCKS + 1))
    final = _final_size(shape, rng, output)
    pool = tuple(2 if size >= 3 else 1 for size in shape)
    kernels: list[list[int]] = [[] for _ in range(n_blocks)]
    strides: list[list[int]] = [[] for _ in range(n_blocks)]
    for axis, (size, end) in enumerate(zip(shape, final, strict=True)):
        shrink = pool[axis] - 1
        for block, target in enumerate(_waypoints(size, end, n_blocks, rng)):
            kernel, stride, size = _step(size, target + shrink, rng)
            size -= min(shrink, size - 1)
            kernels[block].append(kernel)
            strides[block].append(stride)
    return _valid(shape, kernels, strides, pool)


def _final_size(shape: Shape, rng: np.random.Generator, output: tuple[int, int]) -> list[int]:
    """Draw the size behind the last block, its product within `output` as far as the input allows."""
    low, high = min(output[0], int(np.prod(shape))), output[1]
    aim = np.exp(rng.uniform(np.log(low), np.log(max(low, min(high, int(np.prod(shape)))))))
    share = rng.dirichlet(np.full(3, 4.0)) * np.log(aim)
    return [int(np.clip(round(float(np.exp(part))), 1, size)) for part, size in zip(share, shape, strict=True)]


def _waypoints(size: int, end: int, n_blocks: int, rng: np.random.Generator) -> list[int]:
    """Sizes behind each block, falling from below `size` to `end`."""
    between = np.sort(rng.uniform(np.log(end), np.log(size), n_blocks - 1))[::-1]
    return [max(end, int(np.exp(value))) for value in between] + [end]


def _step(size: int, target: int, rng: np.random.Generator) -> tuple[int, int, int]:
    """Draw kernel and stride of a convolution from `size` to about `target` positions; return its true output."""
    target = int(np.clip(target, 1, size))
    # with t positions left, the stride can be at most (size - 1) / (t - 1)
    top = MAX_STRIDE if target == 1 else min(MAX_STRIDE, (size - 1) // (target - 1))
    stride = int(rng.integers(1, max(1, top) + 1))
    kernel = int(np.clip(size - (target - 1) * stride, 1, size))
    return kernel, stride, (size - kernel) // stride + 1


def _valid(shape: Shape, kernels: list[list[int]], strides: list[list[int]], pool: tuple[int, ...]) -> NASpec:
    pooled = tuple(pool)
    while True:
        spec = NASpec.of((kernels, strides, True, pooled, (1, 1, 1)))
        if not spec.problems(shape, ""):
            return spec
        # an axis whose last positions are fewer than the pooling goes without it
        pooled = tuple(
            1 if _pool_problem(shape[axis], axis, kernels, strides, pooled[axis]) else pooled[axis] for axis in range(3)
        )


def _pool_problem(size: int, axis: int, kernels: list[list[int]], strides: list[list[int]], pool: int) -> bool:
    for kernel, stride in zip(kernels, strides, strict=True):
        if size < kernel[axis]:
            return True
        size = (size - kernel[axis]) // stride[axis] + 1
        if size < pool:
            return True
        size -= pool - 1
    return False
