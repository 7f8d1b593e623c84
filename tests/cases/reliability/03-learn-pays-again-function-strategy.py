"""Same arguments, same store, second process: a function strategy (or NetClassifier(build)) is keyed by repr with a
memory address, so every paid answer is asked (and paid) again, silently."""
import subprocess,sys,tempfile,os
code=r'''
import sys,numpy as np,edgewise as ew
from sklearn.linear_model import LogisticRegression
from edgewise.store import Store
X=np.random.default_rng(0).normal(size=(60,2)); paid=0
def oracle(rows):
    global paid; paid+=len(rows); return (rows[:,0]>0).astype(int)
def strat(model,X): return X[:,0]
model=LogisticRegression(); s="margin"
if sys.argv[2]=="function": s=strat
if sys.argv[2]=="net":
    from edgewise.models.net_classifier import NetClassifier
    from edgewise.models.architectures import ShallowNet
    def build(d,c): return ShallowNet(d,c)
    model=NetClassifier(build,epochs=1)
with Store(sys.argv[1]) as st: list(ew.learn(model,X,oracle,s,batch=5,budget=20,rng=0,store=st))
print(paid)
'''
bad=0
for kind in ("name","function","net"):
    db=tempfile.mkdtemp()+"/s.db"
    n=[int(subprocess.run([sys.executable,"-c",code,db,kind],capture_output=True,text=True,check=True).stdout) for _ in range(2)]
    print(kind,"paid in run 1, run 2:",n); bad+=n[1]>0
sys.exit(int(bad>0))
