"""A KNeighborsClassifier that was asked once has another digest (scikit-learn's tree counts its calls): all shards are scored again."""
import sys,tempfile,numpy as np
from pathlib import Path
from sklearn.neighbors import KNeighborsClassifier
from edgewise.strategies.sharded import query_shards
d=Path(tempfile.mkdtemp()); rng=np.random.default_rng(0)
for i in range(3): np.save(d/f"{i}.npy",rng.normal(size=(200,3)))
X=rng.normal(size=(400,3)); m=KNeighborsClassifier(5).fit(X,(X[:,0]>0).astype(int))
r=[]
for _ in range(3):
    q=query_shards(m, d/"*.npy", 5, "margin", scores=d/"s"); r.append((q.scored,q.kept)); m.predict(X[:1])
print("scored, kept in three equal queries:",r,"score folders:",len([p for p in (d/'s').iterdir()])); sys.exit(int(r[1][0]>0))
