"""A tensor that asks for its gradient, as X, as pool, or as what a callable returns: RuntimeError from torch."""
import sys
import numpy as np, torch, edgewise as ew
t = torch.randn(12, 2, requires_grad=True); net = torch.nn.Linear(2, 2); bad = []
for name, run in (("attack X", lambda: ew.attack(net, t, "deepfool")), ("query pool", lambda: ew.query(net, t, 3, "margin", rng=0)),
                  ("callable", lambda: ew.attack(lambda Z: net(torch.as_tensor(Z, dtype=torch.float32)), t.detach().numpy(), ew.attacks.Opt(budget=50)))):
    try: run()
    except ew.InputError: pass
    except Exception as e: bad.append(f"{name}: {type(e).__name__}: {str(e)[:60]}")
if bad: sys.exit("CRASH: " + "; ".join(bad))
print("ok")
