"""16-bit grey PNGs (X-ray, depth): everything above 255 becomes white."""
import sys, tempfile
from pathlib import Path
import numpy as np, edgewise as ew
from PIL import Image
from edgewise.labelling.sheet import read_pool
d = Path(tempfile.mkdtemp()); rng = np.random.default_rng(0)

for k in range(2): Image.fromarray((np.arange(64).reshape(8, 8) * 1000 + 300 * k).astype(np.uint16)).save(d / f"{k}.png")
try: r = read_pool(d).pool.rows(np.arange(2))
except ew.InputError as e: print("ok, refused:", e); sys.exit(0)
n = len(np.unique(r[0]))
if n < 60: sys.exit(f"WRONG: 64 different grey values are read as {n}")
print("ok")
