"""A fitted pipeline that takes a DataFrame (numbers, categories, missing cells): query, learn and attack should hand the frame on."""
import sys, numpy as np, pandas as pd, edgewise as ew
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
rng = np.random.default_rng(0); n = 400
f = pd.DataFrame({"age": rng.normal(40, 9, n), "plan": rng.choice(["free", "pro", "team"], n), "spend": np.where(rng.random(n) < .1, np.nan, rng.gamma(2, 20, n)), "joined": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 900, n), "D")})
y = ((f.plan == "pro") ^ (f.age > 45)).astype(int).to_numpy()
m = make_pipeline(make_column_transformer((SimpleImputer(), ["age", "spend"]), (OneHotEncoder(), ["plan"])), LogisticRegression()).fit(f[:50], y[:50]); bad = []
for s in ("random", "margin", "entropy", "edge-mix", "typical"):
    try: assert len(set(ew.query(m, f[50:], 20, s, labelled=(f[:50], y[:50]), rng=0).index.tolist())) == 20
    except Exception as e: bad.append(f"{s}: {type(e).__name__}: {str(e)[:70]}")
g = f[["age", "spend"]]; h = HistGradientBoostingClassifier().fit(g[:50], y[:50])
try: ew.query(h, g[50:], 20, "margin", rng=0)
except Exception as e: bad.append(f"missing cells: {type(e).__name__}: {str(e)[:70]}")
if bad: sys.exit("UNSUPPORTED: " + " | ".join(bad))
