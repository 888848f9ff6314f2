"""Keras is imported silently, and before any test module of this folder imports it."""

from siamdoctor.models.runtime import import_keras

import_keras()
