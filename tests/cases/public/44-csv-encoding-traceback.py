"""Files that are no UTF-8 (Excel: Unicode text, ANSI), broken Parquet/NPZ, object arrays, long cells: tracebacks on the command line."""
import sys, tempfile
from pathlib import Path
import numpy as np, edgewise as ew
from edgewise.labelling.batches import read_labels; from edgewise.labelling.sheet import read_pool
d = Path(tempfile.mkdtemp())
def pool(text, name="p.csv"):
    (d / name).write_bytes(text if isinstance(text, bytes) else text.encode()); return read_pool(d / name)

import subprocess
(d / "u16.csv").write_bytes("a,b\n1,2\n3,4\n".encode("utf-16")); (d / "ansi.csv").write_bytes("a,name\n1,M\u00fcller\n3,x\n".encode("latin-1"))
bad = []
for f in ("u16.csv", "ansi.csv"):
    p = subprocess.run([str(Path(sys.executable).parent / "edgewise"), "query", str(d / f), "-n", "1", "--out", str(d / "o.csv")], capture_output=True, text=True)
    if "Traceback" in p.stderr: bad.append(f"{f}: {p.stderr.strip().splitlines()[-1][:80]}")
if bad: sys.exit("CRASH: " + "; ".join(bad))
print("ok")
