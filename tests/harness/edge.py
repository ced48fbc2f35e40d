"""nginx with the configuration that ./run uses, in front of any upstream."""

import os
import shutil
import socket
import ssl
import subprocess

from .part import ROOT, Part, PartFailed, free_port


def nginx_program():
    """As FindNginx of deploy/setup.sh chooses it."""
    program = os.environ.get("MONITOR_NGINX") or shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    unpacked = ROOT / ".cache" / "nginx" / "usr" / "sbin" / "nginx"
    if not program and not unpacked.exists():
        raise PartFailed("nginx is needed; ./run and ./test unpack it below .cache")
    return program or unpacked


def make_certificate(directory):
    """A certificate for localhost as ./run makes it; returns (certificate, key, the authority to trust)."""
    subprocess.run([ROOT / "deploy" / "make-certificate", directory], check=True, capture_output=True)
    return directory / "server.pem", directory / "server.key", directory / "ca.pem"


class Edge(Part):
    name = "edge"

    def __init__(self, directory, upstream_port, port=None, options=()):
        """`options`: further arguments of deploy/render-edge."""
        super().__init__(directory)
        self.port = port or free_port()
        self.certificate, self.key, self.authority = make_certificate(self.directory / "tls")
        subprocess.run([ROOT / "deploy" / "render-edge", "--dir", self.directory, "--listen", f"127.0.0.1:{self.port}",
                        "--upstream", f"127.0.0.1:{upstream_port}", "--certificate", self.certificate, "--key", self.key,
                        "--nginx", nginx_program(), *options], check=True)

    @property
    def url(self):
        return f"https://localhost:{self.port}"

    def tls_context(self):
        return ssl.create_default_context(cafile=str(self.authority))

    def command(self):
        return [nginx_program(), "-c", self.directory / "nginx.conf", "-e", self.directory / "error.log"]

    def is_ready(self):
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
                with self.tls_context().wrap_socket(connection, server_hostname="localhost"):
                    return True
        except OSError:
            return False
