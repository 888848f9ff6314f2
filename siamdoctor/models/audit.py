"""What may be handed to Keras for loading: an allowlist of classes, and a budget of sizes.

Keras' own safe mode is a denylist. Here nothing passes that is not named.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from siamdoctor.errors import UnreadableModel
from siamdoctor.models.config import integer, mapping, objects, sequence, text
from siamdoctor.models.graph import Graph, Layer
from siamdoctor.models.weights import LayerVariables
from siamdoctor.results import Json

LAYERS = frozenset(
    [
        "Activation",
        "ActivationLayer",
        "ActivityRegularization",
        "AdaptiveAveragePooling1D",
        "AdaptiveAveragePooling2D",
        "AdaptiveMaxPooling1D",
        "AdaptiveMaxPooling2D",
        "Add",
        "AdditiveAttention",
        "AlphaDropout",
        "Attention",
        "Average",
        "AveragePooling1D",
        "AveragePooling2D",
        "AveragePooling3D",
        "BatchNormalization",
        "Bidirectional",
        "CategoryEncoding",
        "CenterCrop",
        "Concatenate",
        "Conv1D",
        "Conv1DTranspose",
        "Conv2D",
        "Conv2DTranspose",
        "Conv3D",
        "Conv3DTranspose",
        "ConvLSTM1D",
        "ConvLSTM2D",
        "Cropping1D",
        "Cropping2D",
        "Cropping3D",
        "Dense",
        "DepthwiseConv1D",
        "DepthwiseConv2D",
        "Discretization",
        "Dot",
        "Dropout",
        "ELU",
        "EinsumDense",
        "Embedding",
        "Flatten",
        "GRU",
        "GRUCell",
        "GaussianDropout",
        "GaussianNoise",
        "GlobalAveragePooling1D",
        "GlobalAveragePooling2D",
        "GlobalAveragePooling3D",
        "GlobalMaxPooling1D",
        "GlobalMaxPooling2D",
        "GlobalMaxPooling3D",
        "GroupNormalization",
        "GroupQueryAttention",
        "Identity",
        "InputLayer",
        "LSTM",
        "LSTMCell",
        "LayerNormalization",
        "LeakyReLU",
        "Masking",
        "MaxPooling1D",
        "MaxPooling2D",
        "MaxPooling3D",
        "Maximum",
        "Minimum",
        "MultiHeadAttention",
        "Multiply",
        "Normalization",
        "PReLU",
        "Permute",
        "RMSNormalization",
        "RNN",
        "RandomBrightness",
        "RandomContrast",
        "RandomCrop",
        "RandomErasing",
        "RandomFlip",
        "RandomGrayscale",
        "RandomHue",
        "RandomInvert",
        "RandomPerspective",
        "RandomRotation",
        "RandomSaturation",
        "RandomSharpness",
        "RandomShear",
        "RandomTranslation",
        "RandomZoom",
        "ReLU",
        "RepeatVector",
        "Rescaling",
        "Reshape",
        "Resizing",
        "SeparableConv1D",
        "SeparableConv2D",
        "SimpleRNN",
        "SimpleRNNCell",
        "Softmax",
        "SpatialDropout1D",
        "SpatialDropout2D",
        "SpatialDropout3D",
        "SpectralNormalization",
        "StackedRNNCells",
        "Subtract",
        "TimeDistributed",
        "UnitNormalization",
        "UpSampling1D",
        "UpSampling2D",
        "UpSampling3D",
        "ZeroPadding1D",
        "ZeroPadding2D",
        "ZeroPadding3D",
    ]
)
_OPERATIONS_BY_MODULE = {
    "numpy": """
        Absolute Abs Add All Amax Amin Any Arccos Argmax Average Ceil Clip Concatenate Cos Cumsum Divide
        DivideNoNan Dot Einsum Equal Exp ExpandDims Expm1 Flip Floor FloorDivide FullLike GetItem Greater
        GreaterEqual Inner Isfinite Isnan Less LessEqual Log Log10 Log1p Log2 LogicalAnd LogicalNot
        LogicalOr Matmul Max Maximum Mean Min Minimum Mod Moveaxis Multiply NanToNum Negative NotEqual
        OnesLike Outer Pad Power Prod Ravel Real Reciprocal Reshape Roll Round Sign Sin Split Sqrt Square
        Squeeze Stack Std Subtract Sum Swapaxes Take TakeAlongAxis Tan Tanh Tensordot Transpose TrueDivide
        Var Vdot Where ZerosLike
        """,
    "nn": """
        AveragePool Celu Elu Gelu Glu HardSigmoid HardSilu HardTanh LayerNorm LeakyRelu LogSigmoid
        LogSoftmax MaxPool Moments Normalize OneHot Polar RMSNorm Relu Relu6 Selu Sigmoid Silu SoftShrink
        Softmax Softplus Softsign Sparsemax Squareplus TanhShrink Threshold
        """,
    "math": "CDist Erf Logsumexp Rsqrt TopK",
    "core": "Cast ConvertToTensor SaturateCast Slice StopGradient Unstack",
    "linalg": "Norm",
    "image": "CropImages PadImages RGBToGrayscale RGBToHSV Resize",
}
OPERATIONS = {
    name: f"keras.src.ops.{module}" for module, names in _OPERATIONS_BY_MODULE.items() for name in names.split()
}
INITIALIZERS = frozenset(
    [
        "Constant",
        "GlorotNormal",
        "GlorotUniform",
        "HeNormal",
        "HeUniform",
        "Identity",
        "IdentityInitializer",
        "LecunNormal",
        "LecunUniform",
        "Ones",
        "Orthogonal",
        "OrthogonalInitializer",
        "RandomNormal",
        "RandomUniform",
        "TruncatedNormal",
        "VarianceScaling",
        "Zeros",
    ]
)
REGULARIZERS = frozenset({"L1", "L2", "L1L2", "OrthogonalRegularizer"})
CONSTRAINTS = frozenset({"MaxNorm", "NonNeg", "UnitNorm", "MinMaxNorm"})
POLICIES = frozenset({"DTypePolicy", "FloatDTypePolicy", "Policy"})
ACTIVATIONS = frozenset(
    [
        "celu",
        "elu",
        "exponential",
        "gelu",
        "glu",
        "hard_sigmoid",
        "hard_silu",
        "hard_swish",
        "hard_tanh",
        "leaky_relu",
        "linear",
        "log_sigmoid",
        "log_softmax",
        "mish",
        "relu",
        "relu6",
        "selu",
        "sigmoid",
        "silu",
        "soft_shrink",
        "softmax",
        "softplus",
        "softsign",
        "sparse_plus",
        "sparsemax",
        "squareplus",
        "swish",
        "tanh",
        "tanh_shrink",
        "threshold",
    ]
)
INNER = {
    "keras.initializers": INITIALIZERS,
    "keras.regularizers": REGULARIZERS,
    "keras.constraints": CONSTRAINTS,
    "keras": POLICIES,
    "keras.layers": LAYERS,
}
MARKERS = frozenset({"__tuple__", "__slice__", "__ellipsis__", "__numpy__", "function"})
PATH_LIKE = ("vocabulary", "filepath", "weights", "vocabulary_dtype")
MAX_FREE_SIZE = 4096  # larger whole numbers must be a dimension of a stored weight
MAX_TEXT = 100_000
NOT_A_SIZE = frozenset({"seed", "input_length", "max_value", "shared_object_id", "vocabulary_size", "value"})


def allowed(layer: Layer) -> bool:
    """Whether Keras may be asked to make this layer."""
    if layer.is_operation:
        return layer.class_name in OPERATIONS
    return layer.class_name in LAYERS and not layer.is_foreign


def refusals(graph: Graph, variables: LayerVariables) -> list[str]:
    """Why a part of a model must not be loaded; empty where it may."""
    sizes = {axis for stored in variables.values() for v in stored for axis in v.array.shape}
    sizes |= {axis // gates for axis in sizes for gates in (3, 4)}  # GRU and LSTM kernels
    found: list[str] = []
    for layer in graph.layers.values():
        if not allowed(layer):
            found.append(f"layer {layer.name!r} is of the class {layer.class_name!r}, which Keras does not define")
            continue
        found.extend(f"layer {layer.name!r} {reason}" for reason in _inner_refusals(layer.config))
        found.extend(f"layer {layer.name!r} {reason}" for reason in _sizes(layer, sizes))
    return found


def check(graph: Graph, variables: LayerVariables, path: object) -> None:
    """Raise `UnreadableModel` with the first reason of `refusals`, if there is one."""
    reasons = refusals(graph, variables)
    if reasons:
        more = f" (and {len(reasons) - 1} more)" if len(reasons) > 1 else ""
        raise UnreadableModel(f"This part of the model is not loaded: {reasons[0]}{more}. Received: model={path}")


def _inner_refusals(config: Mapping[str, Json]) -> Iterator[str]:
    """Objects inside a layer's config: initialisers, activations, wrapped layers and the like."""
    for key in PATH_LIKE:
        if config.get(key) not in (None, "imagenet") and not isinstance(config.get(key), bool | int | float):
            yield f"names a file or a vocabulary ({key})"
    for item in objects(dict(config)):
        name = text(item.get("class_name"))
        if name is not None and not _known(name, item):
            yield f"contains {name!r}, which is not on the list of known parts"
        for key in ("activation", "recurrent_activation"):
            activation = text(item.get(key))
            if activation is not None and activation not in ACTIVATIONS:
                yield f"uses the activation {activation!r}, which Keras does not define"


def _known(name: str, item: Mapping[str, Json]) -> bool:
    """Whether a serialised object inside a config is a harmless part of Keras."""
    if name in MARKERS:
        return name != "function" or text(item.get("config")) in ACTIVATIONS
    return any(name in names for names in INNER.values()) and text(item.get("registered_name")) in (None, name)


def _sizes(layer: Layer, known: set[int]) -> Iterator[str]:
    """Whole numbers that would make Keras allocate much more than the file stores."""
    for key, value in layer.config.items():
        if key in NOT_A_SIZE:
            continue
        for size in _integers(value):
            if abs(size) > MAX_FREE_SIZE and size not in known:
                yield f"declares {key}={size}, which no stored weight confirms"


def _integers(value: Json) -> Iterator[int]:
    """The whole numbers in a config value, initialisers and other objects left out."""
    if (number := integer(value)) is not None:
        yield number
    for item in sequence(value):
        yield from _integers(item)
    inner = mapping(value)
    if "layers" in inner or text(inner.get("class_name")) in LAYERS:
        for key, item in mapping(inner.get("config")).items():
            if key not in NOT_A_SIZE:
                yield from _integers(item)
