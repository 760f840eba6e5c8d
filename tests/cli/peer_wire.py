# What the peers at the other end of a machine's cable share (network-peer, network-hostile): the cable, which is a pair of datagram sockets (QEMU's
# -netdev dgram), Ethernet and ARP. The machine is 10.0.0.2, we are 10.0.0.1.
import socket, struct, time

OURS, US, THEM = b"\x52\x54\0\0\0\1", bytes([10, 0, 0, 1]), bytes([10, 0, 0, 2])

def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return total ^ 0xffff

class Cable:
    """FOLDER holds peer (our socket) and guest (QEMU's). `theirs` is the machine's hardware address, once it is known."""
    def __init__(self, folder):
        self.to, self.theirs = folder + "/guest", None
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self.socket.bind(folder + "/peer")

    def send(self, frame):
        self.socket.settimeout(None)  # QEMU takes it as soon as the machine does
        while True:
            try:
                return self.socket.sendto(frame, self.to)
            except (FileNotFoundError, ConnectionRefusedError):  # QEMU is not there yet
                time.sleep(0.05)

    def receive(self, until):
        """The next frame before that time, else None."""
        self.socket.settimeout(max(0.001, until - time.monotonic()))
        try:
            return self.socket.recv(65536)
        except socket.timeout:
            return None

    def receive_now(self):
        """A frame that is there already, else None."""
        self.socket.setblocking(False)
        try:
            return self.socket.recv(65536)
        except BlockingIOError:
            return None

    def ask(self):
        self.send(b"\xff" * 6 + OURS + b"\x08\x06" + struct.pack("!HHBBH", 1, 0x800, 6, 4, 1) + OURS + US + b"\0" * 6 + THEM + b"\0" * 18)

    def take_arp(self, frame, is_ours):
        """Answers who asks for an address that is ours; True if the frame tells theirs."""
        body = frame[14:]
        if frame[12:14] != b"\x08\x06":
            return False
        if body[6:8] == b"\0\1" and is_ours(body[24:28]):
            self.send(frame[6:12] + OURS + b"\x08\x06" + body[:6] + b"\0\2" + OURS + body[24:28] + body[8:18])
        if body[6:8] != b"\0\2" or body[14:18] != THEM:
            return False
        self.theirs = body[8:14]
        return True
