"""Work done as a user who owns nothing here."""

from __future__ import annotations

import json
import os
import traceback
import warnings
from collections.abc import Callable
from typing import Any


def as_somebody_else(work: Callable[[], Any]) -> Any:
    """Do something in a child process as a user who owns nothing here, and give back what comes of it (JSON).

    Root reads and writes everything, whatever the permissions say; a child that gives up being root does not. All that
    the work imports must be imported already: the other user may not see the interpreter's folder.
    """
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # fork in a process with threads, from Python 3.12 on
        child = os.fork()
    if child == 0:
        try:
            if os.geteuid() == 0:
                os.setgroups([])
                os.setgid(65534)
                os.setuid(65534)
            answer = {"done": work()}
        except BaseException:
            answer = {"failed": traceback.format_exc()}
        os.write(writing, json.dumps(answer).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as file:
        answer = json.loads(file.read())
    os.waitpid(child, 0)
    assert "failed" not in answer, answer["failed"]
    return answer["done"]
