"""A photo with an EXIF orientation: learned from lying on its side, though every viewer shows it upright."""
import sys, tempfile
from pathlib import Path
import numpy as np, edgewise as ew
from PIL import Image
from edgewise.labelling.sheet import read_pool
d = Path(tempfile.mkdtemp()); rng = np.random.default_rng(0)

a = np.zeros((8, 8, 3), np.uint8); a[:4] = 255; ex = Image.Exif(); ex[0x0112] = 6
Image.fromarray(a).save(d / "turned.jpg", exif=ex.tobytes(), quality=100); Image.fromarray(np.rot90(a, -1).copy()).save(d / "upright.jpg", quality=100)
try: r = read_pool(d).pool.rows(np.arange(2))
except ew.InputError as e: print("ok, refused:", e); sys.exit(0)
far = float(np.abs(r[0] - r[1]).max())
if far > 0.2: sys.exit(f"WRONG: two files that look the same differ by {far:.2f} in a pixel")
print("ok")
