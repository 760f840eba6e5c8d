# SPDX-License-Identifier: BSD-3-Clause
"""What all measurements share: running commands, clocks, medians, rows."""
import os, select, statistics, subprocess, time

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
OUT = os.path.join(TOP, "out/bench")


def sh(*command, **options):
    return subprocess.run(command, check=True, **options)


def output(command, timeout=300):
    return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=timeout).stdout.decode(errors="replace")


def first_output(command, marker=b"hello", timeout=30):
    """Seconds from starting the command until the marker comes out of it; None if it never does."""
    start = time.perf_counter()
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    seen, took = b"", None
    while time.perf_counter() - start < timeout:
        ready, _, _ = select.select([child.stdout], [], [], timeout)
        data = os.read(child.stdout.fileno(), 65536) if ready else b""
        if not data:
            break
        seen += data
        if marker in seen:
            took = time.perf_counter() - start
            break
    child.kill()
    child.wait()
    child.stdout.close()
    return took


def medians(commands, rounds=11):
    """Medians in ms of several commands, interleaved so that the machine's load meets all alike."""
    took = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            t = first_output(command)
            if t is not None:
                took[name].append(t * 1000)
    return {name: statistics.median(t) if t else float("nan") for name, t in took.items()}


def timed(command, rounds=5, before=lambda: None):
    """Median in ms of a command that ends."""
    took = []
    for _ in range(rounds):
        before()
        start = time.perf_counter()
        sh(*command, stdout=subprocess.DEVNULL)
        took.append((time.perf_counter() - start) * 1000)
    return statistics.median(took)


class Use:
    """What one run of a command took: ms by the clock, ms of CPU time (its children's, too), KiB of memory at the peak of its largest process."""
    def __init__(self, command, directory=None):
        start = time.perf_counter()
        child = subprocess.Popen(command, cwd=directory, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            raise subprocess.CalledProcessError(child.returncode, command)
        self.ms = (time.perf_counter() - start) * 1000
        self.cpu_ms = (usage.ru_utime + usage.ru_stime) * 1000
        self.peak_kib = usage.ru_maxrss


def least(commands, rounds=7):
    """The least ms, CPU ms and peak that each of several commands took, run by turns so that the machine's load meets all alike.
    commands: {name: (command, directory, what to do before)}, either of the last two may be None"""
    least = {}
    for _ in range(rounds):
        for name, (command, directory, before) in commands.items():
            if before:
                before()
            use = Use(command, directory)
            best = least.setdefault(name, use)
            best.ms, best.cpu_ms, best.peak_kib = min(best.ms, use.ms), min(best.cpu_ms, use.cpu_ms), max(best.peak_kib, use.peak_kib)
    return least


def smallest(works):
    """The smallest whole number of MiB up to 512 with which works(MiB)."""
    low, high = 0, 512
    while high - low > 1:
        middle = (low + high) // 2
        if works(middle):
            high = middle
        else:
            low = middle
    return high


def row(what, ours, other, unit, other_name="Linux", more_is_better=False):
    """Prints one comparison; a ratio above 1 is in our favour. Returns it."""
    over, under = (ours, other) if more_is_better else (other, ours)
    ratio = over / under if under else float("inf")
    print(f"  {what:<34} {ours:>12.1f} {unit:<5} {other_name} {other:>12.1f} {unit:<5} ratio {ratio:8.2f}", flush=True)
    return ratio
