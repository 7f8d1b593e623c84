"""retrain() asks the victim about the test rows and does not count them: a paid victim is asked more than is shown."""
import sys, numpy as np, edgewise as ew
from sklearn.linear_model import LogisticRegression
rng = np.random.default_rng(0); X = rng.normal(size=(500, 3)); y = (X[:, 0] > 0).astype(int); asked = [0]
def victim(Z): asked[0] += len(Z); return (Z[:, 0] > 0).astype(int)
d = ew.Dataset("m", ew.Split(X[:200], y[:200]), ew.Split(X[200:300], y[200:300]), ew.Split(X[300:], y[300:]), None, ("no", "yes"), "s", "l")
out = ew.retrain(victim, LogisticRegression(), d, attack=ew.attacks.Opt(budget=50), budget=20, base=d.train, rng=0)
if asked[0] != out.cost.queries and asked[0] not in vars(out.cost).values(): sys.exit(f"WRONG: the victim was asked {asked[0]} times; reported {out.cost}")
