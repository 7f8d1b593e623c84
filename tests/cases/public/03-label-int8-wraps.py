"""A service whose integer type depends on what it answers: a label of 1000 comes back as -24."""
import sys
import numpy as np, edgewise as ew
def service(Z):
    y = np.where(Z[:, 0] > 0.5, 1000, 1)
    return y.astype(np.int16) if (y == 1000).any() else y.astype(np.int8)
S = np.column_stack([np.linspace(-1, 0.3, 6), np.zeros(6)])
adv = ew.attack(service, S, ew.attacks.Opt(budget=200, starts=(np.array([[2.0, 0.0]]), np.array([1000]))), rng=0)
if (adv.label != 1000).any():
    sys.exit(f"WRONG: labels {adv.label.tolist()}; the service knows 1 and 1000")
print("ok")
