"""Say which published facts changed their keys: what, settings and seed are data, and are never renamed.

``python tools/keys.py --write`` after a run was published; its diff shows which files hold other cells now.
"""

import hashlib
import json
import sys
from pathlib import Path

from edgewise.paper.runs.results import published_run


RESULTS = Path("results")
KEPT = RESULTS / "keys.json"


def keys() -> dict[str, dict[str, object]]:
    """Return the number of cells in every published file, and one digest of all their keys."""
    found = {}
    for path in sorted(path for path in RESULTS.rglob("*") if path.name.endswith((".jsonl", ".jsonl.gz"))):
        cells = sorted(fact.cell.key for fact in published_run(path)[1])
        digest = hashlib.sha256("\n".join(cells).encode()).hexdigest()[:32]
        found[path.relative_to(RESULTS).as_posix()] = {"cells": len(cells), "digest": digest}
    return found


if __name__ == "__main__":
    now = keys()
    if "--write" in sys.argv:
        KEPT.write_text(json.dumps(now, indent=1) + "\n", encoding="utf-8")
    kept = json.loads(KEPT.read_text(encoding="utf-8"))
    changed = sorted(name for name in kept.keys() | now.keys() if kept.get(name) != now.get(name))
    print(
        "\n".join(f"{name}: {kept.get(name)} became {now.get(name)}" for name in changed)
        or "every key is as published"
    )
    sys.exit(bool(changed))
