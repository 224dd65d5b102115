import resource, subprocess, sys, time, os
from pathlib import Path
ROOT = os.environ.get("WT", "/work/wt/hostile")
def limit():
    resource.setrlimit(resource.RLIMIT_CPU, (40, 40))
    resource.setrlimit(resource.RLIMIT_AS, (3_000_000_000,)*2)
def go(args, cwd, stdin=None):
    t=time.time()
    r0=resource.getrusage(resource.RUSAGE_CHILDREN)
    p=subprocess.Popen(["/usr/bin/env","python","-m","hptc",*args],cwd=cwd,stdin=stdin or subprocess.DEVNULL,stdout=subprocess.PIPE,stderr=subprocess.PIPE,preexec_fn=limit,env={**os.environ,"PYTHONPATH":ROOT,"PATH":ROOT+"/.venv/bin:"+os.environ["PATH"]})
    out,err=p.communicate()
    r1=resource.getrusage(resource.RUSAGE_CHILDREN)
    return p.returncode, r1.ru_utime+r1.ru_stime-r0.ru_utime-r0.ru_stime, r1.ru_maxrss/1024, out, err
if __name__=="__main__":
    form=sys.argv[1]
    for f in sys.argv[2:]:
        # maxrss is of children max; use subprocess per case
        code=f"""
import sys; sys.path.insert(0,'/tmp/h'); import run
c,s,m,o,e=run.go(['check','--format','{form}','{f}'],'/tmp/h/cases')
print('{os.path.basename(f):22}',c,f'{{s:6.2f}}s {{m:6.0f}}MB out={{len(o):,}} err={{len(e):,}}', 'TRACEBACK' if b'Traceback' in e else '', e[-90:] if 1 else '')
"""
        subprocess.run([sys.executable,"-c",code])
