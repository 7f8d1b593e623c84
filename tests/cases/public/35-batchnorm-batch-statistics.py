"""BatchNorm without running statistics answers by batch: a crash for the gradient attacks; no warning that answers depend on the batch."""
import sys, warnings
import numpy as np, torch, edgewise as ew
torch.manual_seed(0); X = np.random.default_rng(0).normal(size=(20, 2)).astype(np.float32)
net = torch.nn.Sequential(torch.nn.Linear(2, 8), torch.nn.BatchNorm1d(8, track_running_stats=False), torch.nn.ReLU(), torch.nn.Linear(8, 2)); bad = []
for a in ("fgsm", "pgd", "deepfool", "cw", "ddn"):
    with warnings.catch_warnings(record=True) as w:
        warnings.simplefilter("always")
        try: ew.attack(net, X, a)
        except ew.InputError: continue
        except Exception as e: bad.append(f"{a}: {type(e).__name__}: {str(e)[:50]}"); continue
    if not w: bad.append(f"{a}: no warning")
if bad: sys.exit("CRASH: " + "; ".join(bad))
print("ok")
