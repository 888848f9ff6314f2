"""Moving the pixels of one image by an affine map."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from siamdoctor.data.samples import FloatArray

# Names of scipy.ndimage. Keras' generator uses the first four as they are; its layers blend a constant in
# over the last half pixel, which scipy calls "grid-constant". "reflect" repeats the edge pixel.
Fill = Literal["nearest", "constant", "reflect", "wrap", "grid-constant", "grid-wrap"]
Matrix = NDArray[np.float64]


def warped(
    image: FloatArray,
    matrix: Matrix,
    offset: Matrix,
    *,
    fill: Fill = "nearest",
    value: float = 0.0,
    order: int = 1,
) -> FloatArray:
    """Read each place (row, column) of the result at matrix @ place + offset of the image.

    Args:
        image: (H, W, C) pixels on any scale.
        matrix: (2, 2).
        offset: (2,) in pixels.
        fill: how places outside are filled.
        value: with what, where fill is "constant".
        order: of the interpolating spline; 1 is bilinear.
    """
    planes = [
        ndimage.affine_transform(image[..., c], matrix, offset, order=order, mode=fill, cval=value)
        for c in range(image.shape[-1])
    ]
    return np.stack(planes, axis=-1)


def about_centre(image: FloatArray, matrix: Matrix, shift: Matrix) -> FloatArray:
    """Move (H, W, C) by a linear map about the image's centre, then by a shift.

    Args:
        image: pixels; places from outside repeat the nearest one.
        matrix: (2, 2) from the offset (down, right) of a written place to that of the place read there.
        shift: (2,) pixels down and right by which the content moves.
    """
    centre = (np.array(image.shape[:2]) - 1) / 2
    return warped(image, matrix, centre - matrix @ (centre + shift))
