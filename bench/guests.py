# SPDX-License-Identifier: BSD-3-Clause
"""The guests: Debian's cloud kernel with an initramfs beside Dory, under the same QEMU and machine type."""
import functools, glob, os, shutil, subprocess

from measure import OUT, TOP, output, sh

DORY = os.path.join(TOP, "out/bin/dory")
KERNEL = os.path.join(TOP, "out/share/dory/kernel.elf")
QEMU = ["qemu-system-x86_64", "-accel", "tcg", "-cpu", "max", "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"]
MACHINES = {"microvm": "microvm,rtc=on", "q35": "q35"}
LINUX_COMMAND_LINE = "console=ttyS0 quiet panic=-1 reboot=t"


def linux_tree():
    """Debian's package of the cloud kernel, unpacked."""
    tree = f"{OUT}/linux"
    if not glob.glob(f"{tree}/boot/vmlinuz-*"):
        os.makedirs(tree, exist_ok=True)
        depends = output(["apt-cache", "depends", "--no-recommends", "--no-suggests", "linux-image-cloud-amd64"])
        package = next(w.split()[-1] for w in depends.splitlines() if "linux-image-" in w and "Depends" in w)
        sh("apt-get", "download", package, cwd=tree, stdout=subprocess.DEVNULL)
        sh("dpkg-deb", "-x", glob.glob(f"{tree}/*.deb")[0], tree)
    return tree


def linux_kernel():
    return glob.glob(f"{linux_tree()}/boot/vmlinuz-*")[0]


def linux_module(name):
    """The file of a kernel module."""
    return glob.glob(f"{linux_tree()}/lib/modules/*/kernel/**/{name}.ko", recursive=True)[0]


def initramfs(name, files):
    """Packs (source, target) pairs; a source that is a folder is taken whole, with its links as they are."""
    tree = f"{OUT}/initramfs-{name}"
    shutil.rmtree(tree, ignore_errors=True)
    for source, target in files:
        os.makedirs(os.path.dirname(f"{tree}/{target}"), exist_ok=True)
        if os.path.isdir(source):
            shutil.copytree(source, f"{tree}/{target}", symlinks=True, dirs_exist_ok=True)
        else:
            shutil.copy(os.path.realpath(source), f"{tree}/{target}")
    os.makedirs(f"{tree}/dev", exist_ok=True)
    listing = subprocess.run(["find", "."], cwd=tree, stdout=subprocess.PIPE, check=True).stdout
    with open(f"{OUT}/{name}.cpio", "wb") as archive:
        subprocess.run(["cpio", "-o", "-H", "newc", "--quiet"], cwd=tree, input=listing, stdout=archive, check=True)


@functools.lru_cache
def linux_clock():
    """Options that tell Linux the rate of the time stamp counter and that it is to be trusted. What it measures itself, where there is no
    other clock, fails on a busy host: it hangs then, or falls back to a clock that costs it more."""
    return f"tsc_early_khz={output([compiled('tsc')]).strip()} tsc=reliable"


def linux(program, memory="256M", cpus=1, machine="microvm", devices=(), options=""):
    """The command that boots the initramfs of that name; options are more words of the kernel's command line."""
    return QEMU + ["-M", MACHINES[machine], "-m", memory, "-smp", str(cpus), "-serial", "stdio", "-kernel", linux_kernel(),
                   "-initrd", f"{OUT}/{program}.cpio", "-append", f"{LINUX_COMMAND_LINE} {linux_clock()} {options}".strip()] + list(devices)


def dory(target, memory="256M", cpus=1, machine="microvm", options=()):
    return [DORY, "run", "-q", "--accel", "tcg", "--machine", machine, "-m", memory, "-c", str(cpus)] + list(options) + [target]


def compiled(name, *flags):
    """A program of bench/, compiled."""
    sh("gcc", "-O2", "-Wall", *flags, "-o", f"{OUT}/{name}", f"{TOP}/bench/{name}.c")
    return f"{OUT}/{name}"
