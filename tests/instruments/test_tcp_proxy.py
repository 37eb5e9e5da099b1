"""The bad network is as bad as it says, and heals."""

from __future__ import annotations

import socket
import socketserver
import threading
import time

import pytest

from tests.instruments.tcp_proxy import TcpProxy


class Echo(socketserver.BaseRequestHandler):
    def handle(self):
        while data := self.request.recv(65_536):
            self.server.heard.append(data)
            self.request.sendall(data)


class EchoServer(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Echo)
        self.heard = []


@pytest.fixture
def echo():
    with EchoServer() as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def proxy(echo):
    with TcpProxy(echo.server_address[1]) as proxy:
        yield proxy


def dial(proxy, timeout=10.0):
    return socket.create_connection(("127.0.0.1", proxy.port), timeout=timeout)


def ask(connection, data=b"hello"):
    connection.sendall(data)
    answer = b""
    while len(answer) < len(data):
        piece = connection.recv(65_536)
        if not piece:
            raise ConnectionError("closed")
        answer += piece
    return answer


def test_it_passes_everything(proxy):
    data = bytes(range(256)) * 10_000
    with dial(proxy) as one, dial(proxy) as other:
        other.sendall(b"other")
        sender = threading.Thread(target=one.sendall, args=(data,))
        sender.start()
        got = b""
        while len(got) < len(data):
            got += one.recv(65_536)
        sender.join()
        assert got == data
        assert other.recv(5) == b"other"


def test_a_delay_holds_both_directions(proxy):
    with dial(proxy) as connection:
        proxy.delay(0.1)
        before = time.monotonic()
        ask(connection)
        assert time.monotonic() - before >= 0.2
        proxy.heal()
        assert ask(connection) == b"hello"


def test_a_cut_closes_connections_and_refuses_new_ones_until_it_heals(proxy):
    with dial(proxy) as connection:
        ask(connection)
        proxy.cut()
        with pytest.raises(OSError):
            ask(connection)
    with pytest.raises(ConnectionRefusedError):
        dial(proxy)
    proxy.heal()
    with dial(proxy) as connection:
        assert ask(connection) == b"hello"


def test_a_black_hole_accepts_and_passes_nothing_on_until_it_heals(proxy, echo):
    with dial(proxy) as old:
        ask(old)
        echo.heard.clear()
        proxy.black_hole()
        with dial(proxy) as new:
            for connection in (old, new):
                connection.settimeout(0.1)
                with pytest.raises(TimeoutError):
                    ask(connection, b"lost?")
            assert echo.heard == []
            proxy.heal()
            for connection in (old, new):
                connection.settimeout(10)
                assert connection.recv(5) == b"lost?"


def test_lost_answers_mean_that_the_question_was_heard(proxy, echo):
    with dial(proxy, timeout=0.3) as connection:
        proxy.lose_answers()
        with pytest.raises(TimeoutError):
            ask(connection, b"done?")
        while not echo.heard:  # it may be on its way
            time.sleep(0.01)
        assert echo.heard == [b"done?"]


def test_a_server_that_hangs_up_is_heard_to_hang_up(proxy, echo):
    proxy.target_port = 1  # nobody is there
    with dial(proxy) as connection, pytest.raises(ConnectionError):
        ask(connection)


def test_closing_twice_is_harmless(proxy):
    proxy.close()
    proxy.close()
