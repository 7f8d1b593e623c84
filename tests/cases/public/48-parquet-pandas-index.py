"""A Parquet file written by pandas after a shuffle or filter: the row index (__index_level_0__) becomes a feature."""
import sys, tempfile
from pathlib import Path
import numpy as np, pandas as pd, edgewise as ew
d = Path(tempfile.mkdtemp()); df = pd.DataFrame(np.random.default_rng(0).normal(size=(50, 2)), columns=["a", "b"]).sample(frac=1, random_state=0); df.to_parquet(d / "p.parquet")
from edgewise.labelling.sheet import read_pool
try: shape = read_pool(d / "p.parquet").pool.shape
except ew.InputError as e: print("ok, refused:", e); sys.exit(0)
if shape != (2,): sys.exit(f"WRONG: two columns were written, {shape[0]} are learned from; the third is the row number (0..49, which outweighs both)")
print("ok")
