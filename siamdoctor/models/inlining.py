"""A signature of a SavedModel as one list of operations, with every function call replaced by what it does.

TensorFlow does the same before it freezes a program, and calls an operation inside a called function by the name of
the call, a slash, and its own. Names are the same here, so that what is found by reading can be cut out by running.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from siamdoctor.models.program import Function, Node, Program, Signature
from siamdoctor.models.protobuf import Malformed, messages, string

CALLS = frozenset({"PartitionedCall", "StatefulPartitionedCall"})
PASSING_ON = frozenset({"Identity", "ReadVariableOp", "StopGradient", "PreventGradient", "Snapshot", "IdentityN"})
ONE_OF_A_KIND = frozenset({"Placeholder", "VarHandleOp", "VariableV2", "Variable"})
MAX_OPERATIONS, MAX_NODES, MAX_CALLS = 30_000, 200_000, 40


@dataclass(frozen=True, slots=True)
class Ref:
    """An output of an operation: the operation's number, and the output's name and number in it."""

    operation: int
    output: str = ""
    number: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation. name: as in the frozen program."""

    name: str
    kind: str
    inputs: tuple[Ref, ...]
    node: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Flat:
    """Operations in an order in which each comes after what it reads; equal ones stand there once.

    inputs: by the signature's names, in the order in which the model takes them. positions: the place of each among
    the arguments of the signature's function. outputs: in the order of their names. equals: names of the operations
    left out, by that of the one that stands for them. arguments: what the signature's function calls what it is given.
    """

    operations: tuple[Operation, ...]
    inputs: Mapping[str, Ref]
    positions: Mapping[str, int]
    outputs: tuple[Ref, ...]
    equals: Mapping[str, tuple[str, ...]]
    arguments: Mapping[str, str]


def inlined(program: Program, signature: Signature) -> Flat:
    """All that one signature does.

    Raises:
        Malformed: the program is cyclic, incomplete, or unfolds to far more than any honest one.
    """
    work = _Inliner(program)
    roots = tuple(port.tensor for port in signature.outputs)
    names = work.expand(program.nodes, roots, "", {}, 0)
    outputs = tuple(names.find(root) for root in roots)
    inputs = {port.name: names.find(port.tensor) for port in signature.inputs if names.knows(port.tensor)}
    order = {ref: place for place, ref in enumerate(work.order)}
    ordered = sorted(inputs, key=lambda name: order.get(inputs[name], len(order)))
    first = {ref: place for place, ref in reversed(list(enumerate(work.outer)))}
    return Flat(
        operations=tuple(work.operations),
        inputs={name: inputs[name] for name in ordered},
        positions={name: first.get(ref, place) for place, (name, ref) in enumerate(inputs.items())},
        outputs=outputs,
        equals={work.operations[n].name: tuple(others) for n, others in work.others.items()},
        arguments={
            work.operations[ref.operation].name: name for ref, name in zip(work.outer, work.called, strict=False)
        },
    )


class _Names:
    """What the names of tensors stand for inside one function."""

    def __init__(self, arguments: Mapping[str, Ref]) -> None:
        self.arguments = arguments
        self.made: dict[str, int | tuple[Ref, ...]] = {}

    def knows(self, tensor: str) -> bool:
        """Whether a tensor is made or given here."""
        name = tensor.partition(":")[0]
        return name in self.made or name in self.arguments

    def find(self, tensor: str) -> Ref:
        """The output that `name`, `name:number` or `name:output:number` stands for."""
        name, _, rest = tensor.partition(":")
        output, _, number = rest.rpartition(":")
        if name in self.made:
            made = self.made[name]
            place = int(number) if number.isdecimal() and len(number) < 6 else 0  # noqa: PLR2004  (no call gives more)
            if isinstance(made, int):
                return Ref(made, output, place)
            if place < len(made):
                return made[place]
        elif name in self.arguments:
            return self.arguments[name]
        raise Malformed(f"nothing makes the tensor {tensor[:60]!r}")


class _Inliner:
    """Unfolds function calls.

    outer: what the first call is given. called: its function's names for that. order: of the inputs in the last call
    within that is given them all, which is the model's own.
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self.operations: list[Operation] = []
        self.equal: dict[tuple[object, ...], int] = {}
        self.others: dict[int, list[str]] = {}
        self.outer: tuple[Ref, ...] = ()
        self.order: tuple[Ref, ...] = ()
        self.called: tuple[str, ...] = ()
        self.steps = 0
        self.functions: dict[str, Function] = {}

    def expand(
        self, nodes: Mapping[str, Node], roots: tuple[str, ...], prefix: str, arguments: Mapping[str, Ref], depth: int
    ) -> _Names:
        """Add what `roots` need, and say what names stand for."""
        names = _Names(arguments)
        for node in _sorted(nodes, roots):
            self.steps += 1
            if self.steps > MAX_OPERATIONS or depth > MAX_CALLS:
                raise Malformed("its functions unfold to far more than any honest model's")
            inputs = tuple(names.find(name) for name in node.inputs)
            called = self._called(node)
            names.made[node.name] = (
                self._add(node, prefix, inputs) if called is None else self._call(called, node, prefix, inputs, depth)
            )
        return names

    def _called(self, node: Node) -> str | None:
        """The function that a node calls, None where it is an operation."""
        if node.op in CALLS:
            return string(b"".join(messages(node.attribute("f"), 10)[:1]), 1)
        return node.op if node.op in self.program.functions else None

    def _call(self, name: str, node: Node, prefix: str, inputs: tuple[Ref, ...], depth: int) -> tuple[Ref, ...]:
        """What a called function gives, with what it does added."""
        function = self._function(name)
        if not self.outer:
            self.outer, self.called = inputs, function.arguments
        given = tuple(ref for ref in inputs if self.operations[ref.operation].kind == "Placeholder")
        if set(given) >= set(self.order) and len(given) == len(set(given)):
            self.order = given
        arguments = dict(zip(function.arguments, inputs, strict=False))
        inner = f"{prefix}{node.name}/" if depth else ""
        names = self.expand(function.nodes, function.outputs, inner, arguments, depth + 1)
        return tuple(names.find(output) for output in function.outputs)

    def _function(self, name: str) -> Function:
        """A function of the program, each taken apart once, and together of a sane size."""
        if name not in self.functions:
            self.functions[name] = self.program.function(name)
            if sum(len(function.nodes) for function in self.functions.values()) > MAX_NODES:
                raise Malformed(f"its functions have more than {MAX_NODES} operations")
        return self.functions[name]

    def _add(self, node: Node, prefix: str, inputs: tuple[Ref, ...]) -> int:
        """The number of an operation, which is that of an equal one where there is one already."""
        key: tuple[object, ...] = (node.op, inputs, tuple(node.attributes().items()))
        if node.op in ONE_OF_A_KIND:
            key = (node.op, prefix, node.name)
        if key not in self.equal:
            self.equal[key] = len(self.operations)
            self.operations.append(Operation(name=f"{prefix}{node.name}", kind=node.op, inputs=inputs, node=node))
        else:
            self.others.setdefault(self.equal[key], []).append(f"{prefix}{node.name}")
        return self.equal[key]


def _sorted(nodes: Mapping[str, Node], roots: tuple[str, ...]) -> Iterator[Node]:
    """The nodes that `roots` depend on, each after what it reads."""
    done: set[str] = set()
    open_nodes: set[str] = set()
    stack = [name for root in reversed(roots) if (name := root.partition(":")[0]) in nodes]
    while stack:
        name = stack[-1]
        before = [b for tensor in nodes[name].inputs if (b := tensor.partition(":")[0]) in nodes and b not in done]
        if name in done or not before:
            stack.pop()
            if name not in done:
                done.add(name)
                yield nodes[name]
        elif name in open_nodes:
            raise Malformed("its operations wait for one another")
        else:
            open_nodes.add(name)
            stack.extend(reversed(before))
