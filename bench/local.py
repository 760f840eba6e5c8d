# SPDX-License-Identifier: BSD-3-Clause
"""Measurements of one machine alone: its start, memory, size and system calls, and how images are composed."""
import os, random, shutil, statistics, subprocess, time

from guests import DORY, KERNEL, QEMU, compiled, dory, initramfs, linux, linux_kernel
from measure import OUT, TOP, first_output, medians, output, row, sh, smallest, timed


def build():
    os.makedirs(OUT, exist_ok=True)
    compiled("hello", "-static")
    compiled("qemu_started", "-static")
    compiled("operations", "-static", "-pthread")
    sh("gcc", "-O2", "-o", f"{OUT}/hello-dynamic", f"{TOP}/bench/hello.c")
    sh("clang", "--target=i386-none-elf", "-c", "-o", f"{OUT}/stub.o", f"{TOP}/bench/stub.S")
    sh("ld.lld", "-Ttext=0x100000", "-o", f"{OUT}/stub.elf", f"{OUT}/stub.o")
    for program in ("hello", "operations"):
        initramfs(program, [(f"{OUT}/{program}", "init")])
    initramfs("hello-dynamic", [(f"{OUT}/hello-dynamic", "init"), ("/lib64/ld-linux-x86-64.so.2", "lib64/ld-linux-x86-64.so.2"),
                                ("/lib/x86_64-linux-gnu/libc.so.6", "lib/x86_64-linux-gnu/libc.so.6")])
    for program in ("hello", "hello-dynamic", "operations"):
        sh(DORY, "run", "-q", f"{OUT}/{program}", stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


def ours(program, memory="256M", cpus=1, network="none"):
    """Without a network device, as the Linux guest beside it."""
    return dory(f"{OUT}/{program}", memory, cpus, options=("-n", network))


def stub():
    return QEMU + ["-M", "microvm,rtc=on", "-m", "256M", "-serial", "stdio", "-kernel", f"{OUT}/stub.elf"]


def probe():
    """What this QEMU can is known, as it is to everybody from the first machine on that is started without --accel and --machine."""
    sh(DORY, "doctor", stdout=subprocess.DEVNULL)


def started_qemu(command, rounds=21):
    """Medians in ms from the start of `dory run` to that of QEMU, from there to the first output, and how far that is above the floor, which is
    measured by turns with it."""
    note = f"{OUT}/qemu-started"
    os.environ.update(DORY_QEMU=f"{OUT}/qemu_started", QEMU_STARTED=note)
    probe()
    before, after, above = [], [], []
    for _ in range(rounds):
        start = time.perf_counter()
        took = first_output(command)
        with open(note) as file:
            began = float(file.read()) - start
        before.append(began * 1000)
        after.append((took - began) * 1000)
        above.append(after[-1] - first_output(stub()) * 1000)
    del os.environ["DORY_QEMU"]
    probe()
    return statistics.median(before), statistics.median(after), statistics.median(above)


def bench_start():
    print("start to first output, ms (median of 11)")
    probe()
    t = medians({"floor": stub(), "dory": ours("hello"), "dynamic": ours("hello-dynamic"), "nat": ours("hello", network="nat")})
    l = medians({"linux": linux("hello")}, 3)
    print(f"  floor (PVH stub)                   {t['floor']:12.1f} ms")
    row("static hello, dory run", t["dory"], l["linux"], "ms")
    row("dynamic hello, dory run", t["dynamic"], l["linux"], "ms")
    row("static hello with nat, the default", t["nat"], l["linux"], "ms")
    before, after, above = started_qemu(ours("hello"))
    print(f"  static hello, dory until it starts QEMU {before:7.1f} ms")
    print(f"  static hello, from the start of QEMU {after:10.1f} ms")
    print(f"    above the floor                  {above:12.1f} ms", flush=True)


def bench_memory():
    def least(make, program):
        return smallest(lambda mib: first_output(make(program, f"{mib}M"), timeout=20) is not None)
    print("smallest memory, MiB")
    row("static hello", least(ours, "hello"), least(linux, "hello"), "MiB")
    row("dynamic hello", least(ours, "hello-dynamic"), least(linux, "hello-dynamic"), "MiB")


def kernel_of(profile):
    """The kernel of another profile, as it would ship; the one that is installed stays."""
    elf, stripped = f"out/x86_64/kernel-{profile}/kernel.elf", f"{OUT}/kernel-{profile}.elf"
    sh("make", "-s", "-C", TOP, elf, f"PROFILE={profile}", stdout=subprocess.DEVNULL)
    sh("llvm-objcopy", "--strip-all", f"{TOP}/{elf}", stripped)
    return stripped


def bench_size():
    print("image, KiB")
    for what, kernel in ("kernel", KERNEL), ("kernel without networks", kernel_of("programs")):
        row(what, os.path.getsize(kernel) / 1024, os.path.getsize(linux_kernel()) / 1024, "KiB")


def bench_operations():
    for cpus in (1, 2):
        print(f"one operation, ns, {cpus} CPU(s)")
        mine = dict(l.split() for l in output(ours("operations", cpus=cpus)).splitlines() if len(l.split()) == 2)
        theirs = dict(l.split() for l in output(linux("operations", cpus=cpus)).splitlines() if len(l.split()) == 2)
        for name in mine:
            if name in theirs and name != "end":
                row(name, float(mine[name]), float(theirs[name]), "ns")


def make_tree(path, files=7000, total=250 << 20):
    """A tree like a distribution's: many small files, some large."""
    if os.path.isdir(path):
        return
    generator = random.Random(1)
    sizes = [int(generator.paretovariate(0.9) * 1000) for _ in range(files)]
    scale = total / sum(min(s, 8 << 20) for s in sizes)
    for i, size in enumerate(sizes):
        folder = f"{path}/d{i % 97}/e{i % 13}"
        os.makedirs(folder, exist_ok=True)
        with open(f"{folder}/f{i}", "wb") as f:
            f.write(generator.randbytes(int(min(size, 8 << 20) * scale)))


def bench_compose():
    print("compose, ms (median of 5): 250 MB in 7,000 files")
    tree, image = f"{OUT}/tree", "bench/tree"
    make_tree(tree)
    fresh = timed([DORY, "compose", "-q", image, tree], before=lambda: subprocess.run([DORY, "rmi", image], stderr=subprocess.DEVNULL))
    tar = timed(["sh", "-c", f"tar cf - -C {tree} . > {OUT}/tree.tar"], before=lambda: os.path.exists(f"{OUT}/tree.tar") and os.remove(f"{OUT}/tree.tar"))
    copy = timed(["cp", "-r", tree, f"{OUT}/copy"], before=lambda: shutil.rmtree(f"{OUT}/copy", ignore_errors=True))
    row("first time", fresh, tar, "ms", "tar")
    row("first time", fresh, copy, "ms", "cp -r")
    row("nothing changed", timed([DORY, "compose", "-q", image, tree]), copy, "ms", "cp -r")

    def change():
        with open(f"{tree}/d0/e0/f0", "w") as f:
            f.write(str(time.time()))
    row("one file changed", timed([DORY, "compose", "-q", image, tree], before=change), copy, "ms", "cp -r")
    shutil.rmtree(f"{OUT}/copy", ignore_errors=True)
    os.remove(f"{OUT}/tree.tar")


def bench_command():
    print("cached `dory run deb:sqlite3`, shell prompt to result, ms (median of 11)")
    command = [DORY, "run", "-q", "--accel", "tcg", "deb:sqlite3", "-e", "sqlite3 :memory: \"select 'hello'\""]
    sh(*command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    t = medians({"floor": stub(), "sqlite": command})
    row("sqlite3 against the floor", t["sqlite"], t["floor"], "ms", "floor")


BENCHES = {"start": bench_start, "memory": bench_memory, "size": bench_size, "operations": bench_operations, "compose": bench_compose,
           "command": bench_command}
