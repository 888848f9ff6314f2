"""Running a model's parts: the only place of `siamdoctor.models` that imports TensorFlow, and it does so late.

What Keras is given has been read, rebuilt and audited before: see `rebuild` and `audit`. Even then the
network is first built without allocating anything, and its shapes are compared with the stored weights.
"""

from __future__ import annotations

from siamdoctor.models.runtime.backend import import_keras, silenced
from siamdoctor.models.runtime.loading import load_twin, read_live
from siamdoctor.models.runtime.twin import Twin

__all__ = ["Twin", "import_keras", "load_twin", "read_live", "silenced"]
