"""A black box that answers a list of words: the label of the crossing is cut to the width of the first answer."""
import sys
import numpy as np, edgewise as ew
service = lambda Z: ["yes" if z[0] > 0.5 else "no" for z in Z]
S = np.column_stack([np.linspace(-1, 0.3, 6), np.zeros(6)])
adv = ew.attack(service, S, ew.attacks.Opt(budget=200, starts=(np.array([[2.0, 0.0]]), np.array(["yes"]))), rng=0)
want = np.array(service(adv.points))
if not (adv.label == want).all():
    sys.exit(f"WRONG: adv.label is {sorted(set(adv.label.tolist()))}; the service says {sorted(set(want.tolist()))} about the same points")
print("ok")
