"""engine('dask') in a script without if __name__ == '__main__' (as in docs/scale.md, with 'dask' for 'local'): 'Nanny failed to start.'"""
import subprocess, sys, tempfile, textwrap
from pathlib import Path
d = Path(tempfile.mkdtemp())
(d / "s.py").write_text(textwrap.dedent('''
    from edgewise.parallel import engine, spread
    with engine("dask", workers=2):
        print(sorted(spread(abs, [-3, 2], jobs=2)))
'''))
p = subprocess.run([sys.executable, str(d / "s.py")], capture_output=True, text=True, timeout=120)
if p.returncode and "__main__" not in p.stderr.strip().splitlines()[-1]: sys.exit(f"UNCLEAR: last line {p.stderr.strip().splitlines()[-1][:100]!r} after {len(p.stderr.splitlines())} lines; ray and local do without the guard")
print("ok")
