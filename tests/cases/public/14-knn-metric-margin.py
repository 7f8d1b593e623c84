"""k-NN with another metric: margin and edge-mix (which the docs give for 'scores of any kind') refuse, though predict_proba is there."""
import sys
import numpy as np, edgewise as ew
from sklearn.neighbors import KNeighborsClassifier
rng = np.random.default_rng(0); X = rng.normal(size=(60, 2)); y = (X[:, 0] > 0).astype(int); P = rng.normal(size=(200, 2)); bad = []
for metric in ("manhattan", "cosine", "l2"):
    m = KNeighborsClassifier(3, metric=metric).fit(X, y)
    for s in ("margin", "edge-mix"):
        try: ew.query(m, P, 5, s, labelled=(X, y), rng=0)
        except Exception as e: bad.append(f"{metric}/{s}: {str(e)[:60]}")
if bad: sys.exit("UNSUPPORTED: " + "; ".join(bad))
print("ok")
