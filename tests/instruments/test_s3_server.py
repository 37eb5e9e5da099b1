"""The test server for objects does what the tests of others rely on."""

from __future__ import annotations

from tests.instruments.s3_server import S3Server


def test_it_starts_in_a_folder_deeper_than_the_name_of_a_socket_may_be_long(tmp_path):
    folder = tmp_path / ("deep" * 20) / "s3"
    assert len(str(folder)) > 107
    with S3Server(folder) as server:
        assert server.pid
