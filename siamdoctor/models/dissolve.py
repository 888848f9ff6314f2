"""From a saved configuration to a `Graph`: nested models are replaced by the calls inside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from siamdoctor.errors import UnreadableModel
from siamdoctor.models.config import mapping, sequence, shape_of, text
from siamdoctor.models.functional import Functional, Key, is_model, saved_name, slots_of
from siamdoctor.models.glue import side_layer, stacking_layer, whole_slice
from siamdoctor.models.graph import Argument, Call, Graph, Layer, Shape, Tensor, is_operation, tensors_in
from siamdoctor.models.legacy import modern_config, modern_operation
from siamdoctor.models.nodes import Reference, resolve
from siamdoctor.models.weight_index import WRAPPED
from siamdoctor.results import Json

MAX_CALLS = 10_000  # a ResNet152 twin has about a thousand
MAX_NESTING = 30
MAX_MODELS = 2_000  # each call of a nested model counts
PAIR_OR_TRIPLE = (2, 3)
RANK_OF_PAIRS = 3  # batch, samples, and what a sample is


def read_graph(model: Mapping[str, Json]) -> Graph:
    """The call graph of a saved Functional or Sequential model.

    Raises:
        UnreadableModel: the configuration is no such model, or its graph has loops or loose ends.
    """
    builder = _Builder()
    config = mapping(model.get("config"))
    if not is_model(model):
        raise UnreadableModel(
            f"The file describes no layers, only a class of its own. Received: class_name={model.get('class_name')!r}"
        )
    outputs = builder.model(config, (), (), feeds=None)
    return Graph(
        layers=builder.layers,
        calls=tuple(builder.calls),
        inputs=tuple(builder.inputs),
        outputs=tuple(outputs),
        shapes=builder.shapes,
    )


@dataclass(slots=True)
class _Builder:
    """Collects the calls of a model and of the models inside it."""

    layers: dict[str, Layer] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    inputs: list[Tensor] = field(default_factory=list)
    shapes: dict[Tensor, Shape] = field(default_factory=dict)
    names: dict[tuple[str, ...], str] = field(default_factory=dict)
    apart: dict[Tensor, list[Tensor]] = field(default_factory=dict)
    models: int = 0

    def model(
        self,
        config: Mapping[str, Json],
        path: tuple[str, ...],
        slots: tuple[str, ...],
        feeds: list[Tensor] | None,
    ) -> list[Tensor]:
        """Add one model's calls; `feeds` are what it is called on, None for the outermost."""
        self.models += 1
        if len(path) > MAX_NESTING or self.models > MAX_MODELS:
            raise UnreadableModel(
                f"Models are nested more than {MAX_NESTING} deep or {MAX_MODELS} wide. Received: {path[0]!r}"
            )
        if "output_layers" in config:
            return self._functional(Functional(config), path, slots, feeds)
        return self._sequential(config, path, slots, feeds)

    def _functional(
        self, model: Functional, path: tuple[str, ...], slots: tuple[str, ...], feeds: list[Tensor] | None
    ) -> list[Tensor]:
        """All calls of a Functional model, and its outputs."""
        done = self._bind_inputs(model, path, feeds)

        def tensor(found: Reference) -> Tensor:
            made = self._pick(model, found, done[model.key(found)])
            if found.shape is not None:
                self.shapes.setdefault(made, found.shape)
            return made

        for key in model.order():
            call = model.nodes[key]
            args = [resolve(arg, tensor) for arg in call.args]
            kwargs = {name: resolve(arg, tensor) for name, arg in call.kwargs.items()}
            done[key] = self.apply(model.entries[key[0]], path, slots, model.slots, args=args, kwargs=kwargs)
        return [self._output(model, port, done) for port in model.outputs]

    def _bind_inputs(
        self, model: Functional, path: tuple[str, ...], feeds: list[Tensor] | None
    ) -> dict[Key, list[Tensor]]:
        """Inputs of the model are those of the graph, or what a nested model is called on."""
        if feeds is not None and len(feeds) < len(model.inputs):
            raise UnreadableModel(f"A nested model is called with too few inputs. Received: {path[-1]!r}")
        done: dict[Key, list[Tensor]] = {}
        for number, name in enumerate(model.inputs):
            given = self.add_input(model.entries[name], path) if feeds is None else feeds[number]
            shape = _input_shape(mapping(model.entries[name].get("config")))
            if shape is not None:
                self.shapes.setdefault(given, shape)
            done[name, 0] = [given]
        return done

    @staticmethod
    def _pick(model: Functional, found: Reference, made: list[Tensor]) -> Tensor:
        """One output of a call, of which a layer has any number and a nested model has those it names."""
        if not is_model(model.entries[found.layer]):
            return Tensor(made[0].call, found.index)
        if not 0 <= found.index < len(made):
            raise UnreadableModel(f"Output {found.index} of {found.layer!r} does not exist.")
        return made[found.index]

    def _output(self, model: Functional, port: Reference, done: Mapping[Key, list[Tensor]]) -> Tensor:
        """An output of the model."""
        for key in model.output_keys(port):
            if key in done:
                return self._pick(model, port, done[key])
        raise UnreadableModel(
            "The model's graph has loops or loose ends, so its output cannot be traced back to an input. "
            f"Received: output={port.layer!r}"
        )

    def _sequential(
        self,
        config: Mapping[str, Json],
        path: tuple[str, ...],
        slots: tuple[str, ...],
        feeds: list[Tensor] | None,
    ) -> list[Tensor]:
        """A chain. Its input is its first entry, or a shape kept beside the layers or in the first one."""
        entries = [mapping(item) for item in sequence(config.get("layers"))]
        groups = slots_of(list(entries), skip_inputs=True)
        if entries and text(entries[0].get("class_name")) == "InputLayer":
            first, entries = entries[0], entries[1:]
        else:
            first = _input_entry(config, entries)
        current = feeds if feeds is not None else [self.add_input(first, path)]
        for entry in entries:
            current = self.apply(entry, path, slots, groups, args=[_as_argument(current)], kwargs={})
        return current

    def apply(
        self,
        entry: Mapping[str, Json],
        path: tuple[str, ...],
        slots: tuple[str, ...],
        groups: Mapping[str, str],
        *,
        args: list[Argument],
        kwargs: Mapping[str, Argument],
    ) -> list[Tensor]:
        """Call one saved entry: a layer gives one call, a model those inside it."""
        own = (*path, saved_name(entry))
        slot = (*slots, groups.get(saved_name(entry), ""))
        if is_model(entry):
            feeds = list(tensors_in([*args, *kwargs.values()]))
            return self.model(mapping(entry.get("config")), own, slot, feeds)
        if len(self.calls) >= MAX_CALLS:
            raise UnreadableModel(f"The model has more than {MAX_CALLS} layer calls.")
        sides = self._sides(args) if text(entry.get("class_name")) == "TimeDistributed" else []
        if sides:
            return [self._by_side(entry, own, slot, sides)]
        layer = self._layer(entry, own, slot)
        if text(entry.get("class_name")) in ("TFOpLambda", "SlicingOpLambda"):
            self._add_legacy_operation(layer, mapping(entry.get("config")), args, kwargs)
        else:
            self.calls.append(Call(layer=layer.name, args=tuple(args), kwargs=dict(kwargs)))
        return [Tensor(len(self.calls) - 1)]

    def _sides(self, args: list[Argument]) -> list[Tensor]:
        """Both samples of a pair (or all three of a triple) that a wrapped layer is called on; else none.

        The only input of the model may hold them along its first axis, and so does what was made of it so far.
        """
        given = args[0] if args and isinstance(args[0], Tensor) else None
        shape = () if given is None else self.shapes.get(given, ())
        if given is None or given in self.apart or self.inputs != [given] or len(shape) < RANK_OF_PAIRS:
            return [] if given is None else self.apart.get(given, [])
        for number in range(shape[1] if shape[1] in PAIR_OR_TRIPLE else 0):
            layer = side_layer(f"side_{number}", self.layers)
            self.layers[layer.name] = layer
            self.calls.append(Call(layer=layer.name, args=(given, [whole_slice(), number])))
            side = Tensor(len(self.calls) - 1)
            self.shapes[side] = (shape[0], *shape[2:])
            self.apart.setdefault(given, []).append(side)
        return self.apart.get(given, [])

    def _by_side(
        self, entry: Mapping[str, Json], path: tuple[str, ...], slots: tuple[str, ...], sides: list[Tensor]
    ) -> Tensor:
        """A wrapped layer or model, called on each side for itself; what follows reads both as one again."""
        inner = mapping(mapping(entry.get("config")).get("layer"))
        group = {saved_name(inner): WRAPPED}
        made = [self.apply(inner, path, slots, group, args=[side], kwargs={})[0] for side in sides]
        layer = stacking_layer(f"{path[-1]}_sides", self.layers)
        self.layers[layer.name] = layer
        self.calls.append(Call(layer=layer.name, args=(list[Argument](made),)))
        both = Tensor(len(self.calls) - 1)
        self.apart[both] = made
        return both

    def _add_legacy_operation(
        self, layer: Layer, config: Mapping[str, Json], args: list[Argument], kwargs: Mapping[str, Argument]
    ) -> None:
        """A TensorFlow call of Keras 2, as the operation of Keras 3 where there is one."""
        modern = modern_operation(layer.name, config, args, kwargs)
        if modern is None:
            self.calls.append(Call(layer=layer.name, args=tuple(args), kwargs=dict(kwargs)))
            return
        self.layers[layer.name] = replace(
            layer,
            class_name=modern.class_name,
            module=modern.module,
            registered_name=None,
            config=modern.config,
            is_operation=modern.is_operation,
        )
        self.calls.append(Call(layer=layer.name, args=modern.args))

    def add_input(self, entry: Mapping[str, Json], path: tuple[str, ...]) -> Tensor:
        """An input of the outermost model.

        Raises:
            UnreadableModel: what is named as an input is another layer.
        """
        if text(entry.get("class_name")) != "InputLayer":
            raise UnreadableModel(f"The model names as input what is no input layer. Received: {saved_name(entry)!r}")
        layer = self._layer(entry, (*path, saved_name(entry)), ())
        self.calls.append(Call(layer=layer.name))
        tensor = Tensor(len(self.calls) - 1)
        shape = _input_shape(layer.config)
        if shape is not None:
            self.shapes[tensor] = shape
        self.inputs.append(tensor)
        return tensor

    def _layer(self, entry: Mapping[str, Json], path: tuple[str, ...], slots: tuple[str, ...]) -> Layer:
        """The layer of this path, made on the first call and found again on later ones."""
        if path not in self.names:
            own, whole = path[-1].replace("/", "_"), "_".join(path).replace("/", "_")  # Keras 3 takes no slashes
            name = own if own not in self.layers else whole
            while name in self.layers:
                name += "_"
            self.names[path] = name
            written = text(entry.get("class_name")) or ""
            class_name = written.rpartition(">")[2]  # HDF5 files have the package of a registered class before it
            self.layers[name] = Layer(
                name=name,
                class_name=class_name,
                module=text(entry.get("module")),
                registered_name=text(entry.get("registered_name")) or (written if written != class_name else None),
                config=modern_config(class_name, mapping(entry.get("config"))),
                path=path,
                slots=slots,
                is_operation=is_operation(entry),
            )
        return self.layers[self.names[path]]


def _as_argument(tensors: list[Tensor]) -> Argument:
    """What a layer of a chain is called on: one tensor, or the list a model with several outputs gives."""
    return tensors[0] if len(tensors) == 1 else list[Argument](tensors)


def _input_entry(config: Mapping[str, Json], entries: list[dict[str, Json]]) -> dict[str, Json]:
    """An input for a Sequential model that was saved without one."""
    first = mapping(entries[0].get("config")) if entries else {}
    shape = config.get("build_input_shape") or first.get("batch_input_shape") or first.get("batch_shape")
    dtype = text(first.get("dtype")) or "float32"
    inner: dict[str, Json] = {"name": "input", "batch_shape": shape, "dtype": dtype}
    return {"class_name": "InputLayer", "config": inner, "name": "input"}


def _input_shape(config: Mapping[str, Json]) -> Shape | None:
    """The shape of an input layer, under its name in Keras 3 or in Keras 2."""
    return shape_of(config.get("batch_shape")) or shape_of(config.get("batch_input_shape"))
