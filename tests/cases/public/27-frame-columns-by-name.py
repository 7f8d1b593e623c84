"""A pipeline that selects columns by name, fitted on a DataFrame and asked about a DataFrame: crash, names are dropped."""
import sys
import numpy as np, pandas as pd, edgewise as ew
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
X = np.random.default_rng(0).normal(size=(60, 2)); df = pd.DataFrame(X, columns=["a", "b"])
m = make_pipeline(ColumnTransformer([("s", StandardScaler(), ["a", "b"])]), LogisticRegression()).fit(df, X[:, 0] > 0)
try: ew.query(m, df, 5, "margin", rng=0)
except ew.InputError as e: print("ok, refused:", e); sys.exit(0)
except Exception as e: sys.exit(f"CRASH: {type(e).__name__}: {e}")
print("ok")
