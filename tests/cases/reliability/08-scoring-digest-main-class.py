"""Scores are 'kept' across runs only if the digest of the scoring is equal in another process. For a model class defined in
__main__ (cloudpickle gives it a random uuid a process) or a model that holds a set of strings, it never is: all is scored again."""
import subprocess,sys
code=r'''
import numpy as np
from edgewise.strategies.sharded.scoring import Scoring,Rated
from edgewise.strategies.foreign import Scored
from edgewise.strategies.uncertainty import Margin
class M:
    classes_=np.array([0,1])
    def __init__(s,**k): s.__dict__.update(k)
    def predict(s,X): return np.zeros(len(X),int)
    def predict_proba(s,X): return np.full((len(X),2),.5)
def f(model,X): return X[:,0]
from sklearn.svm import SVC
from sklearn.ensemble import RandomForestClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
X=np.random.default_rng(0).normal(size=(50,3)); y=(X[:,0]>0).astype(int)
from types import SimpleNamespace
for n,m in (("SVC",SVC().fit(X,y)),("forest",RandomForestClassifier(3,random_state=0).fit(X,y)),("knn",KNeighborsClassifier(3).fit(X,y)),("pipeline",make_pipeline(StandardScaler(),SVC()).fit(X,y)),("class in __main__",M()),("a set of strings",SimpleNamespace(words={"alpha","beta","gamma","delta","eps"}))): print(n,Scoring(Rated(Margin()),m).digest[:12],sep="\t")
print("function in __main__",Scoring(Rated(Scored(f)),None).digest[:12],sep="\t")
'''
a,b=(dict(l.split("\t") for l in subprocess.run([sys.executable,"-c",code],capture_output=True,text=True,check=True).stdout.splitlines()) for _ in range(2))
for k in a: print(f"{k:22}",a[k],b[k],"same" if a[k]==b[k] else "DIFFERENT")
sys.exit(int(a!=b))
