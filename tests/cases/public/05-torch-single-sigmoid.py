"""A torch net that ends in one sigmoid: everything is class 1, margins are the wrong way round, and there is no warning."""
import sys, warnings
import numpy as np, torch, edgewise as ew
lin = torch.nn.Linear(2, 1); lin.weight.data[:] = torch.tensor([[3.0, 0.0]]); lin.bias.data[:] = 0
net = torch.nn.Sequential(lin, torch.nn.Sigmoid())
X = np.random.default_rng(0).normal(size=(60, 2)).astype(np.float32)
with warnings.catch_warnings(record=True) as w:
    warnings.simplefilter("always")
    try:
        adv = ew.attack(net, X, "deepfool"); pick = ew.query(net, X, 5, "margin", rng=0).index
    except ew.InputError as e:
        print("ok, refused:", e); sys.exit(0)
right = (adv.source_label == (X[:, 0] > 0)).mean(); near = set(np.argsort(np.abs(X[:, 0]))[:5].tolist())
if right < 1 or set(pick.tolist()) != near:
    sys.exit(f"WRONG: labels right for {right:.0%}, found {adv.found.sum()} of 60, margin picks {len(near & set(pick.tolist()))} of the 5 nearest; warnings: {len(w)}")
print("ok")
