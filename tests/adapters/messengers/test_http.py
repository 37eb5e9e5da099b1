"""The messenger against real servers: good ones, slow ones, and addresses that lead inside."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator

import pytest
import trustme
from hypothesis import example, given, settings
from hypothesis import strategies as st

from adapters.messengers.http import HttpMessenger
from adapters.messengers.lookup import addresses
from tests.instruments.free_port import free_port
from tests.instruments.webhook_receiver import Receiver, misbehaving, receiving
from voicecore.errors import ForbiddenTarget, NotDelivered

BODY, HEADERS = b'{"a":1}', {"webhook-id": "msg_1", "content-type": "application/json"}


def inside(**changes) -> HttpMessenger:
    """A messenger that may call this machine, with times that a test can wait for."""
    return HttpMessenger(**{"allow_private": True, "connect_s": 60.0, "total_s": 60.0, **changes})


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


def test_a_message_arrives_as_it_was_sent_and_the_status_comes_back():
    with receiving(lambda _: 202) as receiver:
        assert inside().post(receiver.url + "?token=x", BODY, HEADERS) == 202
        (got,) = receiver.received
        assert (got.path, got.body) == ("/hook?token=x", BODY)
        assert HEADERS.items() <= got.headers.items()
        assert got.headers["host"] == receiver.url.split("/")[2]
        assert got.headers["content-length"] == str(len(BODY))
        assert got.headers["user-agent"].startswith("voicecore/")


def test_a_failure_of_the_receiver_is_a_status_and_the_next_try_may_go_well():
    statuses = iter([500, 200])
    with receiving(lambda _: next(statuses)) as receiver:
        messenger = inside()
        assert [messenger.post(receiver.url, BODY, HEADERS) for _ in range(2)] == [500, 200]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(receiver, status):
    with receiving(lambda _: status) as elsewhere:
        before = len(receiver.received)
        elsewhere.extra_headers["Location"] = receiver.url
        assert inside().post(elsewhere.url, BODY, HEADERS) == status
        assert len(receiver.received) == before


def test_a_cookie_is_not_sent_back():
    with receiving() as receiver:
        receiver.extra_headers["Set-Cookie"] = "a=b"
        messenger = inside()
        for _ in range(2):
            messenger.post(receiver.url, BODY, HEADERS)
        assert all("cookie" not in each.headers for each in receiver.received)


def test_a_proxy_of_the_environment_is_not_used(receiver, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert inside().post(receiver.url, BODY, HEADERS) == 204


# --- servers that misbehave -------------------------------------------------------------------------
def silent(connection: socket.socket, over: threading.Event) -> None:
    connection.recv(65_536)
    over.wait()


def trickling_headers(connection: socket.socket, over: threading.Event) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    while not over.wait(0.05):
        connection.sendall(b"x: y\r\n")


def trickling_status(connection: socket.socket, over: threading.Event) -> None:
    connection.sendall(b"HTTP/1.1 200 ")
    while not over.wait(0.05):
        connection.sendall(b"O")


def endless_interim_answers(connection: socket.socket, over: threading.Event) -> None:
    while not over.wait(0.01):
        connection.sendall(b"HTTP/1.1 102 Processing\r\n\r\n")


def endless_headers(connection: socket.socket, over: threading.Event) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    while not over.is_set():
        connection.sendall(b"x: " + b"y" * 60_000 + b"\r\n")


def nonsense(connection: socket.socket, over: threading.Event) -> None:
    del over
    connection.recv(65_536)
    connection.sendall(b"SSH-2.0-OpenSSH_9.6\r\n")


def hanging_up(connection: socket.socket, over: threading.Event) -> None:
    del over
    connection.recv(65_536)


@pytest.mark.parametrize(
    "talk",
    [
        silent,
        trickling_headers,
        trickling_status,
        endless_interim_answers,
        endless_headers,
        nonsense,
        hanging_up,
    ],
)
def test_a_server_that_gives_no_whole_status_is_left_when_the_time_is_over(talk):
    # These servers go on until the test is over, so that a call which follows them never returns.
    with misbehaving(talk) as url, pytest.raises(NotDelivered, match=r"'127.0.0.1' gave no answer"):
        inside(total_s=0.5).post(url, BODY, HEADERS)


def test_a_tls_handshake_that_trickles_is_left_when_the_time_is_over():
    with misbehaving(trickling_status) as url, pytest.raises(NotDelivered):
        inside(total_s=0.5).post(url.replace("http:", "https:"), BODY, HEADERS)
    with misbehaving(silent) as url, pytest.raises(NotDelivered, match="the time for it is over"):
        inside(total_s=0.5).post(url.replace("http:", "https:"), BODY, HEADERS)


def endless_body(connection: socket.socket, over: threading.Event) -> None:
    connection.recv(65_536)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n")
    while not over.is_set():
        connection.sendall(b"x" * 65_536)


def trickling_body(connection: socket.socket, over: threading.Event) -> None:
    connection.recv(65_536)
    connection.sendall(b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n")
    while not over.wait(0.05):
        connection.sendall(b"1\r\nx\r\n")


def torn_body(connection: socket.socket, over: threading.Event) -> None:
    del over
    connection.recv(65_536)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")


@pytest.mark.parametrize(("talk", "status"), [(endless_body, 200), (trickling_body, 201), (torn_body, 200)])
def test_once_the_status_is_there_the_rest_of_the_answer_does_not_matter(talk, status):
    told = []
    with misbehaving(talk) as url:
        # What goes on for ever is cut at the limit; a machine that stands still may reach it before the status.
        while not told or (told[-1] is None and len(told) < 5):
            try:
                told.append(inside(total_s=0.5).post(url, BODY, HEADERS))
            except NotDelivered:
                told.append(None)
    assert told[-1] == status


def test_of_a_huge_answer_little_is_taken_from_the_wire():
    sent = []

    def huge(connection: socket.socket, over: threading.Event) -> None:
        connection.recv(65_536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n")
        while not over.is_set():
            sent.append(connection.send(b"x" * 65_536))

    with misbehaving(huge) as url:
        assert inside().post(url, BODY, HEADERS) == 200
        # Whatever the kernel's buffers took; a client that read on would take gigabytes until the test is over.
        assert sum(sent) < 64 * 1024 * 1024


def test_a_port_where_nobody_listens_is_told_of():
    with pytest.raises(NotDelivered, match="refused"):
        inside().post(f"http://127.0.0.1:{free_port()}/", BODY, HEADERS)


def test_a_name_that_does_not_exist_is_told_of():
    with pytest.raises(NotDelivered, match="was not found"):
        inside().post("http://does-not-exist.invalid/", BODY, HEADERS)


def test_a_name_server_that_never_answers_is_left_when_the_time_is_over(monkeypatch):
    over = threading.Event()
    # Only an answer that comes too late can be told from no answer; this one comes when the test is over.
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: over.wait() and [])
    with pytest.raises(NotDelivered, match="not found within"):
        addresses("example.com", 443, 0.05)
    over.set()


@pytest.mark.parametrize(
    "url", ["http://" + "a" * 64 + ".com/", "http://a..b/", "http:///x", "ftp://a/", "http://é/", "x"]
)
def test_an_address_that_is_none_is_not_delivered_to(url):
    with pytest.raises(NotDelivered):
        inside().post(url, BODY, HEADERS)


# --- TLS --------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def server_tls(authority: trustme.CA, *names: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(context)
    return context


def believing(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


def leading_here(*_) -> list[str]:
    return ["127.0.0.1"]


def test_a_receiver_with_a_trusted_certificate_of_its_name_is_delivered_to(authority):
    with receiving(tls=server_tls(authority, "receiver.example")) as receiver:
        messenger = inside(tls=believing(authority), lookup=leading_here)
        for name in ("receiver.example", "Receiver.Example."):
            url = receiver.url.replace("127.0.0.1", name)
            assert messenger.post(url, BODY, HEADERS) == 204
        assert receiver.received[0].headers["host"].startswith("receiver.example:")


def test_a_certificate_of_another_name_is_refused_and_nothing_is_sent(authority):
    with receiving(tls=server_tls(authority, "other.example")) as receiver:
        messenger = inside(tls=believing(authority), lookup=leading_here)
        with pytest.raises(NotDelivered, match=r"certificate is not trusted \(Hostname mismatch"):
            messenger.post(receiver.url.replace("127.0.0.1", "receiver.example"), BODY, HEADERS)
        assert receiver.received == []


def test_a_certificate_that_nobody_vouches_for_is_refused_by_default_and_nothing_is_sent(authority):
    with receiving(tls=server_tls(authority, "receiver.example")) as receiver:
        with pytest.raises(NotDelivered, match="certificate is not trusted"):
            inside(lookup=leading_here).post(receiver.url.replace("127.0.0.1", "receiver.example"), BODY, HEADERS)
        assert receiver.received == []


# --- addresses that lead inside ---------------------------------------------------------------------
def spellings(number: int) -> st.SearchStrategy[str]:
    """Ways to write an IPv4 address that some library somewhere takes for it."""
    parts = number.to_bytes(4, "big")
    ways = (str, hex, lambda value: f"0{value:o}", lambda value: f"0x{value:08X}")

    def dotted(chosen: list[int], cut: int) -> str:
        last = int.from_bytes(parts[cut:], "big")
        return ".".join(ways[way](value) for way, value in zip(chosen, [*parts[:cut], last], strict=False))

    ipv4 = st.builds(dotted, st.lists(st.integers(0, 3), min_size=4, max_size=4), st.integers(0, 3))
    ipv6 = st.sampled_from(
        ["[::1]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]", "[::FFFF:7f00:1]", "[::127.0.0.1]", "[64:ff9b::7f00:1]",
         "[2002:7f00:1::]", "[::]", "[0000::0001]", "[::1%25lo]", "[::ffff:0:127.0.0.1]"]
    )  # fmt: skip
    names = st.sampled_from(["localhost", "LocalHost", "LOCALHOST.", "localhost.localdomain", "0", "127.1", "127.0.1"])
    dot = st.sampled_from(["", "."])
    return st.one_of(ipv4, ipv6, names, st.builds(str.__add__, ipv4, dot))


@pytest.fixture(scope="module")
def visits() -> Iterator[tuple[int, list[str]]]:
    """A port of this machine, on all its addresses, and who connected to it."""
    came: list[str] = []

    def count(connection: socket.socket, _: threading.Event) -> None:
        came.append(str(connection.getpeername()))

    with misbehaving(count, anywhere=True) as url:
        yield int(url.split(":")[2].split("/")[0]), came


@settings(max_examples=150, deadline=None)
@example(host="localhost")
@example(host="127.1")
@example(host="2130706433")
@example(host="0177.0.0.1")
@example(host="[::1]")
@example(host="[::ffff:127.0.0.1]")
@given(host=spellings(0x7F000001) | spellings(0x7F123456) | spellings(0))
def test_no_spelling_of_this_machines_address_reaches_it(visits, host):
    port, came = visits
    with pytest.raises(NotDelivered, match=r"is not public|was not found|cannot be read"):
        HttpMessenger(connect_s=60.0, total_s=60.0).post(f"https://{host}:{port}/", BODY, HEADERS)
    assert came == []


@pytest.mark.parametrize("host", ["localhost", "127.1", "2130706433", "0x7f.1", "0177.0.0.1"])
def test_the_spellings_do_reach_this_machine_where_that_is_allowed(receiver, host):
    """Otherwise the test above would show nothing."""
    assert inside().post(receiver.url.replace("127.0.0.1", host), BODY, HEADERS) == 204


@pytest.mark.parametrize("inner", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "fd00::1", "::ffff:127.0.0.1"])
def test_a_name_with_one_address_inside_is_refused_wherever_that_stands(inner):
    for found in (["8.8.8.8", inner], [inner, "8.8.8.8"], [inner], ["8.8.8.8"] * 9 + [inner]):
        with pytest.raises(ForbiddenTarget, match="VOICECORE_WEBHOOK_ALLOW_PRIVATE"):
            HttpMessenger(lookup=lambda *_, found=found: found).post("https://receiver.example/", BODY, HEADERS)


def test_a_name_is_looked_up_once_so_that_a_second_answer_can_lead_nowhere_else(receiver):
    asked = []

    def rebinding(host: str, *_) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["192.0.2.1"]

    url = receiver.url.replace("127.0.0.1", "rebind.example")
    assert inside(lookup=rebinding).post(url, BODY, HEADERS) == 204
    assert asked == ["rebind.example"]


def test_the_next_address_of_a_name_is_tried_when_one_does_not_answer(receiver):
    url = receiver.url.replace("127.0.0.1", "receiver.example")
    # Nobody listens on the second address of this machine.
    assert inside(lookup=lambda *_: ["127.0.0.2", "127.0.0.1"]).post(url, BODY, HEADERS) == 204


def test_http_without_tls_is_refused_unless_private_networks_are_allowed():
    with pytest.raises(ForbiddenTarget, match="without TLS"):
        HttpMessenger(lookup=lambda *_: ["8.8.8.8"]).post("http://receiver.example/", BODY, HEADERS)


def test_no_error_tells_the_path_of_an_address_which_may_hold_a_key():
    for messenger in (inside(), HttpMessenger()):
        with pytest.raises(NotDelivered) as caught:
            messenger.post("http://127.0.0.1:1/secret-key?token=abc", BODY, HEADERS)
        assert "secret-key" not in str(caught.value)
        assert "abc" not in str(caught.value)
