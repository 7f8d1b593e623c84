"""What decides the run but is not in the journal's key: start labels, box; and sklearn's repr, cut at 700 characters/with '...'.
A changed run goes on silently with the queries (and answers) of the other."""
import sys,tempfile,numpy as np,edgewise as ew
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from edgewise.store import Store
rng=np.random.default_rng(0); X=rng.normal(size=(300,2)); S=rng.normal(size=(20,2)); y=(X[:,0]>0).astype(int); bad=0
def go(store,model,start,**k):
    paid=[0]
    def oracle(rows): paid[0]+=len(rows); return (rows[:,0]>0).astype(int)
    r=list(ew.learn(model, X, oracle, "margin", batch=5, budget=10, rng=0, store=store, start=start, **k)); return [q.query.index.tolist() for q in r],paid[0]
a=(S,(S[:,0]>0).astype(int)); b=(S,(S[:,1]>0).astype(int))
with Store(tempfile.mkdtemp()+"/s.db") as st: one=go(st,LogisticRegression(),a); two=go(st,LogisticRegression(),b)
with Store(tempfile.mkdtemp()+"/s.db") as st: fresh=go(st,LogisticRegression(),b)
print("start labels corrected: picks with the old store",two[0][0],"paid",two[1],"; picks in a new store",fresh[0][0]); bad+=two[0]!=fresh[0]
# repr truncated
V1=np.eye(2); V2=np.eye(2)
w1=np.ones(2000); w2=np.ones(2000); w2[1000]=50
from sklearn.base import BaseEstimator,ClassifierMixin
class Weighted(ClassifierMixin,BaseEstimator):
    def __init__(self,w=None): self.w=w
    def fit(self,X,y,):
        self.classes_=np.unique(y); self.m_=LogisticRegression().fit(X*[1,self.w[1000]],y); return self
    def predict_proba(self,X): return self.m_.predict_proba(np.asarray(X)*[1,self.w[1000]])
    def predict(self,X): return self.m_.predict(np.asarray(X)*[1,self.w[1000]])
w1[1000]=1e-6
print("repr equal:",repr(Weighted(w1))==repr(Weighted(w2)), repr(Weighted(w1)))
with Store(tempfile.mkdtemp()+"/s.db") as st: one=go(st,Weighted(w1),b); two=go(st,Weighted(w2),b)
with Store(tempfile.mkdtemp()+"/s.db") as st: fresh=go(st,Weighted(w2),b)
print("model with another array parameter: same store",two[0][0],"paid",two[1],"; new store",fresh[0][0]); bad+=two[0]!=fresh[0]
sys.exit(int(bad>0))
