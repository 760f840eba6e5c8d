# SPDX-License-Identifier: BSD-3-Clause
"""Random system calls with hostile arguments (tests/guest/syscall_fuzz.c) in machines of one and two CPUs: the kernels survive, and work afterwards."""
import random, subprocess, sys, time

from guests import DORY
from measure import OUT, TOP, sh

CPUS = (1, 2)
GRACE_S = 120 # to start, and to look at the kernel afterwards


def machine(cpus, seed, seconds):
    return subprocess.Popen([DORY, "run", "-q", "-n", "none", "-m", "256M", "-c", str(cpus), "--accel", "tcg", f"{OUT}/syscall_fuzz", "--", str(seed), str(seconds)],
                            cwd=OUT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def run(words):
    minutes = float(words[0]) if words else 60
    seed = int(words[1]) if len(words) > 1 else random.randrange(1, 1 << 30)
    sh("gcc", "-O1", "-static", "-o", f"{OUT}/syscall_fuzz", f"{TOP}/tests/guest/syscall_fuzz.c")
    print(f"hostile system calls, {minutes:g} minutes, seed {seed}", flush=True)
    machines = [machine(cpus, seed + cpus, int(minutes * 60)) for cpus in CPUS]
    end, failed = time.monotonic() + minutes * 60 + GRACE_S, False
    for cpus, running in zip(CPUS, machines):
        try:
            said = running.communicate(timeout=max(1, end - time.monotonic()))[0].decode(errors="replace")
        except subprocess.TimeoutExpired:
            running.kill()
            said = running.communicate()[0].decode(errors="replace") + "no end"
        good = running.returncode == 0 and "the kernel survives" in said.splitlines() # the kernel's own words may stand behind it
        failed |= not good
        print(f"  {cpus} CPU(s): {'the kernel survives' if good else f'status {running.returncode}: {said.strip()[-2000:]}'}", flush=True)
    if failed:
        sys.exit("a kernel did not survive")
