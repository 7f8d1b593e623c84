"""A fitted model with fit and predict that is no scikit-learn class (Keras Model): crash about __sklearn_tags__."""
import sys
import numpy as np, edgewise as ew
class Model:
    def fit(self, X, y): return self
    def predict(self, X): p = 1 / (1 + np.exp(-3 * X[:, :1])); return np.hstack([1 - p, p])
X = np.random.default_rng(0).normal(size=(20, 2)); bad = []
for name, run in (("attack", lambda: ew.attack(Model(), X, ew.attacks.Opt(budget=60), rng=0)), ("query random", lambda: ew.query(Model(), X, 3, "random", rng=0))):
    try: run()
    except ew.InputError: pass
    except Exception as e: bad.append(f"{name}: {type(e).__name__}: {str(e)[:90]}")
if bad: sys.exit("CRASH: " + " | ".join(bad))
print("ok")
