"""A broker as companies have it: TLS, access lists, and a listener for each way to say who one is: a password, a client
certificate, a token (OAUTHBEARER, here unsecured). Prepared by a listener of its own.

SCRAM where librdkafka can (2.6.1, Debian 13): before it sent the client's nonce twice, which Kafka 3.8.1 took and Kafka 4
does not (librdkafka's pull request 4895). Else PLAIN, whose users the broker must know when it starts.
"""

import subprocess

from confluent_kafka.admin import (AclBinding, AclOperation, AclPermissionType, AdminClient,
                                   ResourcePatternType, ResourceType, ScramCredentialInfo, ScramMechanism,
                                   UserScramCredentialUpsertion)

from .broker import SCRIPT, Broker
from .part import ROOT, PartFailed, free_port

PROPERTIES = """
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller_port}
listeners=SASL_SSL://127.0.0.1:{port},MUTUAL://127.0.0.1:{mutual_port},BEARER://127.0.0.1:{bearer_port},PLAINTEXT://127.0.0.1:{inner_port},CONTROLLER://127.0.0.1:{controller_port}
advertised.listeners=SASL_SSL://localhost:{port},MUTUAL://localhost:{mutual_port},BEARER://localhost:{bearer_port},PLAINTEXT://127.0.0.1:{inner_port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=SASL_SSL:SASL_SSL,MUTUAL:SSL,BEARER:SASL_SSL,PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=PLAINTEXT
sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256
listener.name.sasl_ssl.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required {plain_users};
listener.name.sasl_ssl.scram-sha-256.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
listener.name.mutual.ssl.client.auth=required
listener.name.mutual.ssl.truststore.type=PEM
listener.name.mutual.ssl.truststore.location={directory}/clients/ca.pem
listener.name.mutual.ssl.principal.mapping.rules=RULE:^CN=(.*)$/$1/
listener.name.bearer.sasl.enabled.mechanisms=OAUTHBEARER
listener.name.bearer.oauthbearer.sasl.jaas.config=org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";
ssl.keystore.type=PEM
ssl.keystore.location={directory}/keystore.pem
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS
log.dirs={directory}/log
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
group.initial.rebalance.delay.ms=0
log.cleaner.dedupe.buffer.size=16777216
"""


LIBRDKAFKA = subprocess.run(["pkg-config", "--modversion", "rdkafka"], capture_output=True, text=True, check=True).stdout
MECHANISM = "SCRAM-SHA-256" if tuple(map(int, LIBRDKAFKA.strip().split("."))) >= (2, 6, 1) else "PLAIN"


class SecuredBroker(Broker):
    def __init__(self, directory, users):
        """users: name to password."""
        super().__init__(directory)
        self.inner_port, self.mutual_port, self.bearer_port = free_port(), free_port(), free_port()
        self.users = users

    @property
    def address(self):
        return f"localhost:{self.port}"

    @property
    def authority(self):
        return self.directory / "tls" / "ca.pem"

    def start(self):
        self.directory.mkdir(parents=True, exist_ok=True)
        tls = self.directory / "tls"
        subprocess.run([ROOT / "deploy" / "make-certificate", tls], check=True)
        (self.directory / "keystore.pem").write_text((tls / "server.key").read_text() + (tls / "server.pem").read_text())
        if not (self.directory / "clients").exists():
            make_authority(self.directory / "clients")
        properties = self.directory / "own.properties"
        properties.write_text(PROPERTIES.format(port=self.port, inner_port=self.inner_port, mutual_port=self.mutual_port,
                                                bearer_port=self.bearer_port, controller_port=free_port(),
                                                directory=self.directory, plain_users=self.plain_users()))
        done = subprocess.run([SCRIPT, "start", self.directory, str(self.inner_port), properties], capture_output=True, text=True)
        if done.returncode != 0:
            raise PartFailed(done.stderr)
        self.admin = AdminClient({"bootstrap.servers": f"127.0.0.1:{self.inner_port}"})
        if MECHANISM != "PLAIN":
            for name, password in self.users.items():
                self.add_scram_user(name, password)
        return self

    def plain_users(self):
        return " ".join(f'user_{name}="{password}"' for name, password in self.users.items())

    def add_scram_user(self, name, password):
        credential = UserScramCredentialUpsertion(name, ScramCredentialInfo(ScramMechanism.SCRAM_SHA_256, 4096), password.encode())
        self.wait(self.admin.alter_user_scram_credentials([credential]))

    def grant(self, user, rights):
        """rights: (resource type, name, operation), names with `*` at the end are prefixes."""
        self.wait(self.admin.create_acls([AclBinding(*resource(kind, name), f"User:{user}", "*", AclOperation[operation],
                                                     AclPermissionType.ALLOW) for kind, name, operation in rights]))

    @staticmethod
    def wait(futures):
        for future in futures.values():
            future.result(30)

    def client(self, user, password_file):
        """[kafka.client] of somebody who comes in by the front door."""
        return {'"security.protocol"': "SASL_SSL", '"sasl.mechanism"': MECHANISM, '"sasl.username"': user,
                '"sasl.password_file"': str(password_file), '"ssl.ca.location"': str(self.authority)}

    def client_by_certificate(self, user, directory, password_file):
        """The same by a client certificate; its key is encrypted. Made in `directory`."""
        make_certificate(self.directory / "clients", directory, user, password_file)
        return {'"security.protocol"': "SSL", '"ssl.ca.location"': str(self.authority),
                '"ssl.certificate.location"': str(directory / f"{user}.pem"), '"ssl.key.location"': str(directory / f"{user}.key"),
                '"ssl.key.password_file"': str(password_file)}

    def client_by_token(self, user):
        return {'"security.protocol"': "SASL_SSL", '"ssl.ca.location"': str(self.authority), '"sasl.mechanism"': "OAUTHBEARER",
                '"enable.sasl.oauthbearer.unsecure.jwt"': True, '"sasl.oauthbearer.config"': f"principal={user}"}


def openssl(*words):
    subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True)


def make_authority(directory):
    directory.mkdir(parents=True)
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=clients", "-days", 2,
            "-keyout", directory / "ca.key", "-out", directory / "ca.pem")


def make_certificate(authority, directory, name, password_file):
    """NAME.pem and NAME.key, the latter encrypted, by `authority`'s ca.pem and ca.key."""
    key, request, certificate = (directory / f"{name}.{ending}" for ending in ("key", "csr", "pem"))
    openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-passout", f"file:{password_file}",
            "-subj", f"/CN={name}", "-keyout", key, "-out", request)
    openssl("x509", "-req", "-in", request, "-CA", authority / "ca.pem", "-CAkey", authority / "ca.key", "-days", 2, "-out", certificate)


def resource(kind, name):
    pattern = ResourcePatternType.PREFIXED if name.endswith("*") else ResourcePatternType.LITERAL
    return ResourceType[kind], name.rstrip("*"), pattern
