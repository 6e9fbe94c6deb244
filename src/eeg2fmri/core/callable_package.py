"""Let a package be called as its main function: ``eeg2fmri.train(...)``.

``eeg2fmri.train`` is a package, and importing anything inside it makes it an attribute of ``eeg2fmri``, whatever stood
there before. So the package itself answers the call: both forms work in any order of imports, and nothing is loaded
before the call.
"""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any


class _SignatureOfCall:
    """Signature of a package's function, for `help` and editors; the class of packages has none of its own."""

    def __get__(self, package: CallablePackage | None, owner: type | None = None) -> inspect.Signature:
        if package is None:
            raise AttributeError("__signature__")
        return inspect.signature(package._function())


class CallablePackage(ModuleType):
    """A package that hands a call to one function of its own (`make_callable` makes one)."""

    _called: tuple[str, str]
    __signature__ = _SignatureOfCall()

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function that the package is named after; its signature is the package's."""
        return self._function()(*args, **kwargs)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle by name, as a function is."""
        return importlib.import_module, (self.__name__,)

    def _function(self) -> Callable[..., Any]:
        module, name = self._called
        found: Callable[..., Any] = getattr(importlib.import_module(f"{self.__name__}.{module}"), name)
        return found


def make_callable(package: str, module: str, function: str) -> None:
    """Let a package that is being imported be called.

    Parameters
    ----------
    package : str
        Its ``__name__``.
    module, function : str
        Where in the package the function is, and its name there.
    """
    made = sys.modules[package]
    made.__class__ = CallablePackage
    made._called = (module, function)  # type: ignore[attr-defined]
