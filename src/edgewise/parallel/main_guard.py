"""Say at once that a script lacks the guard without which its workers would run it again."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path
from types import FrameType

from edgewise.arrays import InputError


GUARD = (
    "Each worker imports the script that started it: put what the script does below "
    "`if __name__ == '__main__':`."
)


def check_guard() -> None:
    """Raise `InputError` if workers that import ``__main__`` would come here again.

    Raises
    ------
    InputError
        The statement of the script that is being run is not under ``if __name__ == "__main__":``.
    """
    at = _script_frame()
    if at is None or not _reached_on_import(Path(at.f_code.co_filename), at.f_lineno):
        return
    raise InputError(
        f"{at.f_code.co_filename}, line {at.f_lineno}, starts workers while the script is imported. {GUARD}"
    )


def _script_frame() -> FrameType | None:
    """Return the frame of the script itself, if this was called from one."""
    frame = inspect.currentframe()
    while frame is not None:
        if frame.f_code.co_name == "<module>" and frame.f_globals.get("__name__") in (
            "__main__",
            "__mp_main__",
        ):
            return frame
        frame = frame.f_back
    return None


def _reached_on_import(script: Path, line: int) -> bool:
    try:
        module = ast.parse(script.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return False  # typed at a prompt, or no Python source: there is nothing that a worker would import
    for statement in module.body:
        if statement.lineno <= line <= (statement.end_lineno or statement.lineno):
            names = {
                node.id
                for node in ast.walk(getattr(statement, "test", statement))
                if isinstance(node, ast.Name)
            }
            return not (isinstance(statement, ast.If) and "__name__" in names)
    return False
