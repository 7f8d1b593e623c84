"""A callable that returns sigmoid probabilities (n, 1) (Keras, Booster.predict): each probability is taken for a class."""
import sys
import numpy as np, edgewise as ew
f = lambda Z: 1 / (1 + np.exp(-4 * Z[:, :1]))
S = np.array([[1.0, 0], [-1.5, 0], [2.0, 0]])
try:
    adv = ew.attack(f, S, ew.attacks.Opt(budget=100), rng=0)
except ew.InputError as e:
    print("ok, refused:", e); sys.exit(0)
if (adv.distance < 0.99 * np.abs(S[:, 0])).any():
    sys.exit(f"WRONG: true distances {np.abs(S[:, 0])}, reported as found: {adv.distance}, 'labels' {adv.source_label} -> {adv.label}")
print("ok")
