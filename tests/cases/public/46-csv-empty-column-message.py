"""An empty column (notes, or the label column to be filled in), or a half-filled label column: the refusal names rows, not the column."""
import sys, tempfile
from pathlib import Path
import numpy as np, edgewise as ew
from edgewise.labelling.batches import read_labels; from edgewise.labelling.sheet import read_pool
d = Path(tempfile.mkdtemp())
def pool(text, name="p.csv"):
    (d / name).write_bytes(text if isinstance(text, bytes) else text.encode()); return read_pool(d / name)

bad = []
for name, text in (("notes", "a,notes,b\n1,,2\n3,,4\n"), ("label", "label,a,b\n,1,2\n,3,4\n"), ("target", "target,a,b\n1,1,2\n,3,4\n")):
    try: pool(text)
    except ew.InputError as e:
        if name not in str(e): bad.append(f"column {name!r}: {e}")
if bad: sys.exit("UNCLEAR: " + "; ".join(bad))
print("ok")
