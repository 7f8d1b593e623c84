"""Fail if two files of the package import each other, at whatever time: `make check` runs it."""

import ast
import sys
from pathlib import Path


ROOT = Path(__file__).parents[1] / "src"


def modules() -> dict[str, Path]:
    found = {}
    for path in sorted(ROOT.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imported(path: Path, known: dict[str, Path]) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            whole = (f"{node.module}.{name.name}" for name in node.names)
            found |= {name if name in known else node.module for name in whole}
        elif isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
    return found & known.keys()


def main() -> int:
    known = modules()
    arrows = {name: imported(path, known) - {name} for name, path in known.items()}
    pairs = [(one, two) for one in arrows for two in arrows[one] if one < two and one in arrows[two]]
    for one, two in pairs:
        print(f"{one} and {two} import each other; move what both need into a third file.")
    return len(pairs) > 0


if __name__ == "__main__":
    sys.exit(main())
