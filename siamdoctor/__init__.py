"""Finds out why a Siamese network is stuck at 50 % accuracy.

`siamdoctor.diagnose(model, data)` returns a `Report`; the command line prints one. The public names are
resolved on first use, so that importing the package costs nothing: TensorFlow alone takes four seconds.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from siamdoctor.api import diagnose
    from siamdoctor.errors import SiamdoctorError
    from siamdoctor.results import Cause, Report
    from siamdoctor.settings import Settings

__version__ = "0.1.0"
__all__ = ["Cause", "Report", "Settings", "SiamdoctorError", "__version__", "diagnose"]

_HOMES = {
    "diagnose": "siamdoctor.api",
    "Cause": "siamdoctor.results",
    "Report": "siamdoctor.results",
    "Settings": "siamdoctor.settings",
    "SiamdoctorError": "siamdoctor.errors",
}


def __getattr__(name: str) -> object:
    """Import the module that holds a public name when the name is first asked for."""
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'siamdoctor' has no attribute {name!r}")
