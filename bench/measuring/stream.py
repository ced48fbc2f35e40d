"""The stream side beside librdkafka alone: the relay, and funneld's fold from the topic and from a node's log, of one log that
the mixed load has written; and what an event takes of the disk."""

import json
import re
import shutil
import subprocess
import time
import urllib.request

from harness import Broker, Funneld, Monitord
from harness.part import BIN
from measuring import processes
from measuring.generator import RowFailed
from measuring.rounds import Told, median
from measuring.servers import start_monitord

WRITING_ROUNDS = 5  # of the load, one after the other
PATIENCE_S = 600


def measure_stream(bench, name):
    directory = bench.directory / name
    written, end, in_log = _write_log(bench, directory / "monitord")
    broker = Broker(directory / "broker").start()
    try:
        rounds = [_round(directory / f"round-{number}", written, broker, end) for number in range(bench.options.rounds)]
    finally:
        broker.stop()
    of = {key: median([one[key] for one in rounds]) for key in rounds[0]}
    on_disk = sum(path.stat().st_size for path in (written / "store").rglob("*") if path.is_file())
    notes = [
        f"{end} events, {in_log:.0f} bytes each as written to the log, {on_disk / end:.0f} on disk, "
        f"{of['topic_bytes']:.0f} on the topic",
        _line("relay", of["relay"], of["relay_cpu"], of["produce"], of["produce_cpu"], "the bare idempotent producer"),
        _line("fold from the topic", of["topic"], of["topic_cpu"], of["consume"], of["consume_cpu"], "a bare consumer"),
        _line("fold from the log", of["log"], of["log_cpu"], of["consume"], of["consume_cpu"], "a bare consumer")]
    return Told(notes, {**of, "events": end, "log_bytes": in_log, "disk_bytes": on_disk / end, "rounds": rounds})


def _line(what, rate, cpu, bare_rate, bare_cpu, bare):
    return (f"{what}: {rate:.0f} events/s, {cpu:.1f} CPU µs; {rate / bare_rate:.2f} of {bare}, "
            f"{bare_rate:.0f}/s, {bare_cpu:.1f} CPU µs")


def _write_log(bench, directory):
    """(the stopped node's data folder, its last seq, bytes of an event as they were written)"""
    server = start_monitord(directory, bench.accounts)
    generator = bench.generator(server.port, kind="mixed")
    try:
        generator.tell("make", bench.visitors(1000))
        generator.tell("visit", WRITING_ROUNDS * bench.options.seconds)
        end = int(server.position()["last"])
        return directory / "data", end, _metric(server.admin_url, "monitor_store_written_bytes_total", server.token) / end
    finally:
        generator.close()
        server.stop()


def _metric(url, name, token=""):
    """0 if it is not told."""
    request = urllib.request.Request(f"{url}/metrics", headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request, timeout=30) as reply:
        found = re.search(rf"^{name} (\S+)$", reply.read().decode(), re.MULTILINE)
    return int(float(found.group(1))) if found else 0


def _round(directory, written, broker, end):
    """Events a second, and CPU microseconds for each, of all of them."""
    shutil.copytree(written, directory / "data")
    settings = {"data": {"dir": str(directory / "data")}}
    prefix = f"{directory.name}."
    told = {}
    node = Monitord(directory / "node", settings=settings)
    try:
        node.start()
        funneld = Funneld(directory / "by-log", monitord=node)
        told["log"], told["log_cpu"] = _followed(funneld, lambda: _counted(funneld), end)
        node.stop()
        node = Monitord(directory / "relaying", kafka=broker.address, settings={**settings, "kafka": {
            "bootstrap_servers": broker.address, "topic_prefix": prefix, "inbound_topic": ""}})
        told["relay"], told["relay_cpu"] = _followed(node, lambda: _relayed(node), end)
        funneld = Funneld(directory / "by-topic", kafka=broker.address,
                          settings={"kafka": {"bootstrap_servers": broker.address, "topic_prefix": prefix}})
        told["topic"], told["topic_cpu"] = _followed(funneld, lambda: _counted(funneld), end)
        segments = (broker.directory / "log").glob(f"{prefix}monitor.events-*/*.log")
        told["topic_bytes"] = sum(path.stat().st_size for path in segments) / end
    finally:
        node.close()
    bare = _bare(broker, f"{prefix}monitor.events")
    for what in ("consume", "produce"):
        told[what] = bare["messages"] / bare[f"{what}_seconds"]
        told[f"{what}_cpu"] = bare[f"{what}_cpu_seconds"] * 1e6 / bare["messages"]
    shutil.rmtree(directory / "data")
    return told


def _bare(broker, topic):
    done = subprocess.run([BIN / "bare_kafka", broker.address, topic], capture_output=True, text=True, timeout=PATIENCE_S)
    if done.returncode != 0:
        raise RowFailed(done.stderr.strip())
    return json.loads(done.stdout)


# By the counters: positions go on in leaps.
def _counted(funneld):
    return _metric(funneld.url, "funneld_events_total")


def _relayed(node):
    return _metric(node.admin_url, "monitor_relay_delivered_total", node.token)


def _followed(part, count, end):
    """Starts the part; events a second from when it has done some to when it has done all, and CPU µs for each of all."""
    began = part.launch() and time.monotonic()
    first = None
    while True:
        try:
            at = count()
        except OSError:
            at = 0  # it does not answer yet
        now = time.monotonic()
        if first is None and at > 0:
            first = (began, 0) if at >= end else (now, at)
        if at >= end:
            break
        if not part.running or now - began > PATIENCE_S:
            raise RowFailed(f"{part.name} is at {at} of {end}: {part.log_tail(3)}")
        time.sleep(0.01)
    cpu_us = processes.cpu_seconds([part]) * 1e6 / end
    if part.name == "funneld":
        part.close()
    return (end - first[1]) / (now - first[0]), cpu_us
