"""The development certificate: made again when it is of no use; what somebody else put there is left alone."""

import subprocess

import pytest

from harness.part import ROOT, free_port

OURS = "Monitor API development"
YEAR_PAST, YEAR_COMING = "20200101000000Z", "20400101000000Z"
CONFIGURATION = """
[ca]
default_ca = own
[own]
database = {folder}/index
new_certs_dir = {folder}
serial = {folder}/serial
default_md = sha256
policy = any
[any]
commonName = supplied
[req]
distinguished_name = any
[authority]
basicConstraints = critical, CA:TRUE
[server]
subjectAltName = DNS:localhost
"""


def openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


def issue(directory, issuer, begins, ends):
    """ca.pem, server.pem, server.key of an authority of that name; the server's with these ends of its validity."""
    work = directory / "work"
    work.mkdir(parents=True)
    (work / "index").touch()
    (work / "serial").write_text("01\n")
    (work / "cnf").write_text(CONFIGURATION.format(folder=work))
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-config", work / "cnf")
    openssl("req", "-x509", *key, "-keyout", work / "ca.key", "-out", directory / "ca.pem", "-days", 9000,
            "-subj", f"/CN={issuer}", "-extensions", "authority")
    openssl("req", "-new", *key, "-keyout", directory / "server.key", "-out", work / "csr", "-subj", "/CN=localhost")
    openssl("ca", "-batch", "-config", work / "cnf", "-in", work / "csr", "-cert", directory / "ca.pem", "-keyfile", work / "ca.key",
            "-startdate", begins, "-enddate", ends, "-extensions", "server", "-notext", "-out", directory / "server.pem")


def make_certificate(directory):
    return subprocess.run([ROOT / "deploy" / "make-certificate", directory], capture_output=True, text=True)


def contents(directory):
    return {name: (directory / name).read_bytes() for name in ("ca.pem", "server.pem", "server.key")}


def is_valid(directory):
    return subprocess.run(["openssl", "verify", "-CAfile", directory / "ca.pem", "-verify_hostname", "localhost",
                           directory / "server.pem"], capture_output=True).returncode == 0


@pytest.mark.parametrize("begins, ends", [(YEAR_PAST, "20210101000000Z"), ("20390101000000Z", YEAR_COMING)])
def test_ours_is_made_again_when_it_is_not_valid_now(tmp_path, begins, ends):
    issue(tmp_path, OURS, begins, ends)
    assert not is_valid(tmp_path)
    assert make_certificate(tmp_path).returncode == 0
    assert is_valid(tmp_path)


def test_ours_is_made_again_when_its_files_do_not_belong_together(tmp_path):
    make_certificate(tmp_path / "one")
    make_certificate(tmp_path / "other")
    (tmp_path / "one" / "ca.pem").replace(tmp_path / "other" / "ca.pem")
    assert not is_valid(tmp_path / "other")
    assert make_certificate(tmp_path / "other").returncode == 0
    assert is_valid(tmp_path / "other")


def test_ours_stays_while_it_is_valid(tmp_path):
    make_certificate(tmp_path)
    before = contents(tmp_path)
    assert make_certificate(tmp_path).returncode == 0
    assert contents(tmp_path) == before


def test_somebody_elses_stays_however_long_it_is_valid(tmp_path):
    issue(tmp_path, "somebody else", YEAR_PAST, YEAR_COMING)
    before = contents(tmp_path)
    assert make_certificate(tmp_path).returncode == 0
    assert contents(tmp_path) == before


@pytest.mark.parametrize("begins, ends, why", [
    (YEAR_PAST, "20210101000000Z", "certificate has expired"),
    ("20390101000000Z", YEAR_COMING, "certificate is not yet valid"),
])
def test_somebody_elses_that_is_not_valid_now_is_one_clear_sentence_of_run(tmp_path, begins, ends, why):
    tls = tmp_path / "tls"
    issue(tls, "somebody else", begins, ends)
    before = contents(tls)
    ports = [word for option in ("--port", "--admin-port", "--funnel-port") for word in (option, str(free_port()))]
    done = subprocess.run([ROOT / "run", "--no-install", "--data", tmp_path, *ports], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr == f"run: the certificate {tls}/server.pem is not valid: {why}\n"
    assert contents(tls) == before


@pytest.mark.parametrize("name, content, why", [
    ("server.pem", "no certificate", "it can not be read"),
    ("server.key", "no key", "server.key is not its key"),
    ("ca.pem", "", "server.key and ca.pem belong beside it"),
])
def test_somebody_elses_that_is_not_whole_is_told(tmp_path, name, content, why):
    issue(tmp_path, "somebody else", YEAR_PAST, YEAR_COMING)
    (tmp_path / name).write_text(content)
    done = make_certificate(tmp_path)
    assert done.returncode == 1
    assert done.stderr == f"the certificate {tmp_path}/server.pem is not valid: {why}\n"
