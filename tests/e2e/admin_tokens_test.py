"""Tokens with names and scopes: made by monitorctl, given to funneld and operators, rotated while both servers run."""

import json
import os
import subprocess
import urllib.request

from harness import Funneld, Monitord, wait_until
from harness.part import BIN, ROOT

SAMPLE = ROOT / "deploy" / "accounts" / "demo.json"


def new_token(name, scopes):
    made = subprocess.run([BIN / "monitorctl", "--json", "token", "new", "--name", name, "--scopes", scopes],
                          capture_output=True, text=True, timeout=30, check=True)
    return json.loads(made.stdout)


def replace(path, text):
    draft = path.with_suffix(".new")
    draft.write_text(text)
    draft.rename(path)


def ctl(node, token, *words):
    """(exit code, standard output, standard error) with that token."""
    done = subprocess.run(node.monitorctl(*words), capture_output=True, text=True, timeout=30,
                          env={**os.environ, "MONITOR_ADMIN_TOKEN": token["token"]})
    return done.returncode, done.stdout, done.stderr


def ready(url):
    with urllib.request.urlopen(f"{url}/readyz", timeout=10) as reply:
        return json.loads(reply.read())


def test_each_has_the_token_for_its_work_and_gets_another_without_a_restart(tmp_path, closing):
    counter, editor = new_token("funneld", "read"), new_token("editor", "publish")
    table, secret = tmp_path / "tokens.toml", tmp_path / "funneld.token"
    table.write_text(counter["table"] + editor["table"])
    secret.write_text(counter["token"] + "\n")
    monitord = closing(Monitord(tmp_path / "monitord", settings={"admin": {"tokens_file": str(table)}}))
    funneld = closing(Funneld(tmp_path / "funneld", monitord=monitord, settings={"source": {"admin_token_file": str(secret)}}))
    monitord.start()
    funneld.start()

    def put(name):
        document = tmp_path / "demo.json"
        document.write_text(json.dumps({**json.loads(SAMPLE.read_text()), "name": name}))
        return ctl(monitord, editor, "account", "put", document)

    def wait_counted():
        position = monitord.position()
        funneld.wait_for(position["origin"], position["last"])

    code, out, error = put("second")
    assert (code, error) == (0, ""), error
    wait_counted()
    assert ctl(monitord, counter, "account", "put", tmp_path / "demo.json")[::2] == (
        1, "monitorctl: Authorization: the token lacks the scope publish (403/10); see --token-file\n")
    assert ctl(monitord, counter, "drain")[::2] == (
        1, "monitorctl: Authorization: only the token admin may do this (403/10); see --token-file\n")
    assert ctl(monitord, editor, "log", "tail")[2].startswith("monitorctl: Authorization: the token lacks the scope read")
    code, revisions, _ = ctl(monitord, counter, "account", "revisions", "demo")
    assert code == 0 and revisions.splitlines()[0].endswith("by editor")
    acts = monitord.admin("GET", "/admin/audit")[1]["actions"]
    assert [(act["by"], act["action"]) for act in acts] == [("funneld", "show-revisions"), ("editor", "put-account")]

    # A mistake is told and changes nothing.
    replace(table, counter["table"] + editor["table"] + "scope = []\n")
    assert ready(monitord.admin_url)["status"] == "degraded"
    assert f"{table}: editor: unknown key scope" in ready(monitord.admin_url)["checks"]["tokens"]
    assert put("third")[0] == 0

    # The new one beside the old, then funneld's file, then the new one alone: nothing is restarted.
    renewed = new_token("funneld.2", "read")
    replace(table, counter["table"] + renewed["table"] + editor["table"])
    assert ready(monitord.admin_url)["status"] == "ready"
    replace(secret, renewed["token"] + "\n")
    replace(table, renewed["table"] + editor["table"])
    assert ctl(monitord, counter, "position")[::2] == (
        1, "monitorctl: Authorization: the admin token is missing or wrong (401/10); see --token-file\n")
    assert put("fourth")[0] == 0
    wait_counted()
    wait_until(lambda: ready(funneld.url)["status"] == "ready", "funneld reads on")
    log = monitord.log_path.read_text() + funneld.log_path.read_text()
    assert not [token for token in (counter, editor, renewed) if token["token"] in log or token["sha256"] in log]


def test_a_file_with_a_mistake_is_one_sentence_at_the_start(tmp_path, closing):
    table = tmp_path / "tokens.toml"
    table.write_text('[ci]\nsha256 = "ABC"\nscopes = ["read"]\n')
    monitord = closing(Monitord(tmp_path / "monitord", settings={"admin": {"tokens_file": str(table)}}))
    monitord.launch().process.wait(30)
    assert monitord.process.returncode == 1
    assert monitord.log_tail().splitlines() == [
        f"monitord: admin tokens file {table}: ci: sha256 must be the 64 lower-case hex digits of the token's SHA-256"]
