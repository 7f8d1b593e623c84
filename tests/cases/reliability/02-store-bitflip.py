"""One flipped bit in a store: figures change and are read as right (no digest of figures is kept or checked)."""
import sys,tempfile
from pathlib import Path
from edgewise.store import Store,Cell,Fact
p=Path(tempfile.mkdtemp())/"s.db"; c=Cell("table2",{"data":"halfmoon"},0)
with Store(p) as s: s.put(Fact(c,{"accuracy":0.93}))
b=bytearray(p.read_bytes()); k=bytes(b).index(b'0.93')+2; b[k]^=2   # '9' -> ';'? choose digit flip
b[k]=ord('1'); p.write_bytes(b)
from edgewise import InputError
try:
    with Store(p) as s: got=s.get(c).figures
except InputError as error: print("noticed:",error); sys.exit(0)
print("written 0.93, read",got,"no error"); sys.exit(int(got!={"accuracy":0.93}))
