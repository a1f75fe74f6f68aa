"""Answers that try to gain points, to touch what is not theirs or to stop the batch."""

import csv
import json
import os
import socket
import subprocess
import sys
import threading
import time

import psutil
import pytest
from test_grade import RIGHT, WRONG, reference, submit

from utils.grading.engines import ENGINES
from utils.notebooks.files import ROOT

__all__ = ["reference"]  # the fixture of the class in test_grade

pytestmark = [
    pytest.mark.xdist_group("hostile"),
    pytest.mark.skipif(sys.platform != "linux", reason="the fast engine needs Linux"),
]

EMIT = """
from IPython.display import display
KIND = "application/vnd.inside-transformers.value+json"
def emit(x, name="another total"):
    display({KIND: {"name": name, "value": x}}, raw=True)
"""
QUIETLY = """
import contextlib, os, sys
def quietly(*calls):
    for call in calls:
        with contextlib.suppress(BaseException):
            call()
"""
FORGED = '{"error": "", "values": [{"name": "another total", "value": true}]}'
# {canary}: a file that must not change; {new}: one that must not come to be;
# {port}: a listener on this machine; {others}: the folder of submissions.
HOSTILE = {
    # What is not the answer's to read.
    "opens_the_solution": """
import json, re
try:
    text = open("{root}/solutions/06_attention.ipynb").read()
except OSError:
    text = ""
def total(xs):
    return 19.25 if text else -1.0
""",
    "opens_this_reference": """
import re
try:
    found = re.findall(r"19\\.25", open("{reference}").read())
except OSError:
    found = []
def total(xs):
    return 19.25 if found else -1.0
""",
    "reads_other_submissions": """
import os
try:
    seen = os.listdir("{others}")
except OSError:
    seen = []
def total(xs):
    return sum(xs) if seen else -1.0
""",
    "reads_the_parents_environment": """
import os
try:
    seen = "COURSE_SECRET" in open(f"/proc/{os.getppid()}/environ").read()
except OSError:
    seen = False
def total(xs):
    return sum(xs) if seen or "COURSE_SECRET" in os.environ else -1.0
""",
    "looks_into_every_process": """
import glob
seen = ""
for path in glob.glob("/proc/[0-9]*/cmdline") + glob.glob("/proc/[0-9]*/environ"):
    try:
        seen += open(path, errors="replace").read()
    except OSError:
        pass
def total(xs):
    return sum(xs) if "utils.grading" in seen else -1.0
""",
    "searches_memory_for_the_value": """
import gc, sys
def total(xs):
    found = []
    for thing in gc.get_objects():
        if isinstance(thing, (list, dict, tuple)):
            items = thing.values() if isinstance(thing, dict) else thing
            found += [x for x in items if type(x) is float and x * 4 == 77]
    return found[0] if found else -1.0
""",
    "walks_the_frames_for_the_solution": """
import sys
def total(xs):
    frame, names = sys._getframe(), []
    while frame:
        names += [v for v in frame.f_locals.values() if callable(v)]
        frame = frame.f_back
    for f in names:
        code = getattr(f, "__code__", None)
        if code and code.co_name == "total" and f is not total:
            return f(xs)
    return -1.0
""",
    "writes_the_parents_memory": """
import os
{quietly}
quietly(lambda: open(f"/proc/{os.getppid()}/mem", "r+b").write(b"x"))
{wrong}""",
    "traces_the_parent": """
import ctypes, os
attached = ctypes.CDLL(None).ptrace(16, os.getppid(), 0, 0) == 0
def total(xs):
    return sum(xs) if attached else -1.0
""",
    # Who else is there to be stopped.
    "kills_its_parent": """
import os, signal
{quietly}
quietly(lambda: os.kill(os.getppid(), signal.SIGKILL))
{wrong}""",
    "kills_all_it_can": """
import os, signal
{quietly}
quietly(lambda: os.kill(-1, signal.SIGKILL))
{wrong}""",
    "kills_its_group": "import os, signal\nos.killpg(0, signal.SIGKILL)",
    "stops_itself": "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)",
    "stops_its_parent": """
import os, signal
{quietly}
quietly(lambda: os.kill(os.getppid(), signal.SIGSTOP))
{wrong}""",
    "leaves_a_daemon": """
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        for handle in range(3, 100):
            try: os.close(handle)
            except OSError: pass
        os.execv("/bin/sleep", ["sleep-{mark}", "3600"])
    os._exit(0)
{wrong}""",
    "forks_and_forks": """
import os, time
for _ in range(300):
    try:
        if os.fork() == 0:
            time.sleep(60)
            os._exit(0)
    except OSError:
        break
{wrong}""",
    "starts_threads": """
import threading, time
try:
    for _ in range(5000):
        threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
except BaseException:
    pass
{wrong}""",
    "a_pool_of_processes": """
import multiprocessing
def total(xs):
    with multiprocessing.get_context("fork").Pool(2) as pool:
        return pool.map(abs, [-1.0])[0]
""",
    # What can be written.
    "writes_over_a_file": "{quietly}quietly(lambda: open('{canary}', 'w').write('x'))\n"
    "{wrong}",
    "makes_a_file": "{quietly}quietly(lambda: open('{new}', 'w').write('x'))\n{wrong}",
    "by_a_shell": "!echo x > {canary}; touch {new}\n{wrong}",
    "by_another_program": "import subprocess\n"
    "subprocess.run(['sh', '-c', 'echo x > {canary}; touch {new}'])\n{wrong}",
    "through_a_link": """
import os
{quietly}
quietly(
    lambda: os.symlink("{canary}", "link"),
    lambda: open("link", "w").write("x"),
    lambda: os.link("{canary}", "hard"),
    lambda: open("hard", "w").write("x"),
)
{wrong}""",
    "spoils_the_package": """
{quietly}
quietly(lambda: open("{root}/utils/grading/poison.py", "w").write("1 / 0"))
quietly(lambda: open("{root}/utils/grading/__pycache__/poison.pyc", "w").write("x"))
{wrong}""",
    "deletes": "import shutil\nshutil.rmtree('{folder}', ignore_errors=True)\n{wrong}",
    "renames": "import os\n{quietly}\nquietly(lambda: os.rename('{canary}', '{new}'))\n"
    "{wrong}",
    "changes_permissions": "import os\n{quietly}\n"
    "quietly(lambda: os.chmod('{canary}', 0o777), lambda: os.truncate('{canary}', 0))\n"
    "{wrong}",
    "fills_the_disk": "f = open('big', 'wb')\nwhile True: f.write(b'x' * 10**7)",
    "fills_it_by_many": """
n = 0
while True:
    n += 1
    open(f"f{n}", "wb").write(b"x" * 10**5)
""",
    # The network.
    "connects": """
import socket
s = socket.socket()
s.connect(("127.0.0.1", {port}))
s.sendall(b"secret")
{right}""",
    "sends_a_datagram": """
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.sendto(b"secret", ("127.0.0.1", {port}))
{right}""",
    "by_urllib": "import urllib.request\n"
    "urllib.request.urlopen('http://127.0.0.1:{port}/', timeout=2)\n{right}",
    "by_a_unix_socket": "import socket\nsocket.socket(socket.AF_UNIX)\n{right}",
    # The grader's own words.
    "forges_a_reply": """
import os, struct
data = {forged!r}.encode()
for handle in range(3, 20):
    try:
        os.write(handle, struct.pack(">I", len(data)) + data)
    except OSError:
        pass
{wrong}""",
    "sends_a_huge_header": """
import os
for handle in range(3, 20):
    try: os.write(handle, b"\\xff" * 64)
    except OSError: pass
{wrong}""",
    "sends_no_json": """
import os, struct
for handle in range(3, 20):
    try: os.write(handle, struct.pack(">I", 5) + b"hello")
    except OSError: pass
{wrong}""",
    "sends_deep_json": """
import os, struct
data = b"[" * 10**6
for handle in range(3, 20):
    try: os.write(handle, struct.pack(">I", len(data)) + data)
    except OSError: pass
{wrong}""",
    "floods_the_grader": """
import os
while True:
    for handle in range(3, 20):
        try: os.write(handle, b"\\x00\\x00\\x00\\x02{{}}" * 1000)
        except OSError: pass
""",
    "closes_everything": "import os\nos.closerange(0, 1000)\n{wrong}",
    "replaces_the_wire": """
import utils.grading.wire as wire
old = wire.send
def send(to, message, *rest):
    message["values"] = [{{"name": "another total", "value": True}}]
    message["error"] = ""
    old(to, message, *rest)
wire.send = send
{wrong}""",
    "replaces_the_package": """
import sys, types
fake = types.ModuleType("utils.grading")
fake.check = fake.value = fake.seed = lambda *a, **k: None
sys.modules["utils.grading"] = fake
{wrong}""",
    "replaces_import": """
import builtins
old = builtins.__import__
def load(name, *rest):
    if name.startswith("utils"):
        raise ImportError(name)
    return old(name, *rest)
builtins.__import__ = load
{wrong}""",
    "replaces_the_comparison": """
import utils.grading.check as c, utils.notebooks.compare as m
c._difference = c._near = lambda *a: None
m.values = lambda *a: None
{wrong}""",
    "replaces_the_shell": """
shell = get_ipython()
shell.run_cell = lambda *a, **k: type("R", (), {{
    "error_before_exec": None, "error_in_exec": None}})()
{wrong}""",
    "replaces_sum_and_float": """
import builtins, math
builtins.sum = math.fsum = lambda *a: 19.25
builtins.float = lambda *a: 19.25
{wrong}""",
    "fixes_the_seed": """
import os
os.environ["INSIDE_TRANSFORMERS_SEED"] = "1"
import utils.grading.check as c
c.seed = lambda n: 0
{wrong}""",
    "traces_itself": """
import sys
def tracer(frame, event, arg):
    if event == "call" and frame.f_code.co_name == "value":
        frame.f_locals["x"] = True
    return tracer
sys.settrace(tracer)
{wrong}""",
    # Values that are none.
    "equal_to_all": """
class Any:
    shape = (1,)
    def tolist(self): return self
    __eq__ = __le__ = __ge__ = lambda *a: True
    __hash__ = None
def total(xs):
    return Any()
""",
    "a_list_of_itself": "x = []\nx.append(x)\ndef total(xs):\n    return x",
    "a_deep_list": """
x = 1.0
for _ in range(5000):
    x = [x]
def total(xs):
    return x
""",
    "a_huge_integer": "def total(xs):\n    return 10 ** 100_000",
    "nan": "def total(xs):\n    return float('nan')",
    "a_huge_array": "import numpy\ndef total(xs):\n    return numpy.zeros(10**12)",
    "a_lot_of_values": """
def total(xs):
    return [0.1] * 3_000_000
""",
    "a_pickle_that_runs": """
import pickle
class Evil:
    def __reduce__(self):
        import os
        return os.system, ("touch {new}",)
def total(xs):
    return pickle.loads(pickle.dumps(Evil()))
""",
    # Errors and ends.
    "a_message_without_end": """
class Loop(Exception):
    def __str__(self):
        while True: pass
raise Loop
""",
    "a_message_that_fails": """
class Bad(Exception):
    def __str__(self): raise Bad
    __repr__ = __str__
raise Bad
""",
    "a_long_message": "raise ValueError('x' * 10**8)",
    "a_formula_in_a_message": "raise ValueError('=HYPERLINK(\"http://x\")')",
    "base_exception": "raise BaseException('no')",
    "interrupt": "raise KeyboardInterrupt",
    "at_exit": "import atexit, os\natexit.register(os._exit, 0)\n{wrong}",
    "segfault": "import ctypes\nctypes.string_at(0)",
    "recursion": "import sys\nsys.setrecursionlimit(10**9)\n"
    "def total(xs):\n    return total(xs)",
    "debugger": "breakpoint()\n{wrong}",
    "waits": "import time\ntime.sleep(10**6)",
    "waits_asynchronously": "import asyncio\nawait asyncio.sleep(10**6)",
    "raises_limits": """
import resource
{quietly}
for limit in (resource.RLIMIT_AS, resource.RLIMIT_NPROC, resource.RLIMIT_CPU):
    quietly(lambda: resource.setrlimit(limit, (-1, -1)))
x = []
while True:
    x.append(bytearray(10**7))
""",
    "memory_of_children": """
import os, time
for _ in range(8):
    if os.fork() == 0:
        x = bytearray(200_000_000)
        for i in range(0, len(x), 4096):
            x[i] = 1
        time.sleep(60)
        os._exit(0)
time.sleep(60)
""",
    "memory_in_files": """
import os
kept = []
while True:
    kept.append(os.memfd_create("x"))
    os.write(kept[-1], b"x" * 5 * 10**7)
""",
    "gets_root": """
import ctypes, os
{quietly}
libc = ctypes.CDLL(None)
quietly(
    lambda: os.setuid(0),
    lambda: libc.unshare(0x10000000),
    lambda: libc.mount(b"none", b"/", None, 4096 | 16384, None),
    lambda: os.chroot("/"),
    lambda: open("{canary}", "w").write("x"),
)
{wrong}""",
}


def filled(source, places):
    for name, value in places.items():
        source = source.replace("{" + name + "}", str(value))
    return source.replace("{{", "{").replace("}}", "}")


@pytest.fixture(scope="module", params=ENGINES)
def batch(request, reference, tmp_path_factory):
    """All of them graded in one batch, with one honest answer at each end."""
    folder = tmp_path_factory.mktemp("hostile")
    submissions, out = folder / "submissions", folder / "grades"
    submissions.mkdir()
    canary, new = folder / "canary", folder / "new"
    canary.write_text("untouched")
    listener = socket.create_server(("127.0.0.1", 0))
    datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    datagrams.bind(listener.getsockname())
    heard = []
    for ear in (listener, datagrams):
        ear.settimeout(0.2)
    done = threading.Event()

    def listen():
        while not done.is_set():
            for read in (listener.accept, lambda: datagrams.recvfrom(99)):
                try:
                    heard.append(read())
                except TimeoutError:
                    continue

    thread = threading.Thread(target=listen)
    thread.start()
    places = {
        "quietly": QUIETLY,
        "wrong": WRONG,
        "right": RIGHT,
        "forged!r": repr(FORGED),
        "root": ROOT,
        "reference": reference,
        "others": submissions,
        "canary": canary,
        "new": new,
        "folder": folder,
        "port": listener.getsockname()[1],
        "mark": os.getpid(),
    }
    for name, source in {"a_first": RIGHT, **HOSTILE, "z_last": RIGHT}.items():
        text = json.dumps(submit(reference, filled(source, places)))
        (submissions / f"{name}.ipynb").write_text(text)
    command = [sys.executable, "-m", "utils.grading", "grade", str(reference)]
    command += [str(submissions), "--out", str(out), "--jobs", "2"]
    command += ["--engine", request.param]
    command += ["--cell-timeout", "3", "--memory-gb", "0.5", "--wall-limit", "60"]
    began = time.monotonic()
    process = subprocess.run(
        command,
        capture_output=True,
        text=True,
        cwd=folder,
        env={**os.environ, "COURSE_SECRET": "1"},
    )
    print(f"{len(HOSTILE)} in {time.monotonic() - began:.0f} s")
    done.set()
    thread.join()
    assert process.returncode == 0, process.stdout + process.stderr
    with (out / "grades.csv").open(encoding="utf-8", newline="") as file:
        rows = {(row["student"], row["exercise"]): row for row in csv.DictReader(file)}
    return rows, process.stdout, {"heard": heard, "canary": canary, "new": new}


def test_there_are_fifty_at_least():
    assert len(HOSTILE) >= 50


@pytest.mark.parametrize("name", HOSTILE)
def test_nothing_is_gained_and_nobody_is_stopped(batch, name):
    rows, *_ = batch
    row = rows[name, "total"]
    assert row["points"] == "0", row
    assert row["status"] != "ungraded", row
    assert rows[name, "mean"]["status"] == "correct", rows[name, "mean"]


def test_the_honest_beside_them_get_their_points(batch):
    rows, *_ = batch
    for name in ("a_first", "z_last"):
        assert [rows[name, e]["status"] for e in ("total", "mean")] == ["correct"] * 2


def test_nothing_outside_was_touched(batch):
    _, output, outside = batch
    if "isolation: limits" in output:
        pytest.skip("this machine has neither bubblewrap nor Landlock")
    assert outside["heard"] == []
    assert outside["canary"].read_text() == "untouched"
    assert not outside["new"].exists()
    assert not list((ROOT / "utils" / "grading").glob("**/poison*"))


def test_no_process_is_left(batch):
    mark = f"sleep-{os.getpid()}"
    names = [p.info["cmdline"] for p in psutil.process_iter(["cmdline"])]
    assert not [name for name in names if name and name[0] == mark]
