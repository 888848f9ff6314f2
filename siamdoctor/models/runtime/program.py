"""Running a SavedModel that the user trusts: its program is loaded, frozen, and cut where its sides begin and end.

This is the one place where a program from a file is loaded. It is entered only with `--trust-savedmodel`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from siamdoctor.errors import UnreadableModel
from siamdoctor.models.blueprint import Blueprint
from siamdoctor.models.program_parts import Cut, ProgramParts
from siamdoctor.models.runtime.backend import import_keras
from siamdoctor.models.runtime.building import MAX_SAMPLE_ELEMENTS
from siamdoctor.models.runtime.configs import Configs
from siamdoctor.models.runtime.fresh_variables import draw_afresh
from siamdoctor.models.runtime.program_failures import failing
from siamdoctor.models.runtime.program_pieces import Pieces
from siamdoctor.models.runtime.program_twin import ProgramTwin
from siamdoctor.models.trust import demand_trust

if TYPE_CHECKING:
    from tensorflow.python.eager.wrap_function import WrappedFunction

NOTHING = Configs(encoder=None, second=None, head=None, own={})


def load_program(blueprint: Blueprint) -> ProgramTwin:
    """Load the program of a trusted SavedModel, and make models of its towers and its head.

    Raises:
        UnreadableModel: it is not trusted, its towers were not found, or it fails when it is loaded or run.
    """
    demand_trust(blueprint)
    parts = blueprint.program
    assert parts is not None and parts.cut is not None  # noqa: PT018  (`demand_trust` refuses anything else)
    if parts.widest > MAX_SAMPLE_ELEMENTS:
        raise UnreadableModel(
            f"The program would make {parts.widest:.1e} numbers of one sample, more than memory holds. Received: "
            f"model={blueprint.path}"
        )
    import_keras()
    return _twin(blueprint, parts, parts.cut, None)


def _twin(blueprint: Blueprint, parts: ProgramParts, cut: Cut, seed: int | None) -> ProgramTwin:
    """The pieces as a twin, with the weights as stored, or fresh ones drawn from a seed."""
    with failing(blueprint.path):
        loaded, frozen = _frozen(parts, seed)
        pieces = Pieces(frozen, cut, blueprint.path)
        encoders = [pieces.encoder(side) for side in range(2 if cut.differ else 1)]
        return ProgramTwin(
            blueprint=blueprint,
            encoder=encoders[0],
            second_encoder=encoders[1] if cut.differ else None,
            head=pieces.head(cut.output, encoders),
            configs=NOTHING,
            logits=pieces.head(cut.logits, encoders),
            widest=parts.widest,
            loaded=loaded,
            renormed=lambda side, x: pieces.renormed(side, x, widest=parts.widest),
            afresh=lambda seed: _twin(blueprint, parts, cut, seed),
        )


def _frozen(parts: ProgramParts, seed: int | None) -> tuple[object, WrappedFunction]:
    """What was loaded, and the signature's function without calls and with the values of variables in it."""
    import tensorflow as tf  # noqa: PLC0415  (loaded by then, by `import_keras`)
    from tensorflow.python.framework.convert_to_constants import (  # noqa: PLC0415  (the same)
        convert_variables_to_constants_v2,
    )

    loaded = tf.saved_model.load(str(parts.folder))
    function = loaded.signatures[parts.signature]
    if seed is not None:
        draw_afresh(function.variables, np.random.default_rng(seed))
    return loaded, convert_variables_to_constants_v2(function, lower_control_flow=False)
