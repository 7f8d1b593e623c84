"""Callback(chunk=1) + store: answers of finished calls are lost when a later call ends by Ctrl-C, SystemExit or SIGKILL;
they are written only when the whole batch is back. Then they are asked again."""
import sys,tempfile,numpy as np,edgewise as ew,collections
from sklearn.linear_model import LogisticRegression
from edgewise.learning.oracle import Callback
from edgewise.store import Store
X=np.random.default_rng(0).normal(size=(60,2)); asked=collections.Counter(); stop=[8]
def oracle(rows):
    if sum(asked.values())==stop[0]: stop[0]=-1; raise KeyboardInterrupt   # before paying
    asked[float(rows[0,0])]+=1; return [int(rows[0,0]>0)]
db=tempfile.mkdtemp()+"/s.db"
for _ in range(2):
    try:
        with Store(db) as st: list(ew.learn(LogisticRegression(), X, Callback(oracle,chunk=1), "margin", batch=10, budget=20, rng=0, store=st))
    except KeyboardInterrupt: print("Ctrl-C after",sum(asked.values()),"paid answers")
twice=sum(v>1 for v in asked.values()); print("paid",sum(asked.values()),"for",len(asked),"rows; paid twice:",twice); sys.exit(int(twice>0))
