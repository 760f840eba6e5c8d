# SPDX-License-Identifier: BSD-3-Clause
"""The servers that the network measurements ask: each as an image of ours and, with the same files, as an initramfs for Linux; and how
a running one is reached, watched and ended."""
import glob, os, re, selectors, shutil, signal, socket, subprocess, time

from guests import DORY, compiled, dory, initramfs, linux, linux_module
from measure import OUT, sh

MODULES = {"microvm": ["virtio_ring", "virtio", "virtio_mmio", "failover", "net_failover", "virtio_net"],
           "q35": ["virtio_ring", "virtio", "virtio_pci_legacy_dev", "virtio_pci_modern_dev", "virtio_pci", "failover", "net_failover", "virtio_net"]}

NGINX_CONFIGURATION = """\
worker_processes auto;
daemon off;
user root root;
error_log stderr;
pid /run/nginx.pid;
events { worker_connections 1024; }
http {
	access_log off;
	sendfile on;
	tcp_nopush on;
	keepalive_requests 1000000;
	server {
		listen 80;
		listen [::]:80;
		root /www;
	}
}
"""


class Server:
    """command: how it is started, a list of words. packages: Debian's. tree: what else is in its file system, {path: bytes}.
    question, answer: bytes that are sent and those that its answer begins with; None: it is ready when `ready` in its output."""

    def __init__(self, name, port, command, packages, tree=None, question=None, answer=None, is_udp=False):
        self.name, self.port, self.command, self.packages = name, port, command, packages
        self.tree, self.question, self.answer, self.is_udp = tree or {}, question, answer, is_udp

    def image(self):
        return f"bench/{self.name}"


def servers():
    redis = ["/usr/bin/redis-server", "--save", "", "--appendonly", "no", "--protected-mode", "no", "--bind", "*", "-::*"]
    www = {"www/1k": os.urandom(1024), "www/10m": os.urandom(10_000_000), "etc/bench-nginx.conf": NGINX_CONFIGURATION.encode(),
           "run/.keep": b"", "var/log/nginx/.keep": b"", "var/lib/nginx/.keep": b"", "tmp/.keep": b""}
    http = b"GET /1k HTTP/1.1\r\nHost: bench\r\n\r\n"
    return {s.name: s for s in (
        Server("redis", 6379, redis, ["redis-server"], {}, b"PING\r\n", b"+PONG"),
        Server("nginx", 80, ["/usr/sbin/nginx", "-c", "/etc/bench-nginx.conf"], ["nginx-light"], www, http, b"HTTP/1.1 200"),
        Server("iperf3", 5201, ["/usr/bin/iperf3", "-s", "--forceflush"], ["iperf3"], {"tmp/.keep": b""}),
        Server("udp", 7, ["/udp", "serve", "7"], [], {}, b"ping", b"ping", is_udp=True))}


# ---- Making them ----

def write_tree(server):
    """The folder with what is not of a package."""
    tree = f"{OUT}/tree-{server.name}"
    shutil.rmtree(tree, ignore_errors=True)
    os.makedirs(tree)
    for path, content in server.tree.items():
        os.makedirs(os.path.dirname(f"{tree}/{path}"), exist_ok=True)
        with open(f"{tree}/{path}", "wb") as f:
            f.write(content)
    if server.name == "udp":
        shutil.copy(compiled("udp", "-static"), f"{tree}/udp")
    return tree


def quoted(command):
    return " ".join(f'"{w}"' if re.search(r"[^\w/.:=-]", w) or not w else w for w in command)


def compose(server):
    """The image of ours, and where its disk is."""
    packages = [w for p in server.packages for w in ("--deb", p)]
    sh(DORY, "compose", "-q", server.image(), *packages, write_tree(server), "-e", quoted(server.command))
    return f"{os.environ['DORY_ROOT']}/images/{server.image().replace('/', '%')}/disk.raw"


def needed_files(tree, program):
    """The program and the libraries that its loader finds in the tree."""
    loader = os.path.realpath(f"{tree}/lib64/ld-linux-x86-64.so.2") if os.path.exists(f"{tree}/lib64/ld-linux-x86-64.so.2") else None
    paths = [program]
    if loader:
        libraries = ":".join(f"{tree}{d}" for d in ("/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu"))
        listing = subprocess.run([loader, "--library-path", libraries, "--list", tree + program], stdout=subprocess.PIPE, check=True).stdout.decode()
        paths += [p[len(tree):] for p in re.findall(rf"=> ({re.escape(tree)}\S+)", listing)] + ["/lib64/ld-linux-x86-64.so.2"]
    return [(tree + p, p.lstrip("/")) for p in paths]


def pack_for_linux(server, disk):
    """An initramfs for each machine type with the files that the server needs, out of the very image that ours runs."""
    tree = f"{OUT}/files-{server.name}"
    shutil.rmtree(tree, ignore_errors=True)
    os.makedirs(tree)
    sh("debugfs", "-R", f"rdump / {tree}", disk, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    files = [(f"{OUT}/linux_init", "init")] if server.name == "udp" else [(f"{OUT}/linux_init", "init")] + needed_files(tree, server.command[0])
    for path in ["etc/passwd", "etc/group", "etc/nginx/mime.types"] + list(server.tree) + (["udp"] if server.name == "udp" else []):
        if os.path.exists(f"{tree}/{path}"):
            files.append((f"{tree}/{path}", path))
    for machine, modules in MODULES.items():
        name = f"{server.name}-{machine}"
        lists = {"command": server.command, "modules": [f"/modules.d/{m}.ko" for m in modules]}
        for path, lines in lists.items():
            with open(f"{OUT}/{name}.{path}", "w") as f:
                f.write("".join(f"{line}\n" for line in lines))
        extra = [(f"{OUT}/{name}.{path}", path) for path in lists] + [(linux_module(m), f"modules.d/{m}.ko") for m in modules]
        extra += [(f"{OUT}/empty", folder + "/.keep") for folder in ("proc", "sys", "tmp", "run")]
        initramfs(name, files + extra)


def build(names):
    os.makedirs(OUT, exist_ok=True)
    open(f"{OUT}/empty", "w").close()
    compiled("linux_init", "-static")
    compiled("backlog", "-shared", "-fPIC")
    compiled("udp", "-static")
    made = {name: server for name, server in servers().items() if name in names}
    for server in made.values():
        pack_for_linux(server, compose(server))
    return made


# ---- Running them ----

class Network:
    """How guest number n (0: ours, 1: Linux) is reached. User networking forwards a port of the loopback interface; with tap each guest
    has an interface and a net of its own."""

    def __init__(self, kind):
        self.kind = kind

    def host(self, n):
        return "127.0.0.1" if self.kind == "user" else f"10.77.{n}.2"

    def host6(self, n):
        return f"fd77:{n}::2"

    def gateway6(self, n):
        return "fec0::2" if self.kind == "user" else f"fd77:{n}::1"

    def dory_options(self, server, port):
        if self.kind == "user":
            return ["-p", f"127.0.0.1:{port}:{server.port}{'/udp' if server.is_udp else ''}"]
        return ["-n", "tap:tap0", "--ip", "10.77.0.2/24", "--ip", "fd77:0::2/64"]

    def linux_devices(self, server, port, machine):
        kind = "virtio-net-device" if machine == "microvm" else "virtio-net-pci,ioeventfd=off"
        bus = ["-global", "virtio-mmio.ioeventfd=off"] if machine == "microvm" else [] # off as for ours: it is faster under TCG
        protocol = "udp" if server.is_udp else "tcp"
        back_end = f"user,id=n,hostfwd={protocol}:127.0.0.1:{port}-:{server.port}" if self.kind == "user" else "tap,id=n,ifname=tap1,script=no,downscript=no"
        return bus + ["-netdev", back_end, "-device", f"{kind},netdev=n"]

    def linux_options(self):
        if self.kind == "user":
            return "address=10.0.2.15/24 gateway=10.0.2.2 address6=fec0::15/64"
        return "address=10.77.1.2/24 address6=fd77:1::2/64"


def free_port(is_udp=False):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM if is_udp else socket.SOCK_STREAM) as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Running:
    """A server that runs in a guest: name of the guest, host and port to ask, the QEMU process."""

    def __init__(self, name, server, network, machine, cpus, memory="256M", command=None):
        self.name, self.server, self.n = name, server, 0 if name == "dory" else 1
        self.host = network.host(self.n)
        self.port = free_port(server.is_udp) if network.kind == "user" else server.port
        if name == "dory":
            options = network.dory_options(server, self.port) + (["-e", quoted(command)] if command else [])
            words = dory(server.image(), memory, cpus, machine, options)
        else:
            words = linux(f"{server.name}-{machine}", memory, cpus, machine, network.linux_devices(server, self.port, machine),
                          network.linux_options())
        self.log = open(f"{OUT}/{server.name}-{name}-{cpus}.log", "w+b")
        self.started = time.perf_counter()
        self.child = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, start_new_session=True,
                                      env={**os.environ, "LD_PRELOAD": f"{OUT}/backlog"})

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self.child.pid, number)
                self.child.wait(5 if number == signal.SIGTERM else None)
                break
            except subprocess.TimeoutExpired:
                continue
            except ProcessLookupError:
                break
        self.child.wait()
        self.log.close()

    def qemu(self):
        """The process id of its QEMU: the child itself or one below it."""
        wanted = [self.child.pid]
        while wanted:
            pid = wanted.pop()
            with open(f"/proc/{pid}/comm") as f:
                if f.read().startswith("qemu-system"):
                    return pid
            for task in os.listdir(f"/proc/{pid}/task"):
                with open(f"/proc/{pid}/task/{task}/children") as f:
                    wanted += [int(w) for w in f.read().split()]
        raise RuntimeError(f"no QEMU below process {self.child.pid}")

    def cpu_seconds(self):
        """What its QEMU has used: user and system time of all threads."""
        with open(f"/proc/{self.qemu()}/stat") as f:
            fields = f.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def thread_seconds(self):
        """The same, finer, for a QEMU that does nothing: of the threads there are."""
        total = 0
        for path in glob.glob(f"/proc/{self.qemu()}/task/*/schedstat"):
            with open(path) as f:
                total += int(f.read().split()[0])
        return total / 1e9

    def output(self):
        self.log.flush()
        with open(self.log.name, "rb") as f:
            return f.read().decode(errors="replace")

    def wait_ready(self, timeout=60):
        """Seconds from its start to the first answer; TimeoutError."""
        if self.server.question:
            took = first_answer(self, timeout)
        else:
            took = first_line(self, "listening", timeout)
        if took is None:
            raise TimeoutError(f"{self.server.name} in {self.name} gave no answer within {timeout} s; its output:\n{self.output()[-2000:]}")
        return took


def first_line(running, marker, timeout):
    while time.perf_counter() - running.started < timeout and running.child.poll() is None:
        if marker in running.output():
            return time.perf_counter() - running.started
        time.sleep(0.005)
    return None


def first_answer(running, timeout, every=0.01, patience=0.1):
    """Asks anew every 10 ms, whatever became of earlier questions: one that came too early may wait for long in the host's stack."""
    server, kind = running.server, socket.SOCK_DGRAM if running.server.is_udp else socket.SOCK_STREAM
    selector, next_try = selectors.DefaultSelector(), 0

    def drop(sock):
        selector.unregister(sock)
        sock.close()

    try:
        while (now := time.perf_counter()) - running.started < timeout and running.child.poll() is None:
            if now >= next_try:
                sock = socket.socket(socket.AF_INET, kind)
                sock.setblocking(False)
                sock.connect_ex((running.host, running.port))
                selector.register(sock, selectors.EVENT_WRITE, now)
                next_try = now + every
            for key, events in selector.select(max(0, next_try - time.perf_counter())):
                try:
                    if events & selectors.EVENT_WRITE:
                        key.fileobj.send(server.question)
                        selector.modify(key.fileobj, selectors.EVENT_READ, key.data)
                    elif key.fileobj.recv(65536).startswith(server.answer):
                        return time.perf_counter() - running.started
                    else:
                        drop(key.fileobj)
                except OSError:
                    drop(key.fileobj)
            for key in list(selector.get_map().values()):
                if time.perf_counter() - key.data > patience:
                    drop(key.fileobj)
        return None
    finally:
        for key in list(selector.get_map().values()):
            drop(key.fileobj)
