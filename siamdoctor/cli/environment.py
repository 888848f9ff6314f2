"""`siamdoctor inspect --environment`: whether this installation can do its work, and how quickly."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import time
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from siamdoctor import __version__
from siamdoctor.bar import CLEAR, UNJUDGED
from siamdoctor.render.sheet import Notes, Sheet

if TYPE_CHECKING:
    from siamdoctor.results import Json

_PACKAGES = ("tensorflow", "keras", "numpy", "scipy", "scikit-learn", "h5py", "pillow", "matplotlib", "rich")
_PATIENCE = 120  # seconds that an import of TensorFlow may take on a slow disk


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """What was found. memory is in GB, None where the system does not tell; missing names packages."""

    python: str
    system: str
    processors: int
    memory: float | None
    packages: tuple[tuple[str, str], ...]
    missing: tuple[str, ...]
    import_seconds: float | None
    complaint: str

    @property
    def exit_code(self) -> int:
        """3 where a diagnosis could not run here."""
        return CLEAR if self.import_seconds is not None and not self.missing else UNJUDGED

    def as_sheet(self) -> Sheet:
        """For people."""
        ready = self.exit_code == CLEAR
        took = "fails" if self.import_seconds is None else f"works, {self.import_seconds:.1f} s"
        complaints = (*(f"{name} is not installed" for name in self.missing), self.complaint)
        return Sheet(
            title=f"siamdoctor {__version__}",
            lead="This installation is ready." if ready else "This installation cannot diagnose.",
            facts=(
                ("python", f"{self.python} on {self.system}"),
                ("machine", f"{self.processors} processors, {_gigabytes(self.memory)} of memory"),
                ("import tensorflow", took),
                *self.packages,
            ),
            notes=() if ready else (Notes(title="WHAT FAILED", sentences=tuple(filter(None, complaints))),),
        )

    def as_json(self) -> dict[str, Json]:
        """For scripts."""
        return {
            "schema_version": 1,
            "siamdoctor_version": __version__,
            "python": self.python,
            "system": self.system,
            "processors": self.processors,
            "memory_gb": self.memory,
            "packages": dict(self.packages),
            "missing": list(self.missing),
            "tensorflow_import_seconds": self.import_seconds,
            "complaint": self.complaint or None,
        }


def examine_environment() -> Environment:
    """Look at versions and memory, and import TensorFlow in a process of its own."""
    found = {name: _version(name) for name in _PACKAGES}
    took, complaint = _import_tensorflow()
    return Environment(
        python=platform.python_version(),
        system=f"{platform.system()} {platform.machine()}",
        processors=os.cpu_count() or 1,
        memory=_memory(),
        packages=tuple((name, text) for name, text in found.items() if text is not None),
        missing=tuple(name for name, text in found.items() if text is None),
        import_seconds=took,
        complaint=complaint,
    )


def _version(package: str) -> str | None:
    """The installed version of a package, or None."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _memory() -> float | None:
    """Physical memory in GB, where the system tells."""
    try:
        return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1)
    except (AttributeError, ValueError, OSError):
        return None


def _gigabytes(memory: float | None) -> str:
    """Memory in words."""
    return "an unknown amount" if memory is None else f"{memory} GB"


def _import_tensorflow() -> tuple[float | None, str]:
    """How many seconds the import takes, or None and the last line of what it said."""
    began = time.monotonic()
    try:
        done = subprocess.run(
            [sys.executable, "-c", "import tensorflow"],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return None, f"import tensorflow: {error}"
    if done.returncode == 0:
        return round(time.monotonic() - began, 1), ""
    said = done.stderr.strip().splitlines()
    return None, f"import tensorflow: {said[-1] if said else f'ended with {done.returncode}'}"
