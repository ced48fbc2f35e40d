"""The text cases through the edge, by both HTTP versions, against servers of their own; one test per case."""

import pytest
from harness.edge import Edge
from harness.monitord import Monitord
from run import Server, case_files, read_cases, run_case

CASES = [case for file in case_files() for case in read_cases(file)]


@pytest.fixture(scope="module", params=["HTTP/1.1", "HTTP/2"])
def server(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("cases")
    (folder / "accounts").mkdir()
    monitord = Monitord(folder / "monitord", folder / "accounts")
    edge = None
    try:
        monitord.start()
        edge = Edge(folder / "edge", monitord.port)
        edge.start()
        server = Server(edge.url, monitord.admin_url, monitord.token, str(edge.authority),
                        http2=request.param == "HTTP/2")
        server.put_accounts()
        yield server
    finally:
        if edge:
            edge.close()
        monitord.close()


@pytest.mark.parametrize("case", CASES, ids=[f"{case.file}: {case.title}" for case in CASES])
def test_case(server, case):
    error = run_case(server, case)
    assert error is None, error
