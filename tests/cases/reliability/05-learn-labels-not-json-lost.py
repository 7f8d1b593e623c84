"""Labels that JSON cannot hold (bytes, dates, Decimals, tuples...) are paid for, then refused by the journal and lost; each restart pays again."""
import sys,tempfile,numpy as np,edgewise as ew,datetime
from sklearn.linear_model import LogisticRegression
from edgewise.store import Store
X=np.random.default_rng(0).normal(size=(60,2)); bad=0
for name,f in (("bytes",lambda v:b"ab"[v:v+1]),("np.datetime64",lambda v:np.datetime64("2020-01-01")+v),("date",lambda v:datetime.date(2020,1,1+v)),("complex",lambda v:complex(v)),("str+int",lambda v:"b" if v else 0),("None/True",lambda v:bool(v)),("uint8",lambda v:np.uint8(v)),("float",lambda v:float(v)),("'a\\0'",lambda v:"a\0" if v else "a")):
    paid=[0]
    def oracle(rows):
        paid[0]+=len(rows); return [f(int(r[0]>0)) for r in rows]
    db=tempfile.mkdtemp()+"/s.db"; said=""
    for _ in range(2):
        try:
            with Store(db) as st: out=list(ew.learn(LogisticRegression(), X, oracle, "random", batch=5, budget=10, rng=0, store=st)); said=repr(out[0].labels[:3])
        except Exception as e: said=f"{type(e).__name__}: {str(e)[:90]}"
    print(f"{name:14} paid {paid[0]:3} for 10 labels;",said); bad+=paid[0]>10 or "Error" in said
sys.exit(int(bad>0))
