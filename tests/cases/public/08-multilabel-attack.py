"""A multi-label classifier: the indicator row goes through argmax, so [1,0], [0,0] and [1,1] are 'the same label'."""
import sys
import numpy as np, edgewise as ew
from sklearn.neighbors import KNeighborsClassifier
X = np.random.default_rng(0).normal(size=(60, 2)); m = KNeighborsClassifier(1).fit(X, np.c_[X[:, 0] > 0, X[:, 1] > 0].astype(int))
try:
    adv = ew.attack(m, X[:20], ew.attacks.Opt(budget=100), rng=0)
except ew.InputError as e:
    print("ok, refused:", e); sys.exit(0)
kinds = len(np.unique(m.predict(X[:20]), axis=0))
sys.exit(f"WRONG: the model gives {kinds} different answers; edgewise saw the labels {np.unique(adv.source_label).tolist()}")
