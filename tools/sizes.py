"""Say which files, functions and parameter lists of src are too long; compiled kernels may take more.

A file has at most 300 lines, a function 60 (its signature and docstring apart) and 7 parameters:
those a caller must know, so neither ``self`` nor keywords that have a default count.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path


LINES, FUNCTION, PARAMETERS = 300, 60, 7
COMPILED = {"njit", "jit", "compiled", "vectorize", "guvectorize"}


def compiled(function: ast.FunctionDef) -> bool:
    """Say whether a decorator of the function compiles it."""
    names = {
        node.id for dec in function.decorator_list for node in ast.walk(dec) if isinstance(node, ast.Name)
    }
    names |= {
        node.attr
        for dec in function.decorator_list
        for node in ast.walk(dec)
        if isinstance(node, ast.Attribute)
    }
    return bool(names & COMPILED)


def length(function: ast.FunctionDef) -> int:
    """Return the lines of a function's body without its docstring."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return body[-1].end_lineno - body[0].lineno + 1 if body else 0


def parameters(function: ast.FunctionDef) -> int:
    """Return how many parameters a caller must know: by position, or without a default."""
    given = function.args
    needed = [
        arg for arg, default in zip(given.kwonlyargs, given.kw_defaults, strict=True) if default is None
    ]
    names = [arg.arg for arg in (*given.posonlyargs, *given.args, *needed)]
    return len([name for name in names if name not in ("self", "cls")])


def too_long(path: Path) -> Iterator[str]:
    """Yield a line for each rule that a file breaks."""
    text = path.read_text(encoding="utf-8")
    if (lines := len(text.splitlines())) > LINES:
        yield f"{path}: {lines} lines; a file has at most {LINES}"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and not compiled(node):
            where = f"{path}:{node.lineno}: {node.name}"
            if (lines := length(node)) > FUNCTION:
                yield f"{where} has {lines} lines; a function has at most {FUNCTION}"
            if (count := parameters(node)) > PARAMETERS:
                yield f"{where} has {count} parameters; a function takes at most {PARAMETERS}"


if __name__ == "__main__":
    allowed = int(sys.argv[1]) if sys.argv[1:] else 0  # of what is left from before; goes down only
    found = [line for path in sorted(Path("src").rglob("*.py")) for line in too_long(path)]
    print("\n".join(found) or "no file and no function is too long")
    sys.exit(len(found) > allowed)
