"""16-bit grey PNGs (medical, satellite): every value is cut at 255, all images become one white row, no error."""
import sys,tempfile,numpy as np
from pathlib import Path
from PIL import Image
from edgewise.labelling.sheet import read_pool
d=Path(tempfile.mkdtemp()); rng=np.random.default_rng(0)
for i in range(6): Image.fromarray(rng.integers(1000,60000,(8,8)).astype(np.uint16)).save(d/f"{i}.png")
r=read_pool(d).pool.rows(np.arange(6)); print("distinct values in the pool:",np.unique(r),"distinct rows:",len(np.unique(r,axis=0)),"of 6"); sys.exit(int(len(np.unique(r,axis=0))<6))
