"""KNeighborsClassifier(metric='minkowski', p=2, metric_params={'w': ...}) passes for Euclidean: false 'proofs'."""
import sys
import numpy as np, edgewise as ew
from sklearn.neighbors import KNeighborsClassifier
rng = np.random.default_rng(0); X = rng.normal(size=(40, 2)); y = (X[:, 0] > 0).astype(int)
m = KNeighborsClassifier(1, metric="minkowski", p=2, metric_params={"w": np.array([1.0, 25.0])}).fit(X, y)
S = X[:20] + 0.01
try: adv = ew.attack(m, S, "region-exact")
except ew.InputError as e: print("ok, refused:", e); sys.exit(0)
T = rng.uniform(-3, 3, (100000, 2)); other = m.predict(T)[None] != m.predict(S)[:, None]
seen = np.array([np.linalg.norm(T[o] - s, axis=1).min() for s, o in zip(S, other)])
false = adv.lower > seen + 1e-9
if false.any(): sys.exit(f"WRONG: {false.sum()} of 20 'proved' lower bounds are refuted by a point the model itself labels otherwise, by a factor of up to {(adv.lower / seen).max():.1f}")
print("ok")
