"""Answers of a server, waited for with a limit, and taken as they come.

A timeout of `requests` is for a single read: a server that sends a byte now and then keeps it from ever coming.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import requests

#: Seconds after which a server that says nothing is given up, and one whose answer has not begun after all.
TIMEOUT_S, BEGIN_S = 60, 120
#: Bytes that are taken at once.
CHUNK = 2**16


def ask(method: Callable[..., requests.Response], url: str, **settings: Any) -> requests.Response:
    """Ask a server, and give its answer once that has begun.

    Raises
    ------
    requests.RequestException
        If it does not answer, or refuses.
    """
    import requests

    answers: queue.SimpleQueue[requests.Response | Exception] = queue.SimpleQueue()

    def work() -> None:
        try:
            answers.put(method(url, timeout=TIMEOUT_S, **settings))
        except Exception as error:
            answers.put(error)

    threading.Thread(target=work, daemon=True).start()
    try:
        answer = answers.get(timeout=BEGIN_S)
    except queue.Empty:
        raise requests.ReadTimeout(f"no answer from {url[:200]} in {BEGIN_S} s") from None
    if isinstance(answer, Exception):
        raise answer
    answer.raise_for_status()
    return answer


def pieces(answer: requests.Response, decode: bool = False) -> Iterator[bytes]:
    """Give what comes as soon as it comes, unpacked where `decode` and the server packed it.

    Raises
    ------
    requests.ConnectionError
        If the connection breaks.
    """
    import requests
    from urllib3.exceptions import HTTPError

    try:
        while piece := answer.raw.read1(CHUNK, decode_content=decode):
            yield piece
    except HTTPError as error:
        raise requests.ConnectionError(str(error)) from None
