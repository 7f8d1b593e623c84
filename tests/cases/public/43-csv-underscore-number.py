"""Identifiers such as 1_001 are read as the number 1001 (Python float syntax) and learned from; 01234 loses its zero."""
import sys, tempfile
from pathlib import Path
import numpy as np, edgewise as ew
from edgewise.labelling.batches import read_labels; from edgewise.labelling.sheet import read_pool
d = Path(tempfile.mkdtemp())
def pool(text, name="p.csv"):
    (d / name).write_bytes(text if isinstance(text, bytes) else text.encode()); return read_pool(d / name)

s = pool("code,x\n1_001,0.5\n2_002,0.6\n")
if "code" in s.numbers: sys.exit(f"WRONG: '1_001' was read as {s.pool.rows(np.arange(1))[0, 0]:.0f} and is a feature; pandas.read_csv keeps it as text")
print("ok")
