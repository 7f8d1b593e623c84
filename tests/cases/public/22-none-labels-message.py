"""None among given labels: a TypeError from inside numpy instead of 'every row needs a label' (NaN gets that message)."""
import sys
import numpy as np, edgewise as ew
from sklearn.linear_model import LogisticRegression
from edgewise.learning.oracle import GroundTruth
X = np.random.default_rng(0).normal(size=(40, 2)); y = np.where(X[:, 0] > 0, "a", "b"); part = np.array(["a", None] * 10, dtype=object); bad = []
for name, run in (("query labelled=", lambda: ew.query(LogisticRegression().fit(X, y), X, 5, "edge-mix", labelled=(X[:20], part), rng=0)),
                  ("learn start=", lambda: list(ew.learn(LogisticRegression(), X, GroundTruth(y), "random", batch=5, budget=5, rng=0, start=(X[:20], part))))):
    try: run()
    except ew.InputError: pass
    except Exception as e: bad.append(f"{name} {type(e).__name__}: {e}")
if bad: sys.exit("UNCLEAR: " + "; ".join(bad))
print("ok")
