"""Settings that every test shares."""

from __future__ import annotations

import os

from hypothesis import settings

# The suite gives the same verdict each time; `make fuzz` looks for new counterexamples instead.
settings.register_profile("steady", derandomize=True, deadline=None, max_examples=60)
settings.register_profile("fuzz", deadline=None, max_examples=1000, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))
