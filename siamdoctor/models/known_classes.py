"""The parts of Keras that may be loaded: an allowlist, where Keras' own safe mode is a denylist.

Left out on purpose: `Lambda`, everything that wraps another framework or a SavedModel, and the lookup and
text layers, whose vocabulary may be the path of a file to read.
"""

from __future__ import annotations


def _names(text: str) -> frozenset[str]:
    """Words of a text; a list of a hundred strings, one a line, would hide what matters here."""
    return frozenset(text.split())


LAYERS = _names("""
    Activation ActivationLayer ActivityRegularization AdaptiveAveragePooling1D AdaptiveAveragePooling2D
    AdaptiveMaxPooling1D AdaptiveMaxPooling2D Add AdditiveAttention AlphaDropout Attention Average
    AveragePooling1D AveragePooling2D AveragePooling3D BatchNormalization Bidirectional CategoryEncoding
    CenterCrop Concatenate Conv1D Conv1DTranspose Conv2D Conv2DTranspose Conv3D Conv3DTranspose
    ConvLSTM1D ConvLSTM2D Cropping1D Cropping2D Cropping3D Dense DepthwiseConv1D DepthwiseConv2D
    Discretization Dot Dropout ELU EinsumDense Embedding Flatten GRU GRUCell GaussianDropout
    GaussianNoise GlobalAveragePooling1D GlobalAveragePooling2D GlobalAveragePooling3D
    GlobalMaxPooling1D GlobalMaxPooling2D GlobalMaxPooling3D GroupNormalization GroupQueryAttention
    Identity InputLayer LSTM LSTMCell LayerNormalization LeakyReLU Masking MaxPooling1D MaxPooling2D
    MaxPooling3D Maximum Minimum MultiHeadAttention Multiply Normalization PReLU Permute
    RMSNormalization RNN RandomBrightness RandomContrast RandomCrop RandomErasing RandomFlip
    RandomGrayscale RandomHue RandomInvert RandomPerspective RandomRotation RandomSaturation
    RandomSharpness RandomShear RandomTranslation RandomZoom ReLU RepeatVector Rescaling Reshape
    Resizing SeparableConv1D SeparableConv2D SimpleRNN SimpleRNNCell Softmax SpatialDropout1D
    SpatialDropout2D SpatialDropout3D SpectralNormalization StackedRNNCells Subtract TimeDistributed
    UnitNormalization UpSampling1D UpSampling2D UpSampling3D ZeroPadding1D ZeroPadding2D ZeroPadding3D
""")
_OPERATIONS_BY_MODULE = {
    "numpy": _names("""
        Abs Absolute Add All Amax Amin Any Arccos Argmax Average Ceil Clip Concatenate Cos Cumsum
        Divide DivideNoNan Dot Einsum Equal Exp ExpandDims Expm1 Flip Floor FloorDivide FullLike
        GetItem Greater GreaterEqual Inner Isfinite Isnan Less LessEqual Log Log10 Log1p Log2
        LogicalAnd LogicalNot LogicalOr Matmul Max Maximum Mean Min Minimum Mod Moveaxis Multiply
        NanToNum Negative NotEqual OnesLike Outer Pad Power Prod Ravel Real Reciprocal Reshape Roll
        Round Sign Sin Split Sqrt Square Squeeze Stack Std Subtract Sum Swapaxes Take TakeAlongAxis
        Tan Tanh Tensordot Transpose TrueDivide Var Vdot Where ZerosLike
        """),
    "nn": _names("""
        AveragePool Celu Elu Gelu Glu HardSigmoid HardSilu HardTanh LayerNorm LeakyRelu LogSigmoid
        LogSoftmax MaxPool Moments Normalize OneHot Polar RMSNorm Relu Relu6 Selu Sigmoid Silu
        SoftShrink Softmax Softplus Softsign Sparsemax Squareplus TanhShrink Threshold
        """),
    "math": _names("""
        CDist Erf Logsumexp Rsqrt TopK
        """),
    "core": _names("""
        Cast ConvertToTensor SaturateCast Slice StopGradient Unstack
        """),
    "linalg": _names("""
        Norm
        """),
    "image": _names("""
        CropImages PadImages RGBToGrayscale RGBToHSV Resize
        """),
}
OPERATIONS = {name: f"keras.src.ops.{module}" for module, names in _OPERATIONS_BY_MODULE.items() for name in names}
INITIALIZERS = _names("""
    Constant GlorotNormal GlorotUniform HeNormal HeUniform Identity IdentityInitializer LecunNormal
    LecunUniform Ones Orthogonal OrthogonalInitializer RandomNormal RandomUniform TruncatedNormal
    VarianceScaling Zeros
""")
REGULARIZERS = _names("""
    L1 L1L2 L2 OrthogonalRegularizer
""")
CONSTRAINTS = _names("""
    MaxNorm MinMaxNorm NonNeg UnitNorm
""")
POLICIES = _names("""
    DTypePolicy FloatDTypePolicy Policy
""")
ACTIVATIONS = _names("""
    celu elu exponential gelu glu hard_sigmoid hard_silu hard_swish hard_tanh leaky_relu linear
    log_sigmoid log_softmax mish relu relu6 selu sigmoid silu soft_shrink softmax softplus softsign
    sparse_plus sparsemax squareplus swish tanh tanh_shrink threshold
""")
# Not loaded, but told from losses of the user's own; classes, functions and their abbreviations.
LOSSES = _names("""
    BCE BinaryCrossentropy BinaryFocalCrossentropy CTC CategoricalCrossentropy CategoricalFocalCrossentropy
    CategoricalHinge Circle CosineSimilarity Dice Hinge Huber KLD KLDivergence LogCosh LossFunctionWrapper
    MAE MAPE MSE MSLE MeanAbsoluteError MeanAbsolutePercentageError MeanSquaredError
    MeanSquaredLogarithmicError Poisson SparseCategoricalCrossentropy SquaredHinge Tversky bce
    CategoricalGeneralizedCrossEntropy categorical_generalized_cross_entropy
    binary_crossentropy binary_focal_crossentropy categorical_crossentropy categorical_focal_crossentropy
    categorical_hinge circle cosine_proximity cosine_similarity ctc dice hinge huber huber_loss kl_divergence
    kld kullback_leibler_divergence log_cosh logcosh mae mape mean_absolute_error
    mean_absolute_percentage_error mean_squared_error mean_squared_logarithmic_error mse msle poisson
    sparse_categorical_crossentropy squared_hinge tversky
""")
# Where Keras looks up what may stand inside a layer's settings.
INNER = {
    "keras.initializers": INITIALIZERS,
    "keras.regularizers": REGULARIZERS,
    "keras.constraints": CONSTRAINTS,
    "keras": POLICIES,
    "keras.layers": LAYERS,
    "keras.src.models.functional": _names("Functional"),
    "keras.src.models.sequential": _names("Sequential"),
}
# Models that a wrapper may hold, such as the one that `TimeDistributed` applies to every step.
MODELS = _names("Functional Sequential")
# Constants that Keras writes down as objects.
CONSTANTS = _names("__tuple__ __slice__ __ellipsis__ __numpy__ __tensor__")
