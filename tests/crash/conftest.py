"""What the crash tests share. They need a redis-server, and fail where none can be had."""

from __future__ import annotations

import pytest
from tests.crash.cluster import Cluster
from tests.crash.embedded import Server


def pytest_addoption(parser):
    parser.addoption(
        "--minutes", type=float, default=0.5, help="how long the soak goes on (nox -s crash -- --minutes 30)"
    )


@pytest.fixture
def deploy(tmp_path):
    """Makes deployments; all their processes end with the test."""
    clusters = []

    def begin(name="cluster", **options):
        (tmp_path / name).mkdir()
        clusters.append(Cluster(tmp_path / name, **options))
        return clusters[-1]

    yield begin
    for cluster in clusters:
        cluster.close()


@pytest.fixture
def start(tmp_path):
    """Starts services that do everything in one process; they end with the test."""
    servers = []

    def begin(folder="data", **options):
        (tmp_path / folder).mkdir()
        servers.append(Server(tmp_path / folder, **options))
        servers[-1].start()
        return servers[-1]

    yield begin
    for server in servers:
        server.client.close()
        server.kill()
