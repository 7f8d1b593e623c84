"""Semicolons (Excel in much of Europe), tabs, .CSV, .tsv: messages do not say what is wrong; one such file is half read."""
import sys, tempfile
from pathlib import Path
import numpy as np, edgewise as ew
from edgewise.labelling.batches import read_labels; from edgewise.labelling.sheet import read_pool
d = Path(tempfile.mkdtemp())
def pool(text, name="p.csv"):
    (d / name).write_bytes(text if isinstance(text, bytes) else text.encode()); return read_pool(d / name)

bad = []
for name, text, word in (("p.csv", "a;b\n1;2\n3;4\n", ";"), ("P.CSV", "a,b\n1,2\n3,4\n", ".csv"), ("p.tsv", "a\tb\n1\t2\n3\t4\n", ".csv")):
    try: pool(text, name)
    except ew.InputError as e:
        if not any(w in str(e).lower() for w in ("semicolon", "separator", "delimiter", "comma", ".csv,", ".csv ")): bad.append(f"{name}: {str(e)[-80:]}")
try:
    s = pool("a;b,c\n1;2,5\n3;4,5\n", "half.csv"); bad.append(f"half.csv: 'a;b,c' with decimal commas is read as number columns {s.numbers}")
except ew.InputError: pass
if bad: sys.exit("UNCLEAR: " + "; ".join(bad))
print("ok")
