# SPDX-License-Identifier: BSD-3-Clause
"""Packages: packing beside tar, composing beside cp, listing a thousand, resolving over all of Debian's, memory at the peak."""
import os, random, shutil, subprocess

from local import DORY
from measure import OUT, Use, least, sh

HERE = f"{OUT}/packages"
IMAGE = "bench/packages"
MANY, BIG = 10000, 100


def project(name, *lines):
    os.makedirs(f"{HERE}/{name}/meta", exist_ok=True)
    with open(f"{HERE}/{name}/meta/package.yaml", "w") as f:
        f.write("\n".join([f"name: {name}", "title: t", "author: a", "version: 1", *lines, ""]))
    return f"{HERE}/{name}"


def make_projects():
    generator = random.Random(1)
    many = project("many")
    for i in range(MANY):
        os.makedirs(f"{many}/d{i // 100}", exist_ok=True)
        with open(f"{many}/d{i // 100}/f{i}", "w") as f:
            f.write(generator.randbytes(512).hex())
    with open(f"{project('big')}/data", "wb") as f:
        for _ in range(BIG):
            f.write(generator.randbytes(1 << 20))
    project("app", "require: [many]")


def package(*words):
    return [DORY, "package", *words]


def make_store(root):
    os.makedirs(f"{root}/packages", exist_ok=True)
    for i in range(1000):
        with open(f"{root}/packages/pkg{i}.yaml", "w") as f:
            f.write(f"name: pkg{i}\ntitle: Package number {i}\nauthor: somebody\nversion: 1.{i}\nrequire:\n- pkg{i // 2}\n")
        open(f"{root}/packages/pkg{i}.mpm", "w").close()


def row(what, value, limit, unit, by="the issue"):
    """One number beside the most that it may be."""
    mark = "" if value <= limit else "   MISSED"
    print(f"  {what:<64} {value:>9.1f} {unit:<4} at most {limit:>9.1f} ({by}){mark}", flush=True)


def row_of(what, use, limit, by="the issue"):
    """The same for what a command took. On a machine that others load it took longer by the clock; its CPU time tells how much of that is its own."""
    row(f"{what} (CPU time {use.cpu_ms:.1f})", use.ms, limit, "ms", by)


def remove(path):
    shutil.rmtree(path, ignore_errors=True)
    if os.path.exists(path):
        os.remove(path)


def bench_build():
    for name, what in (("many", f"{MANY:,} files of 1 KiB"), ("big", f"one file of {BIG} MiB")):
        packed, tar = f"{HERE}/{name}/{name}.dory", f"{HERE}/{name}.tar.zst"
        use = least({
            "dory": (package("build", "--format", "dory"), f"{HERE}/{name}", lambda: remove(packed)),
            "tar": (["tar", "--zstd", "--exclude", f"./{name}.dory", "-cf", tar, "."], f"{HERE}/{name}", lambda: remove(tar)),
        }, 11)
        row_of(f"build, {what}", use["dory"], use["tar"].ms, f"tar --zstd, CPU time {use['tar'].cpu_ms:.1f}")
        row(f"build, {what}: memory", use["dory"].peak_kib / 1024, 64, "MiB")
        remove(packed)


def bench_compose():
    sh(*package("import"), cwd=f"{HERE}/many", stdout=subprocess.DEVNULL)
    compose, app = package("compose", "-q", IMAGE), f"{HERE}/app"
    unpacked = f"{os.environ['DORY_ROOT']}/cache/unpacked"

    def forget():
        subprocess.run([DORY, "rmi", IMAGE], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def forget_all():
        forget()
        for name in os.listdir(unpacked) if os.path.isdir(unpacked) else []:
            if name.startswith("many."):
                os.remove(f"{unpacked}/{name}")

    def change():
        with open(f"{HERE}/app/one", "w") as f:
            f.write(os.urandom(8).hex())

    use = least({
        "copy": (["cp", "-r", f"{HERE}/many", f"{HERE}/copy"], None, lambda: remove(f"{HERE}/copy")),
        "first": (compose, app, forget_all),
        "again": (compose, app, forget),
        "nothing": (compose, app, None),
        "one": (compose, app, change),
    })
    limit = 1.5 * use["copy"].ms
    row_of(f"compose, {MANY:,} files required, never unpacked", use["first"], limit, "1.5 times cp -r")
    row_of(f"compose, {MANY:,} files required", use["again"], limit, "1.5 times cp -r")
    row_of("compose, nothing changed", use["nothing"], 50)
    row_of("compose, one file changed", use["one"], 100)
    row("compose: memory", max(use[name].peak_kib for name in use if name != "copy") / 1024, 64, "MiB")
    forget()


def bench_commands():
    root = f"{HERE}/root"
    make_store(root)
    former, os.environ["DORY_ROOT"] = os.environ["DORY_ROOT"], root
    sh(*package("list"), stdout=subprocess.DEVNULL)
    use = least({"version": ([DORY, "--version"], None, None), "list": (package("list"), None, None)}, 21)
    os.environ["DORY_ROOT"] = former
    row_of("dory --version", use["version"], 10)
    row_of("package list, 1,000 packages", use["list"], 10)


def bench_resolution():
    """Anew each time, with the indices of Debian's archive in the cache: what was found once is kept by the names, so it is forgotten before."""
    compose = [DORY, "compose", "-q", IMAGE, "--deb", "sqlite3"]
    together, app = package("compose", "-q", f"{IMAGE}-together"), project("together", 'require: ["many", "deb:no-such-package | deb:sqlite3 >= 3"]')
    resolved = f"{os.environ['DORY_ROOT']}/cache/resolved"
    sh(*compose, "--refresh", stdout=subprocess.DEVNULL)
    sh(*together, cwd=app, stdout=subprocess.DEVNULL)
    use = least({
        "resolve": (compose, None, lambda: remove(resolved)),
        "together": (together, app, lambda: remove(resolved)),
        "kept": (together, app, None),
    }, 11)
    row_of("resolution over Debian's index, with a no-op", use["resolve"], 300)
    row_of("the same with a package of ours and alternatives", use["together"], 300)
    row_of("the same, kept", use["kept"], 50)
    row("resolution over Debian's index: memory", max(use[name].peak_kib for name in use) / 1024, 64, "MiB")
    refresh = Use([*compose, "--refresh"])
    print(f"  its refresh: {refresh.ms:.0f} ms, {refresh.peak_kib / 1024:.1f} MiB")
    for image in (IMAGE, f"{IMAGE}-together"):
        subprocess.run([DORY, "rmi", image], stdout=subprocess.DEVNULL)


def bench_packages():
    print("packages (the least of several runs by turns)")
    shutil.rmtree(HERE, ignore_errors=True)
    make_projects()
    bench_commands()
    bench_build()
    bench_compose()
    bench_resolution()
    shutil.rmtree(HERE, ignore_errors=True)
