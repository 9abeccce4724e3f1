# PORT: reads all that comes, one connection after the other.
import socket
import sys

s = socket.create_server(("0.0.0.0", int(sys.argv[1])))
buffer = bytearray(1 << 20)
while True:
    c, _ = s.accept()
    with c:
        while c.recv_into(buffer):
            pass
