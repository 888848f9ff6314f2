"""Running a SavedModel that the user trusts: its program is loaded, frozen, and cut where its sides begin and end.

This is the one place where a program from a file is run. It is entered only with `--trust-savedmodel`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from siamdoctor.errors import UnreadableModel
from siamdoctor.models.blueprint import Blueprint
from siamdoctor.models.program_parts import Cut, ProgramParts
from siamdoctor.models.runtime.backend import import_keras, silenced
from siamdoctor.models.runtime.building import MAX_SAMPLE_ELEMENTS
from siamdoctor.models.runtime.configs import Configs
from siamdoctor.models.runtime.fresh_variables import draw_afresh
from siamdoctor.models.runtime.program_model import as_model
from siamdoctor.models.runtime.program_twin import ProgramTwin
from siamdoctor.models.trust import demand_trust

if TYPE_CHECKING:
    import keras
    import tensorflow as tf
    from tensorflow.python.eager.wrap_function import WrappedFunction

TOLD = 300  # letters of an error that the program raises
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
    with failing(blueprint.path):
        return _twin(blueprint, parts, parts.cut, None)


@contextmanager
def failing(path: Path) -> Iterator[None]:
    """Run a part of the program with what it prints thrown away, and what it raises told in a line.

    Raises:
        UnreadableModel: the program failed.
    """
    import tensorflow as tf  # noqa: PLC0415  (loaded by then, by `import_keras`)

    try:
        with silenced(descriptors=(1, 2)):
            yield
    except UnreadableModel:
        raise
    except (ValueError, LookupError, TypeError, AttributeError, RuntimeError, OSError, MemoryError, AssertionError,
            ArithmeticError, NameError, tf.errors.OpError) as error:  # fmt: skip
        told = " ".join((str(error).strip() or type(error).__name__).split())
        shown = told if len(told) <= TOLD else f"{told[:TOLD]} ..."
        raise UnreadableModel(f"The program of the SavedModel failed: {shown} Received: model={path}") from error


def _twin(blueprint: Blueprint, parts: ProgramParts, cut: Cut, seed: int | None) -> ProgramTwin:
    """Models of the parts, with the weights as stored, or fresh ones drawn from a seed."""
    loaded, frozen = _frozen(parts, seed)

    def tensors(names: Sequence[str]) -> list[tf.Tensor]:
        return [_tensor(frozen, name, blueprint.path) for name in names]

    begins = [tensors(b.tensors) if b.position is None else [frozen.inputs[b.position]] for b in cut.begins]
    ends = [tensors(names) for names in cut.ends]
    towers = [
        as_model([begin[0]], _fed(frozen, [begin], end[0]), end[0], name)
        for begin, end, name in zip(begins, ends, ("encoder", "second_encoder"), strict=False)
    ]
    shapes = [towers[0].output.shape, towers[-1].output.shape]

    def head(name: str | None) -> keras.Model | None:
        if name is None:
            return None
        output = tensors([name])[0]
        sides = [ends[0], ends[-1]]
        function = _fed(frozen, sides, output) if cut.same_input is None else _one_side(frozen, ends[0], output, cut)
        return as_model([side[0] for side in sides], function, output, "head", shapes=shapes)

    return ProgramTwin(
        blueprint=blueprint,
        encoder=towers[0],
        second_encoder=towers[1] if cut.differ else None,
        head=head(cut.output),
        configs=NOTHING,
        logits=head(cut.logits),
        widest=parts.widest,
        loaded=loaded,
        afresh=lambda seed: _afresh(blueprint, parts, cut, seed),
    )


def _afresh(blueprint: Blueprint, parts: ProgramParts, cut: Cut, seed: int) -> ProgramTwin:
    """The same with fresh weights."""
    with failing(blueprint.path):
        return _twin(blueprint, parts, cut, seed)


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


def _fed(frozen: WrappedFunction, sides: Sequence[Sequence[tf.Tensor]], end: tf.Tensor) -> Callable[..., object]:
    """The part of the program from some tensors to another; each side is fed under all of its names."""
    part: Callable[..., object] = frozen.prune([tensor for side in sides for tensor in side], end)

    def fed(*arrays: object) -> object:
        return part(*[array for array, side in zip(arrays, sides, strict=True) for _ in side])

    return fed


def _one_side(frozen: WrappedFunction, side: Sequence[tf.Tensor], end: tf.Tensor, cut: Cut) -> Callable[..., object]:
    """A comparison that reads one of its two sides twice."""
    once, place = _fed(frozen, [side], end), cut.same_input or 0
    return lambda *arrays: once(arrays[place])


def _tensor(frozen: WrappedFunction, name: str, path: Path) -> tf.Tensor:
    """A tensor of the frozen program, by the name that was found by reading: `operation` or `operation:output:number`.

    Raises:
        UnreadableModel: what TensorFlow loaded is not what was read.
    """
    operation, _, rest = name.partition(":")
    output, _, number = rest.rpartition(":")
    try:
        made = frozen.graph.get_operation_by_name(operation)
        place = int(number or 0) + _outputs_before(made, output)
        return made.outputs[place]
    except (KeyError, IndexError) as error:
        raise UnreadableModel(
            f"TensorFlow loads another program than the one that was read. Save the trained model with "
            f"`model.save('model.keras')` instead. Received: model={path}, tensor={name!r}"
        ) from error


def _outputs_before(operation: tf.Operation, output: str) -> int:
    """How many outputs an operation has before the one of this name, of which some are lists."""
    before = 0
    for listed in operation.op_def.output_arg:
        if listed.name == output or not output:
            return before
        if listed.number_attr:
            before += int(operation.get_attr(listed.number_attr))
        elif listed.type_list_attr:
            before += len(operation.get_attr(listed.type_list_attr))
        else:
            before += 1
    return before
