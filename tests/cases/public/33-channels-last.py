"""Images (n, h, w, c), or flat rows, for a convolution: a raw torch RuntimeError; the docstring promises an InputError that says what is taken."""
import sys
import numpy as np, torch, edgewise as ew
net = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.Flatten(), torch.nn.Linear(144, 2)); I = np.random.default_rng(0).random((4, 8, 8, 3)).astype(np.float32); bad = []
for name, run in (("channels last", lambda: ew.attack(net, I, "deepfool", box=(0, 1))), ("flat rows", lambda: ew.query(net, I.reshape(4, -1), 2, "margin"))):
    try: run()
    except ew.InputError: pass
    except Exception as e: bad.append(f"{name}: {type(e).__name__}: {str(e)[:70]}")
if bad: sys.exit("UNCLEAR: " + "; ".join(bad))
print("ok")
