"""SVC(decision_function_shape='ovo'): columns are pairs of classes, taken for classes."""
import sys
import numpy as np, edgewise as ew
from sklearn.datasets import make_blobs
from sklearn.svm import SVC
X, y = make_blobs(300, centers=4, random_state=3, cluster_std=2.5)
ovo = SVC(decision_function_shape="ovo").fit(X, y); ovr = SVC(decision_function_shape="ovr").fit(X, y)
assert (ovo.predict(X) == ovr.predict(X)).all()
try: a = ew.query(ovo, X, 10, "margin", rng=0).index
except ew.InputError as e: print("ok, refused:", e); sys.exit(0)
D = ovo.decision_function(X); least = np.sort(np.abs(D), axis=1)
from edgewise.strategies.model_scores import best_two
agree = (best_two(ovo, X)[0] == ovo.predict(X)).mean()
if agree < 0.99: sys.exit(f"WRONG: the class with the best score is the predicted one in {agree:.0%} of rows (ovr: {(best_two(ovr, X)[0] == ovr.predict(X)).mean():.0%}); "
                         f"{len(set(a.tolist()) & set(ew.query(ovr, X, 10, 'margin', rng=0).index.tolist()))} of 10 picks shared with the same SVM under ovr")
print("ok")
