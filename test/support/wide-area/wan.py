"""A wide-area network between network namespaces: it delays packets, loses some, and can be cut.

Linux routes packets of each namespace into a TUN device; this program carries them from one to the other. Not every kernel has the queueing
discipline netem. Standard input: `cut SITE`, `heal SITE`, one a line.
"""

import ctypes
import fcntl
import heapq
import json
import os
import random
import select
import struct
import sys
import time

TUNSETIFF = 0x400454CA
IFF_TUN = 0x0001
IFF_NO_PI = 0x1000

libc = ctypes.CDLL(None, use_errno=True)


def enter(path):
    with open(path) as namespace:
        if libc.setns(namespace.fileno(), 0) != 0:
            raise OSError(ctypes.get_errno(), f"cannot enter {path}")


def tun_in(namespace):
    """The device is made in that namespace, and stays there when the program leaves it."""
    home = f"/proc/{os.getpid()}/ns/net"
    own = os.open(home, os.O_RDONLY)
    enter(f"/run/netns/{namespace}")
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH", b"wan", IFF_TUN | IFF_NO_PI))
    if libc.setns(own, 0) != 0:
        raise OSError(ctypes.get_errno(), "cannot return")
    os.close(own)
    return device


def main():
    parts = json.loads(sys.argv[1])
    delay, loss = parts["delayMs"] / 1000, parts["loss"]
    devices = {site: tun_in(namespace) for site, namespace in parts["namespaces"].items()}
    networks = {tuple(int(byte) for byte in network.split(".")): site for site, network in parts["networks"].items()}
    sites = {device: site for site, device in devices.items()}
    cut = set()
    waiting = []
    count = 0
    os.set_blocking(0, False)
    print("ready", flush=True)
    while True:
        pause = max(0, waiting[0][0] - time.monotonic()) if waiting else None
        readable, _, _ = select.select([0, *sites], [], [], pause)
        for source in readable:
            if source == 0:
                words = os.read(0, 65536)
                if not words:
                    return
                for line in words.decode().split("\n"):
                    if line.startswith("cut "):
                        cut.add(line[4:])
                    if line.startswith("heal "):
                        cut.discard(line[5:])
                print("done", flush=True)
                continue
            packet = os.read(source, 65536)
            target = networks.get(tuple(packet[16:19])) if packet[0] >> 4 == 4 else None
            if target is None or target in cut or sites[source] in cut or random.random() < loss:
                continue
            count += 1
            heapq.heappush(waiting, (time.monotonic() + delay, count, target, packet))
        now = time.monotonic()
        while waiting and waiting[0][0] <= now:
            _, _, target, packet = heapq.heappop(waiting)
            if target not in cut:
                try:
                    os.write(devices[target], packet)
                except OSError:
                    pass


main()
