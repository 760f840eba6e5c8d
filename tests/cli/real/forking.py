"""In the machine: a server that forks for each connection over a Unix socket, and clients that all come at once."""
import hashlib, os, signal, socket, sys

CLIENTS, ROUNDS, SIZE = 12, 20, 20000
path = "/tmp/server"


def serve(connection):
    """Answers each block with its digest; ends when the client does."""
    with connection, connection.makefile("rb") as stream:
        while block := stream.read(SIZE):
            connection.sendall(hashlib.sha256(block).digest())
    os._exit(0)


def server(listener):
    reaped = 0

    def reap(*_):
        nonlocal reaped
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                reaped += 1
        except ChildProcessError:
            pass

    def end(*_):
        os._exit(0 if reaped == CLIENTS else 1)

    signal.signal(signal.SIGCHLD, reap)
    signal.signal(signal.SIGTERM, end)
    for _ in range(CLIENTS):
        connection, _ = listener.accept()
        if os.fork() == 0:
            serve(connection)
        connection.close()
    while True:
        if reaped == CLIENTS:
            os._exit(0)
        signal.sigtimedwait([], 0.05)


def client(number):
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(path)
        with s.makefile("rb") as stream:
            for i in range(ROUNDS):
                block = bytes([number, i]) * (SIZE // 2)
                s.sendall(block)
                if stream.read(32) != hashlib.sha256(block).digest():
                    os._exit(1)
    os._exit(0)


listener = socket.socket(socket.AF_UNIX)
listener.bind(path)
listener.listen(CLIENTS)
server_pid = os.fork()
if server_pid == 0:
    server(listener)
listener.close()
clients = []
for number in range(CLIENTS):
    pid = os.fork()
    if pid == 0:
        client(number)
    clients.append(pid)
good = sum(os.waitpid(pid, 0)[1] == 0 for pid in clients)
print(f"{good} clients served, server ended with {os.waitstatus_to_exitcode(os.waitpid(server_pid, 0)[1])}")
