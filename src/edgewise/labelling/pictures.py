"""A folder of pictures as rows: pixels as a person sees them, and what was left out."""

from __future__ import annotations

import warnings
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from edgewise.arrays import Floats, InputError
from edgewise.importing import needing


if TYPE_CHECKING:
    from PIL.Image import Image as Picture

PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".webp", ".tif", ".tiff", ".gif")
WHITE = (255, 255, 255, 255)


def read_pictures(folder: Path) -> tuple[Floats, list[str], list[str]]:
    """Return the pictures of a folder and its sub-folders as float32 rows in [0, 1], their names, and notes.

    A picture is turned as its EXIF data say, 16-bit grey keeps its steps, palettes become colours, what is
    transparent lies on white, and of a moving picture the first frame is taken. If any picture is in colour all
    are.

    Raises
    ------
    InputError
        No picture that can be read, or pictures of several sizes.
    MissingExtraError
        There is no Pillow.
    """
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    names: list[str] = []
    pictures: list[Floats] = []
    left_out: Counter[str] = Counter()
    moving = 0
    for file in files:
        name = file.relative_to(folder).as_posix()
        if any(part.startswith((".", "__MACOSX")) for part in Path(name).parts):
            left_out["hidden"] += 1
        elif file.suffix.lower() not in PICTURES:
            left_out[file.suffix.lower() or "no suffix"] += 1
        elif isinstance(read := _pixels(file), str):
            left_out[f"{name}: {read}"] += 1
        else:
            pixels, frames = read
            moving += frames > 1
            names.append(name)
            pictures.append(pixels)
    notes = [_left_out(left_out)] if left_out else []
    if not pictures:
        raise InputError("; ".join([f"{folder} holds no pictures ({', '.join(PICTURES)})", *notes]) + ".")
    if moving:
        notes.append(f"the first frame of {moving} moving pictures is taken")
    return _together(pictures, names), names, notes


def _left_out(counts: Counter[str]) -> str:
    parts = [
        what if count == 1 and ":" in what else f"{count} {what}" for what, count in counts.most_common(6)
    ]
    more = sum(counts.values()) - sum(count for _, count in counts.most_common(6))
    files = "file" if sum(counts.values()) == 1 else "files"
    return f"left out: {sum(counts.values())} {files} ({', '.join(parts)}{f', {more} more' if more else ''})"


def _together(pictures: list[Floats], names: list[str]) -> Floats:
    sizes = Counter(picture.shape[:2] for picture in pictures)
    if len(sizes) > 1:
        common = sizes.most_common(1)[0][0]
        other = next(i for i, picture in enumerate(pictures) if picture.shape[:2] != common)
        height, width = pictures[other].shape[:2]
        raise InputError(
            f"pictures must have one size; {sizes[common]} of {len(pictures)} are {common[1]} x {common[0]}, "
            f"{names[other]} is {width} x {height}. Resize them first."
        )
    if any(picture.ndim == 3 for picture in pictures):
        pictures = [p if p.ndim == 3 else np.repeat(p[:, :, None], 3, axis=2) for p in pictures]
    return np.stack(pictures).reshape(len(pictures), -1)


def _pixels(file: Path) -> tuple[Floats, int] | str:
    """Return the pixels of a picture and how many frames it has, or why it cannot be read."""
    with needing("reading pictures"):
        from PIL import Image, ImageOps
    try:
        with warnings.catch_warnings(), Image.open(file) as image:
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            frames = int(getattr(image, "n_frames", 1))
            upright = ImageOps.exif_transpose(image)
            return _unit(upright), frames
    except InputError as error:
        return str(error)
    except Image.DecompressionBombWarning:
        return "too large"
    except Exception as error:  # noqa: BLE001 - decoders raise anything on damaged files
        return f"damaged ({type(error).__name__})"


def _unit(image: Picture) -> Floats:
    from PIL import Image

    mode = image.mode
    if mode.startswith("I;16"):
        return np.asarray(image, dtype=np.float32) / 65535
    if mode in ("I", "F"):
        values = np.asarray(image)
        if mode == "F" or values.min() < 0 or values.max() > 65535:
            raise InputError(f"{mode} pixels, whose range nobody states")
        return (values / 65535).astype(np.float32)
    if mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        colours = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, WHITE), colours)
        image = image.convert("L" if mode in ("LA", "La", "L", "1") else "RGB")
    elif mode == "1":
        image = image.convert("L")
    elif mode not in ("L", "RGB"):
        image = image.convert("RGB")
    return np.asarray(image, dtype=np.float32) / 255
