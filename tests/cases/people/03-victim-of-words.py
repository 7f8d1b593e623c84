"""retrain() with a victim that answers words and a data set of integers: accuracy 0, four classes, no error."""
import sys, numpy as np, edgewise as ew
from sklearn.linear_model import LogisticRegression
rng = np.random.default_rng(0); X = rng.normal(size=(500, 3)); y = (X[:, 0] > 0).astype(int); W = np.array(["no", "yes"])
d = ew.Dataset("m", ew.Split(X[:200], y[:200]), ew.Split(X[200:300], y[200:300]), ew.Split(X[300:], y[300:]), None, ("no", "yes"), "s", "l")
try: out = ew.retrain(lambda Z: W[(Z[:, 0] > 0).astype(int)], LogisticRegression(), d, attack=ew.attacks.Opt(budget=50), budget=20, base=d.train, rng=0)
except ew.InputError as e: print("ok, refused:", e); sys.exit(0)
if len(out.shadow.classes_) != 2 or out.accuracy < .8: sys.exit(f"WRONG: classes {out.shadow.classes_.tolist()}, accuracy {out.accuracy:.2f}, agreement {out.agreement:.2f}")
