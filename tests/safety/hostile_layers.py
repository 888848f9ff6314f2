"""Model files that can be read, and whose layers would harm whoever builds them."""

from __future__ import annotations

from model_pieces import CANARY, Make, archive, chain, dense, functional, given, node, other, tensor


def lookup(after: str) -> dict:
    """A layer that would read its words from a file, behind another one, where it is not the model's beginning."""
    return {**other("StringLookup", vocabulary=str(CANARY)), "inbound_nodes": [node(after)]}


STRANGE = {"class_name": {"a": 1}, "config": {}}
STRANGE_ARGUMENT = {
    **dense(),
    "inbound_nodes": [
        {"args": [tensor("input")], "kwargs": {"mask": {"class_name": "__lambda__", "config": {"code": "x"}}}}
    ],
}
REFUSED_ON_LOADING: dict[str, tuple[Make, str]] = {
    "layer of two hundred million units": (archive(functional(given(), dense(200_000_000))), "units=200000000"),
    "input of a billion numbers": (archive(functional(given((None, 10**9)), dense())), "no stored weight"),
    "huge product of small sizes": (
        archive(functional(given((None, 4000, 4000, 500)), other("Flatten"))),
        "numbers of one sample",
    ),
    "repetition": (
        archive(functional(given(), other("RepeatVector", n=10**8))),
        "no stored weight",
    ),
    "weights that do not fit": (archive(functional(given((None, 9)), dense())), "do not fit"),
    "more weights than the layer has": (
        archive(functional(given(), dense(use_bias=False))),
        "do not fit",
    ),
    "Lambda": (archive(functional(given(), other("Lambda", function="os.system"), dense(after="odd"))), "Lambda"),
    "SavedModel inside": (archive(functional(given(), other("TFSMLayer", filepath="saved"))), "TFSMLayer"),
    "Torch module inside": (archive(functional(given(), other("TorchModuleWrapper"))), "TorchModuleWrapper"),
    "vocabulary file": (
        archive(functional(given(), chain(1)["config"]["layers"][1], lookup("layer0"), dense(after="odd"))),
        "StringLookup",
    ),
    "vocabulary in a harmless layer": (
        archive(functional(given(), other("Flatten", vocabulary=str(CANARY)))),
        "vocabulary",
    ),
    "class of another module": (archive(functional(given(), {**dense(), "module": "os"})), "Dense"),
    "registered class in disguise": (
        archive(functional(given(), {**dense(), "registered_name": "Evil>Dense"})),
        "Dense",
    ),
    "function as activation": (
        archive(
            functional(
                given(),
                dense(activation={"module": "os", "class_name": "function", "config": "system"}),
            )
        ),
        "function",
    ),
    "named function as activation": (archive(functional(given(), dense(activation="system"))), "system"),
    "foreign initialiser": (
        archive(functional(given(), dense(kernel_initializer={"module": "os", "class_name": "Popen", "config": {}}))),
        "Popen",
    ),
    "Lambda inside a wrapper": (
        archive(
            functional(
                given((None, 3, 4)),
                other("TimeDistributed", layer={"module": "keras.layers", "class_name": "Lambda", "config": {}}),
            )
        ),
        "Lambda",
    ),
    "code among the arguments": (archive(functional(given(), STRANGE_ARGUMENT)), "__lambda__"),
    "class of a strange kind among the arguments": (
        archive(
            functional(
                given(), {**dense(), "inbound_nodes": [{"args": [tensor("input")], "kwargs": {"mask": STRANGE}}]}
            )
        ),
        "called with",
    ),
    "operation that Keras does not have": (
        archive(functional(given(), {**other("Popen"), "module": "keras.src.ops.numpy"})),
        "Popen",
    ),
}

# Those that only Keras' own dry run of the network can tell; all others are refused before it is imported.
REFUSED_BY_KERAS = frozenset({"weights that do not fit", "more weights than the layer has"})
