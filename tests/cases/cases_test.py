"""The text cases through the edge, against a server of their own; one test per case."""

import pytest
from harness import Stack
from run import Server, case_files, read_cases, run_case

CASES = [case for file in case_files() for case in read_cases(file)]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with Stack(tmp_path_factory.mktemp("cases")) as stack:
        server = Server(stack.edge.url, stack.monitord.admin_url, stack.monitord.token, str(stack.edge.authority))
        server.put_accounts()
        yield server


@pytest.mark.parametrize("case", CASES, ids=[f"{case.file}: {case.title}" for case in CASES])
def test_case(server, case):
    error = run_case(server, case)
    assert error is None, error
