"""Importing TensorFlow and Keras without noise and without the user's settings."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache


@contextmanager
def silenced(descriptors: tuple[int, ...] = (2,)) -> Iterator[None]:
    """Send what C++ writes to standard error to nowhere, and Python warnings with it.

    Args:
        descriptors: what is written to; 1 is standard output, for programs that nobody vouches for.

    No variable stops TensorFlow early enough, and what Keras has to say of a stranger's model while it is
    being built, such as that a softmax has one unit, is for the checks to find and for the report to tell.
    """
    kept = {number: os.dup(number) for number in descriptors}
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        for number in descriptors:
            os.dup2(nowhere, number)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for number, copy in kept.items():
            os.dup2(copy, number)
            os.close(copy)
        os.close(nowhere)


@cache
def import_keras() -> None:
    """Import TensorFlow and Keras silently, with the user's keras.json out of the way, and run a first op."""
    home = tempfile.mkdtemp(prefix="siamdoctor-")
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    os.environ["KERAS_BACKEND"] = "tensorflow"
    os.environ["KERAS_HOME"] = home
    os.environ.pop("TF_USE_LEGACY_KERAS", None)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with silenced():
        import keras  # noqa: PLC0415  (four seconds, and only where a model really runs)
        import tensorflow as tf  # noqa: PLC0415  (the same)

        tf.get_logger().setLevel("ERROR")
        keras.ops.add(keras.ops.ones((1,)), 1.0)
