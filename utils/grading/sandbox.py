"""The isolation that a learner's code runs in: the strongest that the machine has.

``bubblewrap``: a process space, a network and a file system of its own, and Landlock
inside. ``landlock``: the kernel refuses to open what is not on a list, to signal or
trace anything outside, and every socket. ``limits``: nothing but bounds on time,
memory, processes and sizes; the code can read what the grader's user can.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

LEVELS = ("bubblewrap", "landlock", "limits")
PACKAGE = Path(__file__).resolve().parents[1]
# systemd's range of users for a service's time: nobody's, so nothing belongs to them.
FIRST_USER = 61_184
PROCESSES, OPEN_FILES, FILE_SIZE = 64, 256, 100_000_000

READ_ONLY = ("/usr", "/lib", "/lib64", "/bin", "/etc/ld.so.cache", "/etc/localtime")
DEVICES = ("/dev/null", "/dev/zero", "/dev/urandom", "/dev/random")
SYSTEM = ("/proc/self", "/proc/cpuinfo", "/proc/meminfo", "/sys/devices/system/cpu")


class NoSandbox(RuntimeError):
    """The machine lacks the isolation asked for."""


@dataclass(frozen=True)
class Sandbox:
    """How answers are run: the level, and the user's id where root gives its own up."""

    level: str
    user: int | None = None

    def __str__(self) -> str:
        name = self.level
        if self.level != "limits":
            name += f", Landlock {landlock_version()}" if landlock_version() else ""
        if self.user is not None:
            return f"{name}, user {self.user}"
        return f"{name}, root without capabilities" if is_root() else name

    def for_slot(self, slot: int) -> Sandbox:
        """The same for one of several graders at work, which then share no user."""
        return Sandbox(self.level, None if self.user is None else self.user + slot)

    def command(self, argv: list[str], writable: Path) -> list[str]:
        """``argv`` as it has to be started, with one folder that it can write in."""
        if self.level != "bubblewrap":
            return argv
        as_nobody = ("--unshare-user", "--uid", "65534", "--gid", "65534")
        return [
            *("bwrap", "--unshare-all", "--die-with-parent", "--new-session"),
            *(as_nobody if is_root() and self.user is None else ()),
            *("--cap-drop", "ALL"),
            *("--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"),
            *[x for path in readable() for x in ("--ro-bind", path, path)],
            *("--bind", str(writable), str(writable), "--chdir", str(writable)),
            *("--", *argv),
        ]

    def start(
        self, argv: list[str], writable: Path, **options: Any
    ) -> subprocess.Popen[Any]:
        """Start a process in it; ``options`` as for subprocess.Popen."""
        if self.user is not None:
            own = {"user": self.user, "group": self.user, "extra_groups": []}
            for path in (writable, *writable.rglob("*")):
                os.chown(path, self.user, self.user, follow_symlinks=False)
            options |= own
        return subprocess.Popen(self.command(argv, writable), **options)


def probe(least: str = "limits") -> Sandbox:
    """The strongest isolation that works here, tried and not guessed.

    Raises NoSandbox where it is weaker than ``least``.
    """
    users = (FIRST_USER, None) if is_root() else (None,)
    for level in LEVELS[: LEVELS.index(least) + 1]:
        if level == "landlock" and not landlock_version():
            continue
        if level == "bubblewrap" and not shutil.which("bwrap"):
            continue
        for user in users:
            if _works(Sandbox(level, user)):
                return Sandbox(level, user)
    raise NoSandbox(
        f"this machine cannot give the isolation asked for ({least}): bubblewrap "
        "needs `bwrap` and user namespaces, Landlock a Linux kernel from 5.13 on"
    )


def confine(
    folder: Path, level: str, memory: int | None, seconds: int, network: bool = False
) -> None:
    """Bind this process and those that it will start, for good.

    Args:
        folder: the one place where files can be written.
        level: one of `LEVELS`.
        memory: bytes beyond what the process has mapped already; None: no bound.
        seconds: of processor time.
        network: sockets stay open.
    """
    import resource

    if memory is None:
        memory = 1 << 60
    mapped = int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf(
        "SC_PAGE_SIZE"
    )
    for limit, most in (
        (resource.RLIMIT_AS, mapped + memory),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, FILE_SIZE),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NPROC, _processes_of_user() + PROCESSES),
    ):
        resource.setrlimit(limit, (most, most))
    _prctl(38, 1)  # PR_SET_NO_NEW_PRIVS: set-user-id programs give nothing
    give_up_capabilities()
    isolate(folder, level, network)


def isolate(folder: Path, level: str, network: bool = False) -> None:
    """The part of `confine` that may come again, in a process that it has bound."""
    if level != "limits":
        if landlock_version():
            restrict_files(folder, network)
        if not network:
            refuse_sockets()


def give_up_capabilities() -> None:
    """For a root that could not become somebody else, as its Python is root's own."""
    for capability in range(64):
        if ctypes.CDLL(None).prctl(24, capability, 0, 0, 0) < 0:  # PR_CAPBSET_DROP
            break
    header, nothing = struct.pack("=Ii", 0x20080522, 0), bytes(24)
    _check(ctypes.CDLL(None, use_errno=True).capset(header, nothing))


def restrict_files(folder: Path, network: bool = False) -> None:
    """Landlock: open nothing but what is listed, signal and trace nobody outside."""
    version = landlock_version()
    files = 0b111 | (1 << 14 if version >= 3 else 0) | (1 << 15 if version >= 5 else 0)
    everything = (1 << 13) - 1 | (1 << 13 if version >= 2 else 0) | files
    attributes = [everything]
    if version >= 4:
        attributes.append(0 if network else 0b11)  # bind and connect TCP
    if version >= 6:
        attributes.append(0b11)  # abstract sockets and signals
    packed = struct.pack(f"{len(attributes)}Q", *attributes)
    ruleset = _syscall(444, packed, len(packed), 0)
    read = 0b1101  # execute, read files, list folders
    rules = [(path, read) for path in (*readable(), *SYSTEM)]
    rules += [(path, 0b110 | files & 1 << 14) for path in DEVICES]
    rules.append((str(folder), everything & ~(1 << 6 | 1 << 11)))  # no devices
    for path, allowed in rules:
        if not os.path.exists(path):
            continue
        handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
        if not os.path.isdir(path):
            allowed &= files
        _syscall(445, ruleset, 1, struct.pack("=Qi", allowed, handle), 0)
        os.close(handle)
    _syscall(446, ruleset, 0)
    os.close(ruleset)


# What no answer needs and what would lead out of the sandbox, by the machine's numbers.
SYSCALLS = {
    "x86_64": (
        0xC000003E,
        317,
        {"socket": 41, "ptrace": 101, "mount": 165, "umount2": 166, "unshare": 272}
        | {"setns": 308, "process_vm_readv": 310, "process_vm_writev": 311}
        | {"bpf": 321, "userfaultfd": 323, "perf_event_open": 298, "add_key": 248}
        | {"request_key": 249, "keyctl": 250, "io_uring_setup": 425}
        | {"pidfd_getfd": 438, "memfd_create": 319, "shmget": 29},
    ),
    "aarch64": (
        0xC00000B7,
        277,
        {"socket": 198, "ptrace": 117, "mount": 40, "umount2": 39, "unshare": 97}
        | {"setns": 268, "process_vm_readv": 270, "process_vm_writev": 271}
        | {"bpf": 280, "userfaultfd": 282, "perf_event_open": 241, "add_key": 217}
        | {"request_key": 218, "keyctl": 219, "io_uring_setup": 425}
        | {"pidfd_getfd": 438, "memfd_create": 279, "shmget": 194},
    ),
}


def refuse_sockets() -> None:
    """A seccomp filter: no socket of any kind, and no other way around Landlock.

    It holds for all threads of the process, those that a kernel has begun too.
    """
    if platform.machine() not in SYSCALLS:
        return
    architecture, seccomp, numbers = SYSCALLS[platform.machine()]
    load, jump_equal, jump_more, give = 0x20, 0x15, 0x35, 0x06
    allow, refuse, kill = 0x7FFF0000, 0x00050000 | 1, 0x80000000  # 1: EPERM
    refused = sorted(numbers.values())
    program = [
        (load, 0, 0, 4),  # the architecture
        (jump_equal, 1, 0, architecture),
        (give, 0, 0, kill),
        (load, 0, 0, 0),  # the system call's number
        (jump_more, len(refused) + 1, 0, 0x40000000),  # x32's numbers
        *[(jump_equal, len(refused) - i, 0, n) for i, n in enumerate(refused)],
        (give, 0, 0, allow),
        (give, 0, 0, refuse),
    ]
    code = b"".join(struct.pack("=HBBI", *line) for line in program)
    buffer = ctypes.create_string_buffer(code, len(code))
    header = struct.pack("@HxxxxxxP", len(program), ctypes.addressof(buffer))
    # SECCOMP_SET_MODE_FILTER with SECCOMP_FILTER_FLAG_TSYNC
    if _syscall(seccomp, 1, 1, header):
        raise OSError("a thread could not be bound")


def private() -> None:
    """No other process may read or trace this one, and it adopts its orphans."""
    if sys.platform == "linux":
        _prctl(4, 0)  # PR_SET_DUMPABLE
        _prctl(36, 1)  # PR_SET_CHILD_SUBREAPER


def end_all() -> None:
    """Kill all that descends from a `private` process, daemons too: it adopts them."""
    import psutil

    end = time.monotonic() + 10
    while time.monotonic() < end:
        for process in psutil.Process().children(recursive=True):
            with contextlib.suppress(psutil.Error):
                process.send_signal(signal.SIGKILL)
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        time.sleep(0.002)
    os._exit(1)  # the grader starts another


def end_all_confined(level: str) -> None:
    """The same in a process that `confine` has bound to ``level``.

    It sees no other process, so it signals all: Landlock lets that reach its own only.
    Before Landlock 6 it would reach the whole user's, and nothing is done.
    """
    if level == "limits":
        end_all()
    elif landlock_version() >= 6:
        os.kill(-1, signal.SIGKILL)


def die_with_parent() -> None:
    if sys.platform == "linux":
        _prctl(1, 9)  # PR_SET_PDEATHSIG, SIGKILL


@cache
def landlock_version() -> int:
    """The version of Landlock's interface that the kernel has, 0 for none."""
    if sys.platform != "linux":
        return 0
    return max(0, ctypes.CDLL(None).syscall(444, None, 0, 1))


def is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


@cache
def readable() -> tuple[str, ...]:
    """What a learner's code may read: Python, its libraries, the course's package."""
    own = {sys.prefix, sys.base_prefix, str(PACKAGE), os.environ.get("COURSE_DATA", "")}
    paths = [
        path for path in (*READ_ONLY, *sorted(own)) if path and Path(path).exists()
    ]
    inside = [p for p in paths if any(Path(q) in Path(p).parents for q in paths)]
    return tuple(path for path in paths if path not in inside)


def _works(sandbox: Sandbox) -> bool:
    """Whether the same Python starts in it, confined, and finds what it needs."""
    if sys.platform != "linux":
        return sandbox.level == "limits" and sandbox.user is None
    with tempfile.TemporaryDirectory(prefix="grading-probe-") as folder:
        code = (
            "import sys; sys.path.insert(0, sys.argv[1]); from pathlib import Path; "
            "from utils.grading import sandbox; sandbox.private(); "
            "sandbox.confine(Path(), sys.argv[2], 10**9, 60); "
            "import IPython, json.tool; "
            "sys.exit(sys.base_prefix != sys.argv[3])"
        )
        own = [str(PACKAGE.parent), sandbox.level, sys.base_prefix]
        argv = [sys.executable, "-c", code, *own]
        try:
            process = sandbox.start(
                argv,
                Path(folder),
                cwd=folder,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            return process.wait(60) == 0
        except (OSError, ValueError, subprocess.SubprocessError):
            return False


def _processes_of_user() -> int:
    """Threads that the user runs now, which a limit on processes counts too."""
    own, count = os.getuid(), 0
    for entry in os.scandir("/proc"):
        if entry.name.isdecimal():
            try:
                if entry.stat().st_uid == own or own == 0:
                    count += len(os.listdir(f"/proc/{entry.name}/task"))
            except OSError:
                continue
    return count


def _prctl(option: int, *arguments: object) -> None:
    _check(ctypes.CDLL(None, use_errno=True).prctl(option, *arguments, 0, 0, 0))


def _syscall(number: int, *arguments: object) -> int:
    return _check(ctypes.CDLL(None, use_errno=True).syscall(number, *arguments))


def _check(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result
