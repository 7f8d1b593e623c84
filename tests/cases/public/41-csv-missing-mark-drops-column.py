"""One ? (UCI) or NA in a column of 60 numbers: the column silently becomes text and is not learned from."""
import sys, tempfile
from pathlib import Path
import numpy as np, edgewise as ew
from edgewise.labelling.batches import read_labels; from edgewise.labelling.sheet import read_pool
d = Path(tempfile.mkdtemp())
def pool(text, name="p.csv"):
    (d / name).write_bytes(text if isinstance(text, bytes) else text.encode()); return read_pool(d / name)

import subprocess
rng = np.random.default_rng(0); bad = []
for mark in ("?", "NA", "n/a", "-"):
    L = [f"{a:.3f},{b:.3f}" for a, b in rng.normal(size=(60, 2))]; L[7] = mark + "," + L[7].split(",")[1]
    (d / "p.csv").write_text("age,weight\n" + "\n".join(L) + "\n")
    p = subprocess.run([str(Path(sys.executable).parent / "edgewise"), "query", str(d / "p.csv"), "-n", "3", "--out", str(d / "o.csv")], capture_output=True, text=True)
    if p.returncode == 0 and "age" not in p.stdout + p.stderr: bad.append(mark)
if bad: sys.exit(f"WRONG: with {bad} in one of 60 cells the column 'age' is dropped from what is learned, and nothing says so (a blank cell is refused)")
print("ok")
