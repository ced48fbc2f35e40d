"""Clients that leave in the middle must not make others get their replies (docs/decisions/pistache.md)."""

import http.client
import json
import multiprocessing
import random
import socket
import ssl
import struct
import time

import pytest

from harness import Stack

TARGET = "/api/account/e2e/app/web/engagement?v=1.1&vid={vid}"
RST_ON_CLOSE = struct.pack("ii", 1, 0)


def be_rude(port, authority, count, seed):
    """Sends requests and leaves at once: whole ones mostly, some cut in the middle; with FIN or with RST."""
    rng = random.Random(seed)
    context = ssl.create_default_context(cafile=authority)
    session = None
    for number in range(count):
        vid = f"rude-{seed}-{number}"
        body = b"{}"
        request = (f"POST {TARGET.format(vid=vid)} HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: {vid}\r\n"
                   f"Content-Length: {len(body)}\r\n\r\n").encode() + body
        if rng.random() < 0.05:
            request = request[:rng.randrange(1, len(request))]
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=30) as plain:
                plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                if rng.random() < 0.5:
                    plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RST_ON_CLOSE)
                connection = context.wrap_socket(plain, server_hostname="localhost", session=session,
                                                 suppress_ragged_eofs=True)
                connection.sendall(request)
                connection.close()
        except OSError:
            pass  # the edge may refuse; what matters is what the polite ones get


def be_polite(port, authority, name, stop, results):
    """One request after the other on a kept connection, each reply checked, until told to stop."""
    context = ssl.create_default_context(cafile=authority)
    connection = http.client.HTTPSConnection("localhost", port, context=context, timeout=60)
    answered, wrong, failed = 0, [], []
    while not stop.is_set():
        request_id = f"{name}-{answered}"
        vid = f"polite-{request_id}"
        try:
            connection.request("POST", TARGET.format(vid=vid), body="{}", headers={"X-Request-Id": request_id})
            reply = connection.getresponse()
            document = json.loads(reply.read())
        except (OSError, http.client.HTTPException, ValueError) as error:
            failed.append(repr(error))
            connection.close()
            continue
        answered += 1
        if reply.headers["X-Request-Id"] != request_id or (reply.status == 201 and document["visitorId"] != vid):
            wrong.append((request_id, reply.headers["X-Request-Id"], document))
        elif reply.status != 201:
            failed.append((reply.status, document))
    results.put((answered, wrong[:5], failed[:5], len(wrong), len(failed)))


@pytest.mark.faults
def test_no_polite_client_gets_a_rude_ones_reply(tmp_path, closing, seed, long):
    abandoned, rude, polite = (500_000 if long else 50_000), 4, 4
    stack = closing(Stack(tmp_path))
    stack.monitord.start()
    stack.edge.start()
    authority = str(stack.edge.authority)
    spawn = multiprocessing.get_context("fork")
    stop, results = spawn.Event(), spawn.Queue()
    begin = time.monotonic()
    polite_ones = [spawn.Process(target=be_polite, args=(stack.edge.port, authority, f"p{n}", stop, results))
                   for n in range(polite)]
    rude_ones = [spawn.Process(target=be_rude, args=(stack.edge.port, authority, abandoned // rude, seed + n))
                 for n in range(rude)]
    for process in polite_ones + rude_ones:
        process.start()
    for process in rude_ones:
        process.join()
    stop.set()
    reports = [results.get(timeout=120) for _ in polite_ones]
    for process in polite_ones:
        process.join()
    answered = sum(report[0] for report in reports)
    print(f"{abandoned} abandoned, {answered} polite replies, {time.monotonic() - begin:.0f} s")
    assert all(process.exitcode == 0 for process in polite_ones + rude_ones)
    assert sum(report[3] for report in reports) == 0, [report[1] for report in reports]
    assert sum(report[4] for report in reports) == 0, [report[2] for report in reports]
    assert answered > 1000
    assert stack.monitord.running and stack.edge.running
