"""The Kafka that a company has: TLS, passwords, access lists, topics with a prefix. docs/operators.md has the least rights."""

import re
import subprocess
import urllib.request

import pytest

from harness import Edge, Funneld, Monitord, PartFailed, Visitor, free_port, impression, wait_until
from harness.monitord import http_status, write_toml
from harness.part import ROOT
from harness.secured_broker import SecuredBroker, make_authority, make_certificate
from harness.stack import ACCOUNTS

pytestmark = pytest.mark.kafka
PASSWORD = "a pass word, long: and = odd"


@pytest.fixture(scope="module")
def broker(tmp_path_factory):
    names = ["acme", "wrong", "stranger", "mutual", "renewed", "bearer", *(f"m{number}" for number in range(len(MISSING)))]
    users = {f"{name}-{program}": PASSWORD for name in names for program in ("monitord", "funneld")}
    broker = SecuredBroker(tmp_path_factory.mktemp("secured"), users)
    try:
        yield broker.start()
    finally:
        broker.close()


def least_rights(program):
    """Of docs/operators.md: (resource type, name, operation), with shop. as the prefix."""
    page = (ROOT / "docs" / "operators.md").read_text()
    lines = re.findall(r"^kafka-acls .*--allow-principal User:" + program + r" .*$", page, re.M)
    assert lines, program
    rights = []
    for line in lines:
        kind, name = re.search(r"--(topic|group) (\S+)", line).groups()
        rights += [(kind.upper(), name, operation.upper()) for operation in re.findall(r"--operation (\w+)", line)]
    return rights


class Company:
    """One user for each program, with the documented rights but these."""

    address = property(lambda self: self.broker.address)

    def __init__(self, broker, directory, name, without=()):
        self.broker, self.directory, self.prefix = broker, directory, f"{name}."
        self.password_file = directory / "password"
        self.password_file.write_text(PASSWORD + "\n")
        for program in ("monitord", "funneld"):
            rights = [self.own(right) for right in least_rights(program) if (program, right) not in without]
            broker.grant(f"{name}-{program}", rights)
        self.name = name

    def own(self, right):
        kind, name, operation = right
        return kind, name.replace("shop.", self.prefix), operation

    def client(self, user):
        return self.broker.client(user, self.password_file)

    def settings(self, program):
        return {"kafka": {"topic_prefix": self.prefix, **({"partitions": 2} if program == "monitord" else {})},
                "kafka.client": self.client(f"{self.name}-{program}")}

    def monitord(self):
        return Monitord(self.directory / "monitord", ACCOUNTS, kafka=self.address, settings=self.settings("monitord"))

    def funneld(self):
        return Funneld(self.directory / "funneld", kafka=self.address, settings=self.settings("funneld"))


class CompanyOfCertificates(Company):
    address = property(lambda self: f"localhost:{self.broker.mutual_port}")

    def client(self, user):
        return self.broker.client_by_certificate(user, self.directory, self.password_file)


class CompanyOfTokens(Company):
    address = property(lambda self: f"localhost:{self.broker.bearer_port}")

    def client(self, user):
        return self.broker.client_by_token(user)


def told(part, *words):
    """A line of its log has all of these."""
    return any(all(word in line for word in words) for line in part.log_path.read_text(errors="replace").splitlines())


@pytest.mark.parametrize("kind, name", [(Company, "acme"), (CompanyOfCertificates, "mutual"), (CompanyOfTokens, "bearer")])
def test_with_the_documented_rights_all_is_counted(broker, tmp_path, closing, kind, name):
    company = kind(broker, tmp_path, name)
    monitord, funneld = closing(company.monitord()).start(), closing(company.funneld())
    wait_until(lambda: told(monitord, "relay_connected"), "the broker is reached")
    funneld.start()
    edge = closing(Edge(tmp_path / "edge", monitord.port)).start()
    visitor = Visitor(edge.port, edge.tls_context())
    offer = visitor.engage("p").body["engagementDetails"][0]
    assert visitor.report([impression("impDisplay", offer)], "p").status == 200
    position = monitord.position()
    funneld.wait_for(position["origin"], position["last"])
    assert funneld.funnel("e2e")["rows"][0]["engagementViews"] == 1
    assert set(broker.admin.list_topics(timeout=10).topics) >= {f"{name}.{topic}" for topic in (
        "monitor.events", "monitor.positions", "monitor.accounts", "monitor.events.dead-letter", "monitor.inbound")}
    wait_until(lambda: f"{name}.monitor.funnel" in broker.admin.list_topics(timeout=10).topics, "hourly rows are given")
    assert funneld.get("/readyz")["checks"]["funnelTopic"] == "ok"
    for part in (monitord, funneld):
        assert PASSWORD not in part.log_path.read_text()


# What the log must name if this right is missing: the topic or group, and the right.
MISSING = [
    ("monitord", ("TOPIC", "shop.*", "CREATE"), ("monitor.events", "Create")),
    ("monitord", ("TOPIC", "shop.*", "WRITE"), ("relay_failed", "Write on its topics")),
    ("monitord", ("TOPIC", "shop.monitor.positions", "READ"), ("monitor.positions", "Read")),
    ("monitord", ("TOPIC", "shop.monitor.inbound", "READ"), ("monitor.inbound", "Read")),
    ("monitord", ("GROUP", "monitord", "READ"), ("monitord", "Read on the group monitord")),
    ("funneld", ("TOPIC", "shop.monitor.events", "READ"), ("monitor.events", "Read")),
    ("funneld", ("TOPIC", "shop.monitor.positions", "READ"), ("monitor.positions", "Read")),
    ("funneld", ("TOPIC", "shop.monitor.funnel", "CREATE"), ("funnel_topic_unavailable", "monitor.funnel", "Create")),
    ("funneld", ("GROUP", "funneld", "READ"), ("funneld", "Read on the group funneld")),
]


@pytest.mark.parametrize("program, right, words", MISSING, ids=lambda value: "-".join(value) if isinstance(value, tuple) else None)
def test_a_right_that_is_missing_is_named_and_once_granted_all_goes_on(broker, tmp_path, closing, program, right, words):
    assert right in least_rights(program)
    name = f"m{MISSING.index((program, right, words))}"
    company = Company(broker, tmp_path, name, without={(program, right)})
    monitord = closing(company.monitord())
    part = monitord if program == "monitord" else closing(company.funneld())
    monitord.start()  # visitors are served whatever Kafka forbids
    if program == "funneld":
        wait_until(lambda: told(monitord, "relay_connected"), "the broker is reached")
        part.launch()
    if right[1].endswith(".positions") and program == "monitord":  # they are read at the next start
        wait_until(lambda: monitord.position()["relayed"] == monitord.position()["last"] != "0", "everything is relayed")
        monitord.stop()
        monitord.start()
    wait_until(lambda: told(part, *words), f"the log names {words}")
    broker.grant(f"{name}-{program}", [company.own(right)])
    if program == "funneld":
        part.wait_ready()
        wait_until(lambda: part.get("/readyz")["checks"]["funnelTopic"] == "ok", "rows can be given")
    else:
        wait_until(lambda: monitord.position()["relayed"] == monitord.position()["last"] != "0", "everything is relayed")


def reads_commands(monitord):
    metrics = urllib.request.urlopen(f"{monitord.admin_url}/metrics").read().decode()
    return re.search(r"^monitor_inbound_partitions ([1-9]\d*)$", metrics, re.M)


def test_a_wrong_password_is_said_and_the_right_one_is_taken_once_the_file_has_it(broker, tmp_path, closing):
    company = Company(broker, tmp_path, "wrong")
    company.password_file.write_text("not it")
    monitord, funneld = closing(company.monitord()).start(), closing(company.funneld())
    funneld.launch()
    wait_until(lambda: told(monitord, "relay_disconnected", "uthentication failed"), "it is said")
    wait_until(lambda: told(funneld, "broker_unavailable", "uthentication failed"), "it is said")
    assert monitord.admin("GET", "/readyz")[1]["status"] == "degraded"
    company.password_file.write_text(PASSWORD)
    wait_until(lambda: told(monitord, "relay_connected"), "the broker is reached")
    wait_until(lambda: reads_commands(monitord), "the inbound topic is read")
    funneld.wait_ready()
    for part in (monitord, funneld):
        assert "not it" not in part.log_path.read_text() and PASSWORD not in part.log_path.read_text()


def test_a_client_certificate_that_is_refused_is_said_and_the_renewed_one_is_taken(broker, tmp_path, closing):
    company = CompanyOfCertificates(broker, tmp_path, "renewed")
    monitord, funneld = closing(company.monitord()), closing(company.funneld())
    make_authority(tmp_path / "strangers")
    for program in ("monitord", "funneld"):
        make_certificate(tmp_path / "strangers", tmp_path, f"renewed-{program}", company.password_file)
    monitord.start()
    funneld.launch()
    wait_until(lambda: told(monitord, "relay_disconnected", "certificate"), "it is said")
    wait_until(lambda: told(funneld, "broker_unavailable", "certificate"), "it is said")
    for program in ("monitord", "funneld"):
        company.client(f"renewed-{program}")
    wait_until(lambda: told(monitord, "relay_connected"), "the broker is reached")
    wait_until(lambda: reads_commands(monitord), "the inbound topic is read")
    funneld.wait_ready()


def test_a_certificate_of_somebody_else_is_said(broker, tmp_path, closing):
    company = Company(broker, tmp_path, "stranger")
    monitord = closing(company.monitord())
    del monitord.settings["kafka.client"]['"ssl.ca.location"']  # only the machine's own authorities are trusted
    monitord.start()
    wait_until(lambda: told(monitord, "relay_disconnected", "certificate"), "it is said")


@pytest.mark.parametrize("client, word", [
    ({'"acks"': "1"}, "kafka.client.acks can not be set"),
    ({'"enable.idempotence"': False}, "kafka.client.enable.idempotence can not be set"),
    ({'"secrity.protocol"': "SSL"}, "kafka.client.secrity.protocol is no property"),
    ({'"security.protocol"': "TLS"}, "kafka.client.security.protocol has a value"),
    ({'"sasl.password_file"': "/nowhere/password"}, "/nowhere/password"),
])
def test_what_can_not_be_is_one_sentence_at_start(tmp_path, closing, client, word):
    for part in (Monitord(tmp_path / "monitord", kafka="127.0.0.1:1", settings={"kafka.client": client}),
                 Funneld(tmp_path / "funneld", kafka="127.0.0.1:1", settings={"kafka.client": client})):
        with pytest.raises(PartFailed, match=re.escape(word)):
            closing(part).start()


@pytest.mark.parametrize("prefix, word", [("sh/op.", "letters, digits"), ("x" * 224, "would have 250")])
def test_a_prefix_that_no_topic_can_have_is_one_sentence_at_start(tmp_path, closing, prefix, word):
    settings = {"kafka": {"topic_prefix": prefix}}
    for part in (Monitord(tmp_path / "monitord", kafka="127.0.0.1:1", settings=settings),
                 Funneld(tmp_path / "funneld", kafka="127.0.0.1:1", settings=settings)):
        with pytest.raises(PartFailed, match="kafka.topic_prefix: the name of a topic.*" + word):
            closing(part).start()


def test_run_hands_the_brokers_settings_to_both(broker, tmp_path, closing):
    company = Company(broker, tmp_path, "stranger")
    config = write_toml(tmp_path / "mine.toml", company.settings("monitord"))
    ports = {option: str(free_port()) for option in ("--port", "--admin-port", "--funnel-port")}
    broker.grant("stranger-monitord", [company.own(right) for right in least_rights("funneld")])  # one file, one user
    run = subprocess.Popen([ROOT / "run", "--no-install", "--data", tmp_path / "data", "--kafka", broker.address, "--config", config,
                            *(word for pair in ports.items() for word in pair)], stdin=subprocess.DEVNULL,
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        lines = iter(run.stdout.readline, "")
        assert any(line.startswith("ready ") for line in lines)
        wait_until(lambda: http_status(f"http://127.0.0.1:{ports['--funnel-port']}/readyz") == 200, "funneld reads the topic")
        assert (tmp_path / "data" / "funneld.toml").stat().st_mode & 0o077 == 0
    finally:
        run.terminate()
        run.stdout.read()
        assert run.wait(60) == 0
