"""Owns the array types that stay inside inference."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
"""A picture [height, width, 3], BGR, 0–255."""

Floats = NDArray[np.float32]

Tensor = NDArray[Any]
"""What goes into or comes out of a runtime; its card knows the shape."""
