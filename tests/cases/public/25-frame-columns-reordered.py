"""A DataFrame whose columns are in another order than at fit: scikit-learn refuses, edgewise strips the names and answers wrongly."""
import sys, warnings
import numpy as np, pandas as pd, edgewise as ew
from sklearn.linear_model import LogisticRegression
warnings.simplefilter("ignore")
X = np.random.default_rng(0).normal(size=(120, 2)); df = pd.DataFrame(X, columns=["a", "b"]); m = LogisticRegression().fit(df, X[:, 0] + 0.3 * X[:, 1] > 0)
r = df[["b", "a"]]
try: adv = ew.attack(m, r, ew.attacks.Opt(budget=40), rng=0); picks = ew.query(m, r, 10, "margin", rng=0).index
except (ew.InputError, ValueError) as e: print("ok, refused:", str(e)[:80]); sys.exit(0)
wrong = (adv.source_label != m.predict(df)).sum(); share = len(set(picks.tolist()) & set(ew.query(m, df, 10, "margin", rng=0).index.tolist()))
if wrong or share < 10: sys.exit(f"WRONG: {wrong} of 120 rows get another label, {share} of 10 picks are right")
print("ok")
