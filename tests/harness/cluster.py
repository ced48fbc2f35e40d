"""Three brokers that are one cluster, each on an address of its own that only the cluster's metadata tell."""

import json
import subprocess
from concurrent.futures import ThreadPoolExecutor

from confluent_kafka import ElectionType, TopicPartition
from confluent_kafka.admin import AdminClient

from .broker import SCRIPT, Broker
from .part import PartFailed, free_port, wait_until

PROPERTIES = """
process.roles=broker,controller
node.id={number}
controller.quorum.voters={voters}
listeners=FIRST://127.0.0.1:{port},OWN://{own_address},CONTROLLER://127.0.0.1:{controller_port}
advertised.listeners=FIRST://{own_address},OWN://{own_address}
controller.listener.names=CONTROLLER
listener.security.protocol.map=FIRST:PLAINTEXT,OWN:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=OWN
log.dirs={directory}/log
auto.create.topics.enable=false
offsets.topic.num.partitions=4
group.initial.rebalance.delay.ms=0
num.network.threads=2
num.io.threads=4
log.cleaner.dedupe.buffer.size=16777216
"""


class ClusterBroker(Broker):
    """Clients come by 127.0.0.1 first; all else goes over 127.0.0.2 and so on."""

    def __init__(self, directory, number):
        super().__init__(directory)
        self.number, self.controller_port, self.own_port = number, free_port(), free_port()

    def write_properties(self, voters):
        self.properties = self.directory / "own.properties"
        self.properties.write_text(PROPERTIES.format(
            number=self.number, voters=voters, port=self.port, own_address=f"127.0.0.{self.number + 1}:{self.own_port}",
            controller_port=self.controller_port, directory=self.directory))

    def start(self):
        done = subprocess.run([SCRIPT, "start", self.directory, str(self.port), self.properties], capture_output=True, text=True)
        if done.returncode != 0:
            raise PartFailed(done.stderr)
        return self


class Cluster:
    name = "cluster"

    def __init__(self, directory):
        self.directory = directory
        self.brokers = [ClusterBroker(directory / f"broker-{number}", number) for number in (1, 2, 3)]
        voters = ",".join(f"{broker.number}@127.0.0.1:{broker.controller_port}" for broker in self.brokers)
        for broker in self.brokers:
            broker.write_properties(voters)

    @property
    def address(self):
        return ",".join(broker.address for broker in self.brokers)

    def start(self):
        with ThreadPoolExecutor() as threads:  # none answers before two of them are there
            list(threads.map(ClusterBroker.start, self.brokers))
        return self

    def close(self):
        for broker in self.brokers:
            broker.close()

    def log_tail(self):
        return "\n".join(broker.log_tail() for broker in self.brokers)

    def move_leaders_back(self, topic, partitions):
        """Each partition of the topic is led by its preferred broker again; at least one was not, and is now."""
        admin = AdminClient({"bootstrap.servers": self.address})
        wanted = [TopicPartition(topic, partition) for partition in range(partitions)]

        def moved():
            return any(error is None for error in admin.elect_leaders(ElectionType.PREFERRED, wanted).result(30).values())

        wait_until(moved, "a leader moves", 60, pause_s=0.2)

    def reassign(self, topic, partitions, replicas):
        """All partitions of the topic are these brokers' from now on, the first leads."""
        plan = self.directory / "plan.json"
        plan.write_text(json.dumps({"version": 1, "partitions": [
            {"topic": topic, "partition": partition, "replicas": replicas} for partition in range(partitions)]}))
        kafka_tool("org.apache.kafka.tools.reassign.ReassignPartitionsCommand", "--bootstrap-server", self.address,
                   "--reassignment-json-file", plan, "--execute")


def kafka_tool(name, *arguments):
    """One of Kafka's own programs, from the class path of the tests' broker."""
    done = subprocess.run([SCRIPT, "tool", name, *map(str, arguments)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
