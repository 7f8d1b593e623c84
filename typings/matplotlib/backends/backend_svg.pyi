from collections.abc import Mapping
from typing import BinaryIO

from matplotlib.figure import Figure

class FigureCanvasSVG:
    def __init__(self, figure: Figure) -> None: ...
    def print_svg(self, filename: BinaryIO, *, metadata: Mapping[str, object]) -> None: ...
