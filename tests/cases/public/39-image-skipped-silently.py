"""A folder of .png, .webp, .tif, .gif and sub-folders: only the .png is read, nothing says that the others were left out."""
import sys, tempfile
from pathlib import Path
import numpy as np, edgewise as ew
from PIL import Image
from edgewise.labelling.sheet import read_pool
d = Path(tempfile.mkdtemp()); rng = np.random.default_rng(0)

import subprocess
im = Image.fromarray((rng.random((8, 8, 3)) * 255).astype(np.uint8)); (d / "cats").mkdir()
for n in ("a.png", "b.webp", "c.tif", "d.gif", "cats/e.png"): im.save(d / n)
p = subprocess.run([str(Path(sys.executable).parent / "edgewise"), "query", str(d), "-n", "1", "--out", str(d / "o.csv")], capture_output=True, text=True)
said = p.stdout + p.stderr
if p.returncode == 0 and not any(w in said for w in ("left out", "skipped", "ignored", ".webp")): sys.exit(f"WRONG: 4 of 5 pictures silently left out: {said.splitlines()[0]!r}")
print("ok")
