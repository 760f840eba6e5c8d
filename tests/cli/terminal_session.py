"""For tests that type: the dory command on a pseudoterminal, and the counting of checks. Runs in the tree's root from its import on."""
import fcntl, os, pty, re, select, struct, subprocess, termios, time

os.chdir(os.path.dirname(os.path.abspath(__file__)) + "/../..")
os.environ.setdefault("DORY_ROOT", os.environ.get("DORY_TEST_ROOT", os.getcwd() + "/out/test-root"))
os.environ["TERM"] = "vt100"


class Session:
    """The dory command with a pseudoterminal as its terminal."""

    def __init__(self, *command, verb="run"):
        self.master, slave = pty.openpty()
        self.resize(33, 111)
        self.child = subprocess.Popen(["out/bin/dory", verb, *command], stdin=slave, stdout=slave, stderr=slave, preexec_fn=lambda: (os.setsid(), fcntl.ioctl(0, termios.TIOCSCTTY, 0)))
        os.close(slave)
        self.seen = ""

    def resize(self, rows, columns):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, text):
        os.write(self.master, text.encode())

    def press_until(self, key, pattern):
        """Presses a key until the pattern appears: for one that does nothing if it comes before the program is ready for it, which nobody tells."""
        for _ in range(30):
            self.type(key)
            if self.expect(pattern, seconds=2, tells=False):
                return True
        return self.expect(pattern, seconds=0)

    def expect(self, pattern, seconds=60, tells=True):
        """Reads until the pattern appears in what is new; the new text is used up to the end of the match."""
        end = time.time() + seconds
        while True:
            match = re.search(pattern, self.seen)
            if match:
                self.seen = self.seen[match.end():]
                return True
            ready, _, _ = select.select([self.master], [], [], max(0, end - time.time()))
            if not ready:
                if tells:
                    print(f"# no {pattern!r} in {self.seen[-300:]!r}")
                return False
            try:
                data = os.read(self.master, 65536)
            except OSError:
                data = b""
            if not data:
                print(f"# ended without {pattern!r}: {self.seen[-300:]!r}")
                return False
            self.seen += data.decode(errors="replace")

    def end(self, seconds=30):
        try:
            return self.child.wait(seconds)
        except subprocess.TimeoutExpired:
            self.child.kill()
            return None


failures = 0


def check(name, holds):
    global failures
    print(("ok " if holds else "FAIL ") + name, flush=True)
    failures += not holds


def failed():
    return failures > 0
