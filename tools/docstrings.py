"""Check that every public name says what it takes, gives and raises, in numpydoc's form."""

import importlib
import inspect
import sys
from collections.abc import Iterator

from numpydoc.validate import validate


MODULES = ("", ".attacks", ".strategies", ".oracles", ".stopping", ".pools", ".models", ".testing")
RULES = {
    "GL08",  # no docstring
    "PR01",  # a parameter is not documented
    "PR02",  # a parameter that is not there
    "PR03",  # parameters in another order
    "PR07",  # a parameter without a description
    "RT01",  # a function that does not say what it returns
    "RT03",  # a return value without a description
    "SS05",  # "Returns" for "Return"
    "EX01",  # no example
}
CLASSES = RULES - {"RT01", "RT03", "EX01"}
TUPLES = CLASSES - {"PR01"}  # their fields are attributes


def public() -> Iterator[tuple[str, object]]:
    """Yield everything that a public module shows, with its dotted name."""
    for module in MODULES:
        there = importlib.import_module("edgewise" + module)
        for name in getattr(there, "__all__", [name for name in dir(there) if not name.startswith("_")]):
            thing = getattr(there, name)
            if inspect.isfunction(thing) or (
                inspect.isclass(thing) and not getattr(thing, "_is_protocol", False)
            ):
                yield f"edgewise{module}.{name}", thing


def faults(name: str, thing: object) -> Iterator[str]:
    """Yield a line for each rule that the docstring of ``name`` breaks."""
    found = validate(name)
    rules = RULES if inspect.isfunction(thing) else TUPLES if hasattr(thing, "_fields") else CLASSES
    for code, message in found["errors"]:
        if code in rules:
            yield f"{found['file']}:{found['file_line']}: {name}: {code} {message}"


if __name__ == "__main__":
    lines = sorted({line for name, thing in public() for line in faults(name, thing)})
    print("\n".join(lines) or "every public name is documented")
    sys.exit(bool(lines))
