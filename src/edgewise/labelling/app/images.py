"""Pictures for the page: decoded here and written again, so that a browser gets plain pixels."""

from __future__ import annotations

import io
import warnings
from pathlib import Path

import numpy as np

from edgewise.arrays import InputError


MOST = 2048
"""The longer side of a picture on the page, in pixels."""


def as_png(file: Path) -> bytes:
    """Return a picture as PNG, turned as its EXIF data say and no larger than a screen needs.

    Raises
    ------
    InputError
        It is damaged, or so large that decoding it could use up the memory.
    """
    from PIL import Image, ImageOps

    try:
        with warnings.catch_warnings(), Image.open(file) as image:
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            upright = ImageOps.exif_transpose(image)
            if upright.mode.startswith("I") or upright.mode == "F":
                values = np.asarray(upright, float)
                values = (values - values.min()) * (255 / (np.ptp(values) or 1))
                upright = Image.fromarray(values.astype(np.uint8))
            elif upright.mode not in ("L", "RGB", "RGBA"):
                upright = upright.convert("RGBA")
            upright.thumbnail((MOST, MOST))
            out = io.BytesIO()
            upright.save(out, "PNG", compress_level=1)
            return out.getvalue()
    except Exception as error:  # noqa: BLE001 - decoders raise anything on damaged files
        raise InputError(f"the picture cannot be shown ({type(error).__name__}).") from None
