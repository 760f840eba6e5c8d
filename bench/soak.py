# SPDX-License-Identifier: BSD-3-Clause
"""Servers of ours under load that comes and goes, for as long as is asked for: no question may wait long for its answer. A notification that is
lost between an idle guest and its devices shows here as a stall, or never."""
import os, random, socket, sys, threading, time

import servers
from servers import Network, Running

STALL_S = 5.0 # a busy host delays an answer, but not by so much
PAUSES_S = (0.001, 0.02, 0.5, 2.0, 4.0) # the guest falls asleep in the long ones
GUESTS = [(name, cpus) for name in ("redis", "nginx", "udp") for cpus in (1, 2)]


class Load(threading.Thread):
    """One client: bursts of questions over kept connections, and pauses in which the guest falls asleep."""

    def __init__(self, guest, label, end):
        super().__init__(daemon=True)
        self.guest, self.label, self.end = guest, label, end
        self.questions, self.longest, self.stalls, self.failure = 0, 0.0, 0, None

    def connect(self):
        kind = socket.SOCK_DGRAM if self.guest.server.is_udp else socket.SOCK_STREAM
        sock = socket.socket(socket.AF_INET, kind)
        sock.settimeout(STALL_S)
        sock.connect((self.guest.host, self.guest.port))
        return sock

    def ask(self, sock):
        """One question to its whole answer; a datagram may be lost, which is no stall."""
        server = self.guest.server
        began, got = time.perf_counter(), b""
        sock.sendall(server.question)
        length = None
        while length is None or len(got) < length:
            data = sock.recv(65536)
            if not data:
                raise ConnectionError("closed")
            got += data
            if server.name == "nginx":
                head = got.find(b"\r\n\r\n")
                length = head + 4 + 1024 if head >= 0 else None
            else:
                length = len(server.answer) + (2 if server.name == "redis" else 0)
        self.longest = max(self.longest, time.perf_counter() - began)
        self.questions += 1

    def burst(self):
        socks = [self.connect() for _ in range(random.choice((1, 2, 10)))]
        try:
            until = time.perf_counter() + random.uniform(0.02, 0.3)
            while time.perf_counter() < until:
                for sock in socks:
                    self.ask(sock)
        finally:
            for sock in socks:
                sock.close()

    def run(self):
        while time.perf_counter() < self.end and not self.failure:
            try:
                self.burst()
            except TimeoutError:
                self.stalls += 1
                print(f"  {self.label}: no answer for {STALL_S:.0f} s, after {self.questions} questions", flush=True)
            except OSError as error:
                self.failure = str(error)
            time.sleep(random.choice(PAUSES_S))


def report(loads, minutes):
    for load in loads:
        print(f"  {minutes:6.1f} min  {load.label:16} {load.questions:10} answers, longest {load.longest * 1000:8.1f} ms, {load.stalls} stalls"
              f"{', ended: ' + load.failure if load.failure else ''}", flush=True)


def run(words):
    minutes = float(words[0]) if words else 60
    made = servers.build(("redis", "nginx", "udp"))
    network, guests, loads = Network("user"), [], []
    began = time.perf_counter()
    print(f"load on and off, {minutes:g} minutes, user networking, microvm", flush=True)
    try:
        for name, cpus in GUESTS:
            guests.append(Running("dory", made[name], network, "microvm", cpus))
            guests[-1].wait_ready()
            loads.append(Load(guests[-1], f"{name}, {cpus} CPU(s)", began + minutes * 60))
        for load in loads:
            load.start()
        while time.perf_counter() + 1 < began + minutes * 60 and any(load.is_alive() for load in loads):
            share = max(0.0, min(300, began + minutes * 60 - time.perf_counter())) / len(loads)
            for load in loads: # each for its part of five minutes, or until it ends
                load.join(share)
            report(loads, (time.perf_counter() - began) / 60)
        for load in loads:
            load.join(2 * STALL_S)
    finally:
        for guest in guests:
            guest.__exit__()
    if any(load.stalls or load.failure for load in loads):
        sys.exit("there were stalls or ends")
