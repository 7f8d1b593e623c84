"""region-exact misses an existing crossing (or returns one twice too far) when a box is given and the
training points are ~1e-4 apart relative to the box. Without the box it is right."""
import sys, numpy as np, edgewise as ew
from sklearn.neighbors import KNeighborsClassifier
P=np.array([[0.9998818420420131],[0.9999832595449467],[0.9987942121585673],[0.9999521974866299]])
m=KNeighborsClassifier(1).fit(P,[0,1,0,1]); x=P[:1]
free=ew.attack(m, x, "region-exact"); boxed=ew.attack(m, x, "region-exact", box=(0,2))
print("no box :",free.status,free.distance); print("box 0,2:",boxed.status,boxed.distance,"lower",boxed.lower)
print("model at the unboxed point, which lies in the box:",m.predict(free.points), "own", m.predict(x))
P2=np.array([[0.9994107928155899,0.9995847700069008],[0.9994983755235745,0.9988105574942011],[0.9993082817099428,0.9996989858717205],[1.0000456638757789,0.9993085521814475],[1.0013482938087497,1.000483319702434],[1.0001583155721954,0.9986510878335279],[1.0005436344921674,0.999552467747047],[0.999709294259739,0.9996340114430066],[0.999376530302803,1.001511353247838]])
m2=KNeighborsClassifier(1).fit(P2,[0,1,2,0,0,2,0,2,2]); b2=([0.9993082817099428,-0.4822133335758735],[1.2728004411029983,1.518195918353261])
a2=ew.attack(m2, P2[:1], "region-exact", box=b2); f2=ew.attack(m2, P2[:1], "region-exact")
print("2-d: boxed",a2.status,a2.distance,"lower",a2.lower," unboxed",f2.distance)
sys.exit(int(not boxed.found.all() or a2.distance[0]>1.5*a2.lower[0]))
