"""Model files that are refused as soon as they are read, of every kind."""

from __future__ import annotations

from hostile_archives import ARCHIVES
from hostile_configurations import CONFIGURATIONS
from hostile_hdf5 import HDF5
from model_pieces import Make

# Each file with a word of the message that a reader must give.
REFUSED_ON_READING: dict[str, tuple[Make, str]] = {**ARCHIVES, **HDF5, **CONFIGURATIONS}
