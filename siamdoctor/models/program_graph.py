"""The operations of a SavedModel's program as a call graph, like the one that is read from a model file.

Operations that read variables become layers, known by the variables, so that both sides of a twin call the same one.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from siamdoctor.models.constants import values_of
from siamdoctor.models.graph import Call, Graph, Layer, Tensor
from siamdoctor.models.inlining import PASSING_ON, Flat, Operation, Ref
from siamdoctor.models.operations import REARRANGING, Given, Values, translate
from siamdoctor.models.program import Shape
from siamdoctor.models.variable_names import Stored, config_of, stored_variable
from siamdoctor.results import Json

VARIABLES = frozenset({"VarHandleOp", "VariableV2", "Variable"})
BIAS = frozenset({"BiasAdd", "AddV2", "Add"})
SIZES = "ShapeArithmetic"  # what is computed from a tensor's shape alone
OUTPUTS_OF_ONE_NAME = 1000


@dataclass(frozen=True, slots=True)
class Parameter:
    """What depends on no input. variables: those in it; values: its numbers, where they are few and known."""

    variables: frozenset[str] = frozenset()
    values: Values | None = None
    shape: Shape | None = None


@dataclass(slots=True)
class _Draft:
    """A call in the making. kinds: operations that were taken together as one layer, with their variables."""

    made: Call
    layer: Layer
    tensor: str
    kinds: list[str] = field(default_factory=list)
    variables: frozenset[str] = frozenset()
    mark: int = 0
    trained: bool = False
    of_sizes: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramGraph:
    """graph: of the layers and operations. variables: of each layer that has any. stored: the variables by name.

    tensors: names in the program of what the graph's tensors are. equals: names of operations that compute the same.
    arguments: what the frozen program calls each variable.
    """

    graph: Graph
    tensors: Mapping[Tensor, str]
    variables: Mapping[str, tuple[str, ...]]
    stored: Mapping[str, Stored]
    equals: Mapping[str, tuple[str, ...]]
    arguments: Mapping[str, str]

    def names(self, tensor: Tensor) -> tuple[str, ...]:
        """All names of a tensor in the program, that of the one to compute first."""
        operation, colon, rest = self.tensors[tensor].partition(":")
        return tuple(f"{name}{colon}{rest}" for name in (operation, *self.equals.get(operation, ())))


def program_graph(flat: Flat) -> ProgramGraph:
    """Read a flat program as a call graph."""
    return _Reader(flat).read()


class _Reader:
    """Turns operations into calls, one after the other."""

    def __init__(self, flat: Flat) -> None:
        self.flat = flat
        self.drafts: list[_Draft] = []
        self.meaning: dict[int, Parameter | Tensor] = {}
        self.shapes: dict[Tensor, Shape] = {}
        self.tensors: dict[Tensor, str] = {}
        self.stored: dict[str, Stored] = {}
        self.read_by = Counter(r.operation for o in flat.operations for r in {*o.inputs})
        self.read_by.update(ref.operation for ref in flat.outputs)
        refs = {r for o in flat.operations for r in o.inputs} | set(flat.outputs)
        names: dict[str, set[str]] = {}
        for ref in refs:
            names.setdefault(flat.operations[ref.operation].kind, set()).add(ref.output)
        self.places = {kind: {name: n for n, name in enumerate(sorted(found))} for kind, found in names.items()}

    def read(self) -> ProgramGraph:
        """All operations."""
        for name, ref in self.flat.inputs.items():
            self._begin(name, ref)
        for number, operation in enumerate(self.flat.operations):
            if number not in self.meaning:
                self.meaning[number] = self._meaning(operation)
        inputs = tuple(t for ref in self.flat.inputs.values() if (t := self._tensor(ref)) is not None)
        outputs = tuple(t for ref in self.flat.outputs if (t := self._tensor(ref)) is not None)
        layers = {draft.layer.name: draft.layer for draft in self.drafts if not draft.variables}
        variables: dict[str, tuple[str, ...]] = {}
        calls = []
        together = self._together()
        for draft in self.drafts:
            name = draft.layer.name
            if draft.variables:
                title = self._title(draft)
                name = f"{title} {draft.mark:08x}"
                variables[name] = tuple(sorted(draft.variables))
                class_name, config = together[title]
                path = (*draft.layer.path[:-1], title)
                layers.setdefault(name, _layer(name, class_name, config, path, is_operation=False))
            calls.append(replace(draft.made, layer=name))
        graph = Graph(layers=layers, calls=tuple(calls), inputs=inputs, outputs=outputs, shapes=self.shapes)
        return ProgramGraph(
            graph=graph,
            tensors=self.tensors,
            variables=variables,
            stored=self.stored,
            equals=self.flat.equals,
            arguments=self.flat.arguments,
        )

    def _begin(self, name: str, ref: Ref) -> None:
        """An input of the model."""
        operation = self.flat.operations[ref.operation]
        shape = next(iter(operation.node.shapes()), None)
        config: dict[str, Json] = {"name": name, "batch_shape": None if shape is None else list(shape)}
        layer = _layer(name, "InputLayer", config, (name,), is_operation=False)
        self.meaning[ref.operation] = self._add(
            _Draft(made=Call(layer=name), layer=layer, tensor=operation.name), shape
        )

    def _add(self, draft: _Draft, shape: Shape | None) -> Tensor:
        """A new call, by its first output."""
        tensor = Tensor(len(self.drafts))
        self.drafts.append(draft)
        self.tensors[tensor] = draft.tensor
        if shape is not None:
            self.shapes[tensor] = shape
        return tensor

    def _tensor(self, ref: Ref) -> Tensor | None:
        """The tensor that an output is, None for a constant."""
        meaning = self.meaning[ref.operation]
        if isinstance(meaning, Parameter):
            return None
        operation = self.flat.operations[ref.operation]
        if operation.kind in PASSING_ON or self.tensors.get(meaning) != operation.name:
            return meaning
        tensor = replace(meaning, index=self.places[operation.kind][ref.output] * OUTPUTS_OF_ONE_NAME + ref.number)
        if tensor.index:
            self.tensors[tensor] = f"{operation.name}:{ref.output}:{ref.number}"
            shapes = operation.node.shapes()
            if ref.number < len(shapes) and (shape := shapes[ref.number]) is not None:
                self.shapes[tensor] = shape
        return tensor

    def _meaning(self, operation: Operation) -> Parameter | Tensor:
        """What an operation gives: something that depends on an input, or on none."""
        if operation.kind in VARIABLES:
            self.stored[operation.name] = stored = stored_variable(operation.node)
            return Parameter(frozenset({operation.name}), None, stored.shape)
        tensors = [self._tensor(ref) for ref in operation.inputs]
        known = [self.meaning[ref.operation] for ref in operation.inputs]
        parameters = [k if isinstance(k, Parameter) else None for k in known]
        shape = next(iter(operation.node.shapes()), None)
        if not any(t is not None for t in tensors):
            return self._parameter(operation, [p for p in parameters if p is not None], shape)
        if operation.kind in PASSING_ON and tensors[0] is not None:
            return tensors[0]
        variables = frozenset(v for p in parameters if p is not None for v in p.variables)
        if variables:
            return self._weighted(operation, [t for t in tensors if t is not None], variables, shape)
        given = [
            Given(t, None if p is None else p.values, self.shapes.get(t) if t is not None else None)
            for t, p in zip(tensors, parameters, strict=True)
        ]
        return self._plain(operation, given, shape)

    def _parameter(self, operation: Operation, parts: list[Parameter], shape: Shape | None) -> Parameter:
        """A constant, a variable, or what is computed from such."""
        variables = frozenset(v for part in parts for v in part.variables)
        if operation.kind == "Const":
            return Parameter(variables, values_of(operation.node), shape)
        same = operation.kind in (*PASSING_ON, "Cast") and len(parts) == 1
        return Parameter(variables, parts[0].values if same else None, shape)

    def _plain(self, operation: Operation, given: list[Given], shape: Shape | None) -> Tensor:
        """A call of an operation without weights."""
        above = [self.drafts[g.tensor.call] for g in given if g.tensor is not None]
        trained = any(draft.trained for draft in above)
        made = translate(operation, given, shape, at_input=not trained)
        of_sizes = operation.kind in ("Shape", "Size", "Rank") or all(draft.of_sizes for draft in above)
        kind = SIZES if of_sizes else made.class_name
        path = tuple(operation.name.split("/"))
        layer = _layer(operation.name, kind, made.config, path, is_operation=not made.is_layer)
        call = Call(layer=operation.name, args=made.args)
        draft = _Draft(made=call, layer=layer, tensor=operation.name, trained=trained, of_sizes=of_sizes)
        return self._add(draft, shape)

    def _weighted(
        self, operation: Operation, tensors: list[Tensor], variables: frozenset[str], shape: Shape | None
    ) -> Tensor:
        """A call of a layer with weights, or one more step of the layer before."""
        told = {k: v for k, v in operation.node.attributes().items() if k not in ("body", "cond", "then_branch", "f")}
        fixed = [r for r in operation.inputs if isinstance(self.meaning[r.operation], Parameter)]
        mark = zlib.crc32(repr((operation.kind, sorted(variables), told, fixed)).encode())
        before = self.drafts[tensors[0].call] if len(tensors) == 1 and not tensors[0].index else None
        if before is not None and self._goes_on(before, operation, variables):
            before.kinds.append(operation.kind)
            before.variables |= variables
            before.mark = zlib.crc32(mark.to_bytes(4, "big"), before.mark)
            before.tensor = operation.name
            self.tensors[tensors[0]] = operation.name
            if shape is not None:
                self.shapes[tensors[0]] = shape
            return tensors[0]
        path = tuple(operation.name.split("/"))
        layer = _layer(operation.name, operation.kind, {}, path, is_operation=False)
        call = Call(layer=operation.name, args=tuple(tensors))
        draft = _Draft(call, layer, operation.name, [operation.kind], variables, mark, trained=True)
        return self._add(draft, shape)

    def _goes_on(self, before: _Draft, operation: Operation, variables: frozenset[str]) -> bool:
        """Whether an operation is one more step of the layer whose output it alone reads, such as its bias."""
        reads = next(r for r in operation.inputs if isinstance(self.meaning[r.operation], Tensor))
        made_last = self.flat.operations[reads.operation].name == before.tensor
        if not before.variables or not made_last or self.read_by[reads.operation] > 1:
            return False
        homes = {self.stored[v].home for v in before.variables} & {self.stored[v].home for v in variables}
        return bool(homes - {""}) or (operation.kind in BIAS and len(before.kinds) == 1)

    def _title(self, draft: _Draft) -> str:
        """What a layer with weights is called: as its variables are."""
        return min(self.stored[v].home or v for v in draft.variables)

    def _together(self) -> dict[str, tuple[str, dict[str, Json]]]:
        """Class and size of every layer with weights, from all operations that go by its title."""
        kinds: dict[str, list[str]] = {}
        owned: dict[str, set[str]] = {}
        for draft in self.drafts:
            if draft.variables:
                kinds.setdefault(self._title(draft), []).extend(draft.kinds)
                owned.setdefault(self._title(draft), set()).update(draft.variables)
        return {title: config_of(kinds[title], [self.stored[v] for v in sorted(owned[title])]) for title in kinds}


def _layer(
    name: str, class_name: str, config: Mapping[str, Json], path: tuple[str, ...], *, is_operation: bool
) -> Layer:
    """A layer or operation that is Keras' own, as far as its name goes."""
    return Layer(
        name=name,
        class_name=class_name,
        module="keras.src.ops" if is_operation else "keras.layers",
        registered_name=None,
        config=config,
        path=path,
        slots=(),
        is_operation=is_operation,
    )


def without_sizes(graph: Graph) -> Graph:
    """The same graph where rearranging needs no shape computed, for following numbers through it."""
    calls = tuple(
        replace(call, args=call.args[:1]) if graph.layers[call.layer].class_name in REARRANGING else call
        for call in graph.calls
    )
    return replace(graph, calls=calls)
