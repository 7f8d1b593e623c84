"""A list of texts as pool, with a TfidfVectorizer pipeline: 'there is no pool file good film'."""
import sys
import edgewise as ew
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
t = ["good film", "bad film", "nice day", "poor show"] * 5; m = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(t, [1, 0, 1, 0] * 5)
try: ew.query(m, t, 3, "margin", rng=0)
except ew.InputError as e:
    if "no pool file" in str(e): sys.exit(f"UNCLEAR: {e!s} - says nothing about texts, or that numbers are taken (vectorize first)")
print("ok")
