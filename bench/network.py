# SPDX-License-Identifier: BSD-3-Clause
"""Servers in our guest and in Linux's, asked by the same clients by turns: rates, latency, start, memory, idle and CPU time."""
import json, os, re, statistics, subprocess, sys, time

import servers
from measure import OUT, row, smallest
from servers import Network, Running

ROUNDS = 5
CHOICES = {"network": ["user", "tap"], "machine": ["microvm", "q35"], "cpus": ["1", "2"], "server": ["redis", "nginx", "iperf3", "udp"],
           "what": ["load", "start", "memory", "idle"]}


# ---- Clients: each returns (rate or microseconds, requests) ----

def client(*command, timeout=120):
    """The standard output of a client that must succeed."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=timeout)
    text = done.stdout.decode(errors="replace")
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: status {done.returncode}\n{text[-1000:]}")
    return text


def redis(test, pipeline):
    requests = 30_000 if pipeline == 1 else 256_000 # one to two seconds: a shorter load meets half of the guest's rhythm

    def ask(guest):
        text = client("redis-benchmark", "-h", guest.host, "-p", str(guest.port), "-n", str(requests), "-c", "50", "-P", str(pipeline),
                      "-t", test, "-d", "64", "-r", "10000", "--csv")
        return float(re.search(rf'"{test.upper()}","([\d.]+)"', text).group(1)), requests
    return ask


def wrk(path, connections, seconds=2, is_bytes=False):
    def ask(guest):
        text = client("wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", f"http://{guest.host}:{guest.port}{path}")
        if "Socket errors" in text or "Non-2xx" in text:
            raise RuntimeError(f"wrk against {guest.name}: {text}")
        requests = int(re.search(r"(\d+) requests in", text).group(1))
        rate = float(re.search(r"Requests/sec:\s+([\d.]+)", text).group(1))
        return (rate * 10 if is_bytes else rate), requests # 10 MB each
    return ask


def iperf3(reverse, version=4):
    def ask(guest):
        host = guest.host if version == 4 else Network("tap").host6(guest.n)
        for _ in range(10):
            result = json.loads(client("iperf3", "-c", host, "-p", str(guest.port), "-t", "2", "-J", *(["-R"] if reverse else [])))
            if "error" not in result:
                break
            if "busy" not in result["error"]: # the server has not seen the end of the test before
                print(f"  (iperf3 against {guest.name}: {result['error']})")
            time.sleep(0.3)
        else:
            raise RuntimeError(f"iperf3 against {guest.name}: {result['error']}")
        received = result["end"]["sum_received"]
        return received["bits_per_second"] / 8e6, received["bytes"] / 1e6
    return ask


def udp(count=1500):
    def ask(guest):
        median, _, lost = client(f"{OUT}/udp", "ask", guest.host, str(guest.port), str(count)).split()
        if int(lost):
            print(f"  ({guest.name} lost {lost} of {count} datagrams)")
        return float(median), count
    return ask


def loads(name, network):
    """(what, client, unit, whether more is better, what CPU time is told for)"""
    if name == "redis":
        return [(f"redis {t.upper()}, pipeline {p}", redis(t, p), "1/s", True, "request") for t in ("get", "set") for p in (1, 16)]
    if name == "nginx":
        return [("nginx 1 KiB, 10 connections", wrk("/1k", 10), "1/s", True, "request"), ("nginx 1 KiB, 100 connections", wrk("/1k", 100), "1/s", True, "request"),
                ("nginx 10 MB", wrk("/10m", 2, 3, True), "MB/s", True, "file")]
    if name == "iperf3":
        rows = [(f"iperf3 {way}, IPv{v}", iperf3(way == "from guest", v), "MB/s", True, "MB") for v in (4, 6) for way in ("to guest", "from guest")]
        return rows if network.kind == "tap" else rows[:2] # user networking forwards no port of IPv6
    return [("UDP question and answer", udp(), "us", False, "question")]


# ---- Measurements ----

def load_once(guest, ask, results, cpu):
    before = guest.cpu_seconds()
    value, requests = ask(guest)
    results[guest.name].append(value)
    cpu[guest.name].append((guest.cpu_seconds() - before) / requests * 1e6)


def compare_loads(server, network, machine, cpus):
    """Both guests stand by; each load is put on one and then the other. In each round they are started anew: where the programs' code and
    data lie is drawn by lot at a start, and under QEMU's emulator alone that makes a fifth of the rate."""
    asked = loads(server.name, network)
    results, cpu = ([{"dory": [], "Linux": []} for _ in asked] for _ in range(2))
    for turn in range(ROUNDS):
        with Running("dory", server, network, machine, cpus) as ours, Running("Linux", server, network, machine, cpus) as theirs:
            for guest in (ours, theirs):
                guest.wait_ready()
                asked[0][1](guest)  # the emulator's translation is not of the measurement
            for n, (_, ask, *_) in enumerate(asked):
                for guest in (ours, theirs) if turn % 2 == 0 else (theirs, ours):
                    load_once(guest, ask, results[n], cpu[n])
    return [loads_row(load, *outcome) for load, *outcome in zip(asked, results, cpu)]


def loads_row(load, results, cpu):
    what, _, unit, more_is_better, per = load
    median = lambda of, name: statistics.median(of[name])
    ratio = row(what, median(results, "dory"), median(results, "Linux"), unit, more_is_better=more_is_better)
    row(f"  CPU time of QEMU a {per}", median(cpu, "dory"), median(cpu, "Linux"), "us")
    return ratio


def start_time(name, server, network, machine, cpus):
    with Running(name, server, network, machine, cpus) as guest:
        return guest.wait_ready() * 1000


def compare_start(server, network, machine, cpus):
    took = {"dory": [], "Linux": []}
    for turn in range(5):
        took["dory"].append(start_time("dory", server, network, machine, cpus))
        if turn < 3:
            took["Linux"].append(start_time("Linux", server, network, machine, cpus))
    return [row(f"{server.name}: start to first answer", statistics.median(took["dory"]), statistics.median(took["Linux"]), "ms")]


def serves(name, server, network, machine, cpus):
    def works(mib):
        with Running(name, server, network, machine, cpus, f"{mib}M") as guest:
            try:
                guest.wait_ready(8)
                return True
            except TimeoutError:
                return False
    return works


def compare_memory(server, network, machine, cpus):
    least = [smallest(serves(name, server, network, machine, cpus)) for name in ("dory", "Linux")]
    return [row(f"{server.name}: smallest memory", *least, "MiB")]


def idle_percent(guest, seconds=5):
    before = guest.thread_seconds()
    time.sleep(seconds)
    return (guest.thread_seconds() - before) / seconds * 100


def compare_idle(server, network, machine, cpus):
    """Not a ratio that counts: the aim is that ours uses none."""
    with Running("dory", server, network, machine, cpus) as ours, Running("Linux", server, network, machine, cpus) as theirs:
        for guest in (ours, theirs):
            guest.wait_ready()
        time.sleep(2)
        print(f"  {server.name + ': CPU of an idle server':<34} {idle_percent(ours):>12.2f} %     Linux {idle_percent(theirs):>12.2f} %", flush=True)
    return []


MEASUREMENTS = {"load": compare_loads, "start": compare_start, "memory": compare_memory, "idle": compare_idle}
# Start, memory and idleness are of the whole machine: two servers show them.
ONLY_FOR = {"start": ("redis", "nginx"), "memory": ("redis", "nginx"), "idle": ("redis", "nginx")}


# ---- All of them ----

def choose(words):
    known = [w for words_of in CHOICES.values() for w in words_of]
    unknown = [w for w in words if w not in known]
    if unknown:
        sys.exit(f"bench/run network: unknown word: {unknown[0]}. There are: {' '.join(known)}")
    return {kind: [w for w in all_words if w in words] or all_words for kind, all_words in CHOICES.items()}


def measure(chosen, network):
    made = servers.build(chosen["server"])
    ratios = []
    for machine in chosen["machine"]:
        for cpus in chosen["cpus"]:
            for what in chosen["what"]:
                print(f"{what}: {network.kind} networking, {machine}, {cpus} CPU(s)", flush=True)
                for name, server in made.items():
                    if name in ONLY_FOR.get(what, (name,)):
                        ratios += MEASUREMENTS[what](server, network, machine, int(cpus))
    return ratios


def enter_namespace():
    """Runs this measurement again in a network namespace of its own with the interfaces tap0 for ours and tap1 for Linux."""
    flags = ["--net"] if os.geteuid() == 0 else ["--net", "--map-root-user"]
    return subprocess.run(["unshare", *flags, "--", sys.executable, *sys.argv], env={**os.environ, "BENCH_IN_NAMESPACE": "1"}).returncode


def make_taps():
    run = lambda *words: subprocess.run(["ip", *words], check=True)
    run("link", "set", "lo", "up")
    for n in (0, 1):
        run("tuntap", "add", "dev", f"tap{n}", "mode", "tap", "vnet_hdr")
        run("addr", "add", f"10.77.{n}.1/24", "dev", f"tap{n}")
        run("addr", "add", f"fd77:{n}::1/64", "dev", f"tap{n}", "nodad")
        run("link", "set", f"tap{n}", "up")


def run(words):
    chosen = choose(words)
    if "BENCH_IN_NAMESPACE" in os.environ:
        make_taps()
        report(measure(chosen, Network("tap")))
        return
    if "user" in chosen["network"]:
        report(measure(chosen, Network("user")))
    if "tap" in chosen["network"]:
        rest = [w for w in words if w not in CHOICES["network"]]
        sys.argv = [sys.argv[0], "network", "tap", *rest]
        if enter_namespace():
            sys.exit("bench/run network: the part with tap failed; it needs the right to make network namespaces and /dev/net/tun")


def report(ratios):
    if ratios:
        print(f"  {len(ratios)} ratios: smallest {min(ratios):.2f}, median {statistics.median(ratios):.2f}", flush=True)
