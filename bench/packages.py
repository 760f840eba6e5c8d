# SPDX-License-Identifier: BSD-3-Clause
"""Packages: packing beside tar, composing beside cp, listing a thousand."""
import os, random, shutil, subprocess
from local import DORY
from measure import OUT, row, sh, timed

HERE = f"{OUT}/packages"


def project(name, *lines):
    os.makedirs(f"{HERE}/{name}/meta", exist_ok=True)
    with open(f"{HERE}/{name}/meta/package.yaml", "w") as f:
        f.write("\n".join([f"name: {name}", "title: t", "author: a", "version: 1", *lines, ""]))
    return f"{HERE}/{name}"


def make_projects():
    generator = random.Random(1)
    many = project("many")
    for i in range(10000):
        os.makedirs(f"{many}/d{i // 100}", exist_ok=True)
        with open(f"{many}/d{i // 100}/f{i}", "w") as f:
            f.write(generator.randbytes(512).hex())
    with open(f"{project('big')}/data", "wb") as f:
        for _ in range(100):
            f.write(generator.randbytes(1 << 20))
    project("app", "require: [many]")


def in_project(name, *words):
    return ["sh", "-c", 'cd "$0" && exec "$@"', f"{HERE}/{name}", DORY, "package", *words]


def make_store(root):
    os.makedirs(f"{root}/packages", exist_ok=True)
    for i in range(1000):
        with open(f"{root}/packages/pkg{i}.yaml", "w") as f:
            f.write(f"name: pkg{i}\ntitle: Package number {i}\nauthor: somebody\nversion: 1.{i}\nrequire:\n- pkg{i // 2}\n")
        open(f"{root}/packages/pkg{i}.mpm", "w").close()


def bench_build():
    for name, what in (("many", "10,000 files of 1 KiB"), ("big", "one file of 100 MiB")):
        tar = timed(["tar", "--zstd", "-cf", f"{HERE}/{name}.tar.zst", "-C", f"{HERE}/{name}", "."])
        row(f"build, {what}", timed(in_project(name, "build", "--format", "dory")), tar, "ms", "tar --zstd")


def bench_compose():
    sh(*in_project("many", "import"), stdout=subprocess.DEVNULL)
    copy = timed(["cp", "-r", f"{HERE}/many", f"{HERE}/copy"], before=lambda: shutil.rmtree(f"{HERE}/copy", ignore_errors=True))
    compose = in_project("app", "compose", "-q", "bench/packages")
    sh(*compose)
    fresh = timed(compose, before=lambda: subprocess.run([DORY, "rmi", "bench/packages"], stderr=subprocess.DEVNULL))
    row("compose, 10,000 files required", fresh, copy, "ms", "cp -r")
    row("compose, nothing changed", timed(compose), copy, "ms", "cp -r")

    def change():
        with open(f"{HERE}/app/one", "w") as f:
            f.write(os.urandom(8).hex())
    row("compose, one file changed", timed(compose, before=change), copy, "ms", "cp -r")


def bench_packages():
    print("packages, ms (median of 5)")
    shutil.rmtree(HERE, ignore_errors=True)
    make_projects()
    bench_build()
    bench_compose()
    root = f"{HERE}/root"
    make_store(root)
    env = ["env", f"DORY_ROOT={root}"]
    sh(*env, DORY, "package", "list", stdout=subprocess.DEVNULL)
    row("list, 1,000 packages", timed(env + [DORY, "package", "list"]), timed(env + [DORY, "version"]), "ms", "version")
    shutil.rmtree(HERE, ignore_errors=True)
