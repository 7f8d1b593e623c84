"""A sparse pool (TfidfVectorizer): TypeErrors from inside scipy; an attack says 'setting an array element with a sequence'."""
import sys
import numpy as np, scipy.sparse as sp, edgewise as ew
from sklearn.linear_model import LogisticRegression
from edgewise.learning.oracle import GroundTruth
X = np.random.default_rng(0).normal(size=(60, 4)); y = X[:, 0] > 0; m = LogisticRegression().fit(X, y); bad = []
for kind in (sp.csr_matrix, sp.csr_array, sp.coo_matrix):
    for name, run in (("query", lambda P: ew.query(m, P, 5, "margin", rng=0)), ("learn", lambda P: list(ew.learn(LogisticRegression(), P, GroundTruth(y), "random", batch=5, budget=5, rng=0)))):
        try: run(kind(X))
        except ew.InputError: pass
        except Exception as e: bad.append(f"{name} {kind.__name__}: {type(e).__name__}: {str(e)[:60]}")
if bad: sys.exit("CRASH: " + "; ".join(bad))
print("ok")
