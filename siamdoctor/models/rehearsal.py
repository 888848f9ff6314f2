"""Doing something dangerous in a child process first.

The HDF5 library is written in C: some damaged files crash it, which cannot be caught, and some make it ask
for gigabytes. The child is a fork, which costs milliseconds, and has its memory limited; where there is no
fork (Windows) the rehearsal is left out.
"""

from __future__ import annotations

import faulthandler
import importlib
import math
import os
import select
import signal
import time
import warnings
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

PATIENCE = 20.0  # seconds of computing
WAITING = 10  # seconds by the clock for each of these, since the machine may be busy with other things
MEMORY = 640 << 20  # bytes that the child may take beyond what this process has
MAX_REASON = 500


def trouble_with(action: Callable[[], object], *, memory: int = 0, patience: float = PATIENCE) -> str | None:
    """Why an action fails, found out in a child process; None where it succeeds.

    Args:
        action: what to do; its result is lost, since it will be done again here.
        memory: bytes that it is expected to take.
        patience: seconds of computing after which the child is stopped.
    """
    if not hasattr(os, "fork"):
        return None
    heard, told = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of forking beside threads: the child takes no locks
        child = os.fork()
    if child == 0:
        os.close(heard)
        _act_and_exit(action, told, memory, patience)
    os.close(told)
    try:
        return _listen(child, heard, WAITING * patience)
    finally:
        os.close(heard)


def _act_and_exit(action: Callable[[], object], told: int, memory: int, patience: float) -> None:
    """What the child does: it never returns, and says on `told` how it went."""
    try:
        faulthandler.disable()
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        _limit(memory + MEMORY, patience)
        action()
        os.write(told, b"+")
    except Exception as error:  # noqa: BLE001  (whatever it is, the parent tells of it)
        with suppress(OSError):
            os.write(told, b"-" + (str(error) or type(error).__name__).encode("utf-8", "replace")[:MAX_REASON])
    finally:
        os._exit(0)


def _limit(extra: int, seconds: float) -> None:
    """Let this process compute so long and grow by so many bytes, where the system can see to it."""
    with suppress(ImportError, OSError, ValueError):
        resource = importlib.import_module("resource")  # not on Windows
        resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(seconds), resource.RLIM_INFINITY))
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        limit = pages * resource.getpagesize() + extra
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def _listen(child: int, heard: int, waiting: float) -> str | None:
    """What the child says before it ends, or that it does not."""
    deadline = time.monotonic() + waiting
    status = 0
    said = b""
    while (left := deadline - time.monotonic()) > 0 and select.select([heard], [], [], left)[0]:
        more = os.read(heard, 2 * MAX_REASON)
        if not more:
            _, status = os.waitpid(child, 0)
            break
        said += more
    else:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        return "reading it does not end"
    if said == b"+":
        return None
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGXCPU:
        return "reading it does not end"
    return said[1:].decode("utf-8", "replace") if said else "the library that reads it crashes"
