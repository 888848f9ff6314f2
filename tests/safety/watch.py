"""Noticing what a reader must not do: open other files, reach for the network, start programs, unpickle.

Python tells of these things by audit events (PEP 578). The HDF5 library opens files without a word to Python,
so files that nobody may open are watched through the system itself, where it offers inotify.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FORBIDDEN = frozenset(
    {"socket.connect", "socket.getaddrinfo", "socket.bind", "socket.sendto", "urllib.Request", "subprocess.Popen"}
    | {"os.system", "os.exec", "os.posix_spawn", "os.spawn", "pty.spawn", "marshal.loads", "marshal.load"}
    | {"pickle.find_class", "webbrowser.open", "shutil.unpack_archive", "ctypes.dlopen", "os.startfile"}
)  # fmt: skip
CHANGING = frozenset(
    {"os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.truncate", "os.chmod", "os.chown"}
    | {"shutil.rmtree", "shutil.copyfile", "shutil.move"}
)
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
IN_OPEN, IN_ACCESS, IN_NONBLOCK = 0x20, 0x1, 0o4000
# What Python, the libraries and the rehearsal open of their own accord.
INSTALLED = tuple(
    dict.fromkeys(
        os.path.realpath(place)
        for place in (sys.prefix, sys.base_prefix, *(p for p in sys.path if p and Path(p).is_dir()))
    )
)
OF_THE_SYSTEM = (
    "/proc/",
    "/sys/",
    "/dev/null",
    "/dev/urandom",
    "/usr/share/zoneinfo",
    "/usr/lib",
    "/lib",
    "/etc/localtime",
)

_allowed: tuple[str, ...] | None = None
_seen: list[str] = []
_hooked = False


@contextmanager
def watching(*allowed: Path) -> Iterator[list[str]]:
    """What is done meanwhile that no reader may do, one line each.

    Args:
        allowed: files and folders that may be opened for reading.
    """
    global _allowed, _hooked  # noqa: PLW0603  (an audit hook cannot be taken away again, only be told to look away)
    if not _hooked:
        sys.addaudithook(_hook)
        _hooked = True
    _seen.clear()
    _allowed = tuple(os.path.realpath(path) for path in allowed)
    try:
        yield _seen
    finally:
        _allowed = None


def _hook(event: str, arguments: tuple[object, ...]) -> None:
    if _allowed is None:
        return
    if event == "open":
        _opened(*arguments)
    elif event in (*FORBIDDEN, *CHANGING) and not _by_the_import_system():
        _seen.append(f"{event} {arguments!r:.200}")


def _opened(path: object, mode: object, flags: object) -> None:
    """Note a file that is written, or is none of those that may be read."""
    if isinstance(path, int):
        return
    place = os.path.realpath(os.fsdecode(path))  # type: ignore[arg-type]
    if place.startswith(OF_THE_SYSTEM) or place == os.devnull:
        return
    if isinstance(flags, int) and flags & WRITING and not place.endswith(".pyc") and ".pyc." not in place:
        _seen.append(f"opened for writing {place} {mode}")
    elif not _within(place, (*(_allowed or ()), *INSTALLED)):
        _seen.append(f"opened {place}")


def _within(place: str, roots: tuple[str, ...]) -> bool:
    return any(place == root or place.startswith(root.rstrip("/") + "/") for root in roots)


def _by_the_import_system() -> bool:
    """Whether the event comes from importing a module, which unmarshals its bytecode and puts it into its place."""
    frame = sys._getframe(2)
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False


@contextmanager
def untouched(*files: Path) -> Iterator[list[str]]:
    """Which of these files were opened meanwhile, by whomever, as the system tells it; none where it cannot."""
    opened: list[str] = []
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        watcher = libc.inotify_init1(IN_NONBLOCK)
    except (OSError, AttributeError, TypeError):
        yield opened
        return
    try:
        names = {libc.inotify_add_watch(watcher, os.fsencode(file), IN_OPEN | IN_ACCESS): file.name for file in files}
        yield opened
        try:
            told = os.read(watcher, 4096)
        except BlockingIOError:
            return
        opened.append(names.get(int.from_bytes(told[:4], "little"), "a file"))
    finally:
        os.close(watcher)
