"""region-exact, 1-NN: x on a tie whose region only touches the box; a strict crossing lies 0.61 away in the box, yet the answer is 'failed'."""
import sys,numpy as np,edgewise as ew
from sklearn.neighbors import KNeighborsClassifier
m=KNeighborsClassifier(1).fit([[1.,1.],[2.,0.],[0.,0.],[0.,1.],[0.,2.],[2.,1.],[1.,2.]],[0,1,2,0,0,2,1]); x=np.array([[1.0,-0.6145545178493064]]); box=([1.,-1.],[1.,3.])
a=ew.attack(m, x, "region-exact", box=box); q=np.column_stack([np.ones(4001),np.linspace(-1,3,4001)]); c=m.predict(q)!=m.predict(x)[0]
print(a.status,a.distance,a.lower,"a grid search in the box finds a crossing at",np.abs(q[c,1]-x[0,1]).min()); sys.exit(int(not a.found.all()))
