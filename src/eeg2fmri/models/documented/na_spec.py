"""Neural architecture specification: kernels and strides of the residual blocks of an encoder.

The seed's form is the tuple (kernels, strides, maxpool, pool_kernel, pool_stride); the 30 published ones have names,
``eeg-1`` to ``eeg-15`` and ``fmri-1`` to ``fmri-15`` (number 2 of each is the default).
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, ValidationError, model_validator

from eeg2fmri.core.config import Config
from eeg2fmri.core.disk.parse import read_yaml
from eeg2fmri.core.errors import ConfigError, Problem, ShapeError

Size = Annotated[int, Field(ge=1)]
Shape3 = tuple[Size, Size, Size]

_FIELDS = ("kernels", "strides", "maxpool", "pool_kernel", "pool_stride")
#: Input sizes that the presets were published for: (channel, freq, time) and (x, y, z).
NOMINAL_SHAPES = {"eeg": (64, 134, 10), "fmri": (64, 64, 30)}


class NASpec(Config):
    """Kernels and strides of residual blocks, and their pooling.

    Built from a mapping, from the seed's tuple, from the name of a preset or from the path of a JSON or YAML file
    that holds either form, wherever a config has such a setting; `NASpec.of` does it by hand.

    Attributes
    ----------
    kernels, strides : tuple of (int, int, int)
        One of each for every block.
    maxpool : bool
        Max pooling behind the first convolution of every block.
    pool_kernel, pool_stride : (int, int, int)
    """

    kernels: Annotated[tuple[Shape3, ...], Field(min_length=1)]
    strides: Annotated[tuple[Shape3, ...], Field(min_length=1)]
    maxpool: bool = True
    pool_kernel: Shape3 = (2, 2, 2)
    pool_stride: Shape3 = (1, 1, 1)

    @model_validator(mode="before")
    @classmethod
    def _any_form(cls, value: Any) -> Any:
        return _mapping(value)

    @model_validator(mode="after")
    def _one_stride_a_kernel(self) -> NASpec:
        if len(self.kernels) != len(self.strides):
            raise ValueError(f"{len(self.kernels)} kernels but {len(self.strides)} strides: one pair for each block")
        return self

    @classmethod
    def of(cls, value: Any) -> NASpec:
        """Build a specification from any of its forms.

        Parameters
        ----------
        value : NASpec, dict, tuple of 5, str or Path

        Raises
        ------
        ConfigError
            If the form is unknown, the preset does not exist, or a value is wrong.
        """
        if isinstance(value, NASpec):
            return value
        try:
            return cls.model_validate(value)
        except ValidationError as error:
            raise ConfigError.of(
                Problem(fault["msg"].removeprefix("Value error, "), ".".join(map(str, ("na_spec", *fault["loc"]))))
                for fault in error.errors()
            ) from None

    @classmethod
    def for_shape(cls, shape: tuple[int, int, int], preset: str) -> NASpec:
        """Return the preset, or where it does not fit `shape` the preset scaled to it.

        Each kernel and stride is multiplied by the quotient of `shape` and the shape that the preset was published
        for, rounded, at least 1. On an axis where the blocks still do not fit, the largest stride above 1, then the
        largest kernel, then the pooling kernel is made smaller by 1, until they do: the result is valid for any shape.

        Parameters
        ----------
        shape : (int, int, int)
            (channel, freq, time) or (x, y, z).
        preset : str
            ``eeg-2``, ``fmri-2``, ...
        """
        spec = cls.of(preset)
        if not spec.problems(shape, ""):
            return spec
        nominal = NOMINAL_SHAPES[preset.split("-")[0]]
        axes = [
            _fit_axis(
                size,
                [max(1, round(k[axis] * size / full)) for k in spec.kernels],
                [max(1, round(s[axis] * size / full)) for s in spec.strides],
                (spec.pool_kernel[axis], spec.pool_stride[axis]) if spec.maxpool else None,
            )
            for axis, (size, full) in enumerate(zip(shape, nominal, strict=True))
        ]
        return cls.model_validate(
            {
                "kernels": list(zip(*(kernels for kernels, _, _ in axes), strict=True)),
                "strides": list(zip(*(strides for _, strides, _ in axes), strict=True)),
                "maxpool": spec.maxpool,
                "pool_kernel": tuple(pool for _, _, pool in axes) if spec.maxpool else spec.pool_kernel,
                "pool_stride": spec.pool_stride,
            }
        )

    def adapted(self, shape: tuple[int, int, int], new_shape: tuple[int, int, int]) -> NASpec:
        """Adapt a specification that was made for `shape` to an input of another size.

        On every axis whose size changes, the stride of the first block is multiplied by the quotient of the sizes and
        rounded, at least 1; where the blocks still do not fit, they are made smaller as in `for_shape`.
        """
        kernels, strides = [list(k) for k in self.kernels], [list(s) for s in self.strides]
        pool = list(self.pool_kernel)
        for axis, (old, new) in enumerate(zip(shape, new_shape, strict=True)):
            if old == new:
                continue
            strides[0][axis] = max(1, round(strides[0][axis] * new / old))
            fitted = _fit_axis(
                new,
                [k[axis] for k in kernels],
                [s[axis] for s in strides],
                (pool[axis], self.pool_stride[axis]) if self.maxpool else None,
            )
            for block in range(len(kernels)):
                kernels[block][axis], strides[block][axis] = fitted[0][block], fitted[1][block]
            if self.maxpool:
                pool[axis] = fitted[2]
        return type(self).model_validate((kernels, strides, self.maxpool, pool, self.pool_stride))

    @property
    def pool(self) -> tuple[Shape3, Shape3] | None:
        """Kernel and stride of the pooling, None without pooling."""
        return (self.pool_kernel, self.pool_stride) if self.maxpool else None

    def problems(self, shape: tuple[int, int, int], where: str) -> list[Problem]:
        """Find the block, if any, whose kernel or pooling does not fit its input.

        Parameters
        ----------
        shape : (int, int, int)
            Size of the encoder's input.
        where : str
            The encoder, for the message.
        """
        size = shape
        for block, (kernel, stride) in enumerate(zip(self.kernels, self.strides, strict=True), start=1):
            place = f"{where}, block {block} of {len(self.kernels)}" if where else f"block {block}"
            given = f"input {_times(size)}, kernel {_times(kernel)}, stride {_times(stride)}"
            if any(n < k for n, k in zip(size, kernel, strict=True)):
                return [
                    Problem(
                        "the kernel is larger than the input of its block",
                        place,
                        given,
                        "a kernel of at most the input size on every axis",
                        "use a smaller kernel here or a smaller stride before, or NASpec.for_shape",
                    )
                ]
            size = _after(size, kernel, stride)
            if self.maxpool and any(n < k for n, k in zip(size, self.pool_kernel, strict=True)):
                return [
                    Problem(
                        "the pooling is larger than the output of the convolution",
                        place,
                        f"{given}, convolution output {_times(size)}, pooling kernel {_times(self.pool_kernel)}, "
                        f"stride {_times(self.pool_stride)}",
                        "at least the pooling kernel left on every axis",
                        "use a smaller kernel, stride or pooling, or NASpec.for_shape",
                    )
                ]
            if self.maxpool:
                size = _after(size, self.pool_kernel, self.pool_stride)
        return []

    def check(self, shape: tuple[int, int, int], where: str = "na_spec") -> None:
        """Refuse a specification that is not valid for `shape`.

        Raises
        ------
        ShapeError
            Naming the block, its input size, kernel and stride.
        """
        found = self.problems(shape, where)
        if found:
            raise ShapeError.of(found)


def preset_names() -> tuple[str, ...]:
    """Names of the published specifications."""
    return tuple(_presets())


@cache
def _presets() -> dict[str, dict[str, Any]]:
    text = files("eeg2fmri.models.documented").joinpath("na_presets.json").read_text(encoding="utf-8")
    presets: dict[str, dict[str, Any]] = json.loads(text)
    return presets


def _mapping(value: Any) -> Any:
    """Bring a form of a specification to a mapping; raise ValueError if it is none."""
    if isinstance(value, (str, Path)):
        name = str(value)
        if name in _presets():
            return _presets()[name]
        path = Path(name)
        if path.suffix not in (".json", ".yaml", ".yml"):
            raise ValueError(f"there is no preset {name!r}: the names are eeg-1 to eeg-15 and fmri-1 to fmri-15")
        try:
            value = read_yaml(path)
        except (OSError, ValueError) as error:
            raise ValueError(f"the specification {name} cannot be read: {error}") from None
    if isinstance(value, (list, tuple)):
        if len(value) != len(_FIELDS):
            raise ValueError(f"the tuple has {len(value)} parts instead of 5: ({', '.join(_FIELDS)})")
        return dict(zip(_FIELDS, value, strict=True))
    return value


def _after(size: tuple[int, int, int], kernel: Shape3, stride: Shape3) -> tuple[int, int, int]:
    a, b, c = ((n - k) // s + 1 for n, k, s in zip(size, kernel, stride, strict=True))
    return a, b, c


def _fit_axis(
    size: int, kernels: list[int], strides: list[int], pool: tuple[int, int] | None
) -> tuple[list[int], list[int], int]:
    pool_kernel, pool_stride = pool or (1, 1)
    while not _fits(size, kernels, strides, pool_kernel, pool_stride):
        if max(strides) > 1:
            strides[strides.index(max(strides))] -= 1
        elif max(kernels) > 1:
            kernels[kernels.index(max(kernels))] -= 1
        else:
            pool_kernel -= 1
    return kernels, strides, pool_kernel


def _fits(size: int, kernels: list[int], strides: list[int], pool_kernel: int, pool_stride: int) -> bool:
    for kernel, stride in zip(kernels, strides, strict=True):
        if size < kernel or (size - kernel) // stride + 1 < pool_kernel:
            return False
        size = ((size - kernel) // stride + 1 - pool_kernel) // pool_stride + 1
    return True


def _times(size: tuple[int, int, int]) -> str:
    return " x ".join(map(str, size))
