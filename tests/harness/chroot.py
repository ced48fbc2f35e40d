"""A fresh Debian in a folder, by debootstrap, from the mirror that this machine's own apt uses."""

import os
import re
import shutil
import subprocess
from pathlib import Path

# What lets programs inside reach what this machine reaches; nothing else of the environment comes along.
PASSED_ON = re.compile(r"(https?|no|ftp)_proxy|PIP_(CERT|INDEX_URL|PROXY|DEFAULT_TIMEOUT)|MAVEN_OPTS", re.IGNORECASE)

ENTER = """
set -e
mount --make-rprivate /
mount -t proc proc "$1/proc"
mount --rbind /dev "$1/dev"
mount -t tmpfs tmpfs "$1/dev/shm"
root=$1
shift
exec chroot "$root" "$@"
"""


def apt_uri(codename):
    """Where apt has this suite from, as configured on this machine."""
    lines = subprocess.run(["apt-get", "indextargets", "--format", "$(REPO_URI) $(CODENAME)", "Created-By: Packages"],
                           capture_output=True, text=True, check=True).stdout.splitlines()
    return next((uri for uri, name in (line.split()[:2] for line in lines) if name == codename), None)


def own_codename():
    return subprocess.run(["sh", "-c", ". /etc/os-release && echo $VERSION_CODENAME"], capture_output=True, text=True,
                          check=True).stdout.strip()


class Chroot:
    def __init__(self, directory):
        self.directory = Path(directory)

    @classmethod
    def bootstrap(cls, directory, release):
        mirror, security = apt_uri(own_codename()), apt_uri(f"{own_codename()}-security")
        if not mirror:
            raise SystemExit("fresh_machine: apt on this machine names no Debian mirror")
        subprocess.run(["debootstrap", "--variant=minbase", release, directory, mirror], check=True,
                       stdout=subprocess.DEVNULL)
        chroot = cls(directory)
        sources = [f"deb {mirror} {release} main", f"deb {mirror} {release}-updates main"]
        sources += [f"deb {security} {release}-security main"] if security else []
        chroot.path("/etc/apt/sources.list").write_text("\n".join(sources) + "\n")
        chroot.take_over_network()
        return chroot

    def take_over_network(self):
        """Name resolution, apt's proxies, certificate authorities that this machine trusts."""
        for name in ("/etc/resolv.conf", "/etc/hosts"):
            shutil.copyfile(name, self.path(name))
        acquire = subprocess.run(["apt-config", "dump", "Acquire"], capture_output=True, text=True).stdout
        proxies = [line for line in acquire.splitlines() if "::Proxy" in line]
        self.path("/etc/apt/apt.conf.d/99machine").write_text("\n".join(proxies) + "\n")
        authorities = Path("/usr/local/share/ca-certificates")
        if authorities.is_dir():
            shutil.copytree(authorities, self.path(authorities), dirs_exist_ok=True)

    def path(self, inside):
        return self.directory / str(inside).lstrip("/")

    def copy(self, directory):
        """The same system again, in another folder."""
        subprocess.run(["cp", "-a", self.directory, directory], check=True)
        return Chroot(directory)

    def command(self, arguments, network=True):
        """Everything that is started inside ends with it, and so do the mounts. Without network: loopback only."""
        namespaces = ["--mount", "--pid", "--fork", "--kill-child"] + ([] if network else ["--net"])
        return ["unshare", *namespaces, "sh", "-c", ENTER, "enter", str(self.directory), *map(str, arguments)]

    def environment(self, more=None):
        passed = {name: value for name, value in os.environ.items() if PASSED_ON.fullmatch(name)}
        return {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root",
                "LANG": "C.UTF-8", **passed, **(more or {})}

    def run(self, script, environment=None, network=True, shell="bash"):
        """Runs a script inside, its output to ours; returns the exit code."""
        return subprocess.run(self.command([shell, "-c", script], network), env=self.environment(environment),
                              stdin=subprocess.DEVNULL).returncode
