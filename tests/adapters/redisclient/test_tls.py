"""Redis behind TLS: the certificate's chain and host name count, for the stores' client and for the bell alike."""

from __future__ import annotations

import asyncio
import ssl
import threading

import pytest
import trustme

from adapters.redisclient import connect
from entrypoints import distributed
from entrypoints.settings import Settings
from tests.instruments.free_port import free_port
from tests.instruments.redis_server import shared_server
from voicecore.errors import StorageUnavailable
from voicecore.job import JobId


class TlsFront:
    """TLS on a port of its own, in front of the shared redis-server."""

    def __init__(self, authority: trustme.CA, name: str) -> None:
        self.port = free_port()
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(name).configure_cert(self._context)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        start = asyncio.start_server(self._serve, "127.0.0.1", self.port, ssl=self._context)
        self._server = asyncio.run_coroutine_threadsafe(start, self._loop).result(60)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", shared_server().port)

        async def pump(source, sink):
            try:
                while data := await source.read(65_536):
                    sink.write(data)
                    await sink.drain()
            except OSError:
                pass
            finally:
                sink.close()

        try:
            await asyncio.gather(pump(reader, inner_writer), pump(inner_reader, writer))
        finally:
            for each in (writer, inner_writer):
                each.transport.abort()

    def close(self) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(60)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _end(self) -> None:
        self._server.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@pytest.fixture
def front(tmp_path):
    """Makes a front whose certificate names a host; the address to connect to it by 127.0.0.1."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    fronts = []

    def make(name):
        fronts.append(TlsFront(authority, name))
        return f"rediss://127.0.0.1:{fronts[-1].port}/0?ssl_ca_certs={tmp_path / 'ca.pem'}"

    yield make
    for each in fronts:
        each.close()


def rung(url, prefix, patience_s):
    """Whether a ring arrives over this address."""
    bell = distributed.doorbell(Settings(redis_url=url, redis_prefix=prefix), ["tone"])
    try:
        bell.ring(JobId("job_1"), "tone")
        return bell.wait(patience_s)
    finally:
        bell.close()


def test_a_certificate_of_the_right_host_lets_stores_and_bell_work(front, tmp_path):
    url = front("127.0.0.1")
    client = connect(url)
    assert client.ping()
    client.close()
    assert rung(url, "tls-right", 60)


def test_a_certificate_of_another_host_is_refused_by_stores_and_bell(front):
    url = front("redis.example.org")
    client = connect(url)
    with pytest.raises(StorageUnavailable, match="certificate"):
        distributed.job_store(client, Settings(redis_url=url, redis_prefix="tls-wrong"))
    client.close()
    assert not rung(url, "tls-wrong", 2)
