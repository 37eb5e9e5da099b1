"""What a webhook says, how it is signed, and where it may go."""

from __future__ import annotations

import base64
import ipaddress
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from voicecore.consent import Statement
from voicecore.errors import InvalidInput
from voicecore.handling import Handling
from voicecore.job import JobError, JobId, JobResult, SynthesisJob
from voicecore.language import Language
from voicecore.request import EnrolmentRequest, SynthesisRequest
from voicecore.testing.fakes import START
from voicecore.webhook import WebhookSigner, message_id, payload
from voicecore.webhook_target import NO_WEBHOOKS, WebhookPolicy, is_public

NOW = datetime.now(UTC)
PT = Language("pt", "BR")
SECRET_TEXT = "um segredo que ninguém deve ler"
OPEN = WebhookPolicy(enabled=True)


def secret(length: int = 32, fill: int = 7) -> str:
    return "whsec_" + base64.b64encode(bytes([fill]) * length).decode()


def queued(**changes) -> SynthesisJob:
    request = SynthesisRequest(text=SECRET_TEXT, source_language=PT, voice_preset="female_warm")
    job = SynthesisJob(id=JobId("job_1"), request=request, engine="tone", spoken_language=PT, created_at=NOW)
    return replace(job, **changes)


def completed() -> SynthesisJob:
    job = queued().claimed("w", NOW, timedelta(seconds=30))
    result = JobResult(audio_key="a/b", duration_s=1.5, sample_rate_hz=24_000, file_size=9)
    return job.completed(result, NOW, timedelta(hours=1))


@given(st.binary(min_size=24, max_size=64), st.text(max_size=300))
def test_a_client_library_of_the_standard_accepts_what_we_sign(key, body):
    text = "whsec_" + base64.b64encode(key).decode()
    headers = WebhookSigner.parse(text).headers("msg_job_1", datetime.now(UTC), body.encode())
    Webhook(text).verify(body, dict(headers), json_parse=False)


def test_a_changed_body_time_or_id_is_not_accepted():
    headers = dict(WebhookSigner.parse(secret()).headers("msg_job_1", datetime.now(UTC), b"{}"))
    later = str(int(headers["webhook-timestamp"]) + 1)
    for body, changes in (("{ }", {}), ("{}", {"webhook-id": "msg_job_2"}), ("{}", {"webhook-timestamp": later})):
        with pytest.raises(WebhookVerificationError):
            Webhook(secret()).verify(body, headers | changes)
    assert Webhook(secret()).verify("{}", headers) == {}


def test_the_signature_is_the_one_of_the_specifications_example():
    """From the reference tests of the specification's libraries."""
    signer = WebhookSigner.parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    headers = signer.headers(
        "msg_p5jXN8AQM9LWM0D4loKWxJek", datetime.fromtimestamp(1_614_265_330, UTC), b'{"test": 2432232314}'
    )
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert headers["webhook-timestamp"] == "1614265330"


def test_while_a_secret_is_changed_receivers_with_the_old_and_with_the_new_one_accept():
    old, new = secret(fill=1), secret(fill=2)
    headers = dict(WebhookSigner.parse(f" {new}  {old}\n").headers("m", datetime.now(UTC), b"{}"))
    for each in (old, new):
        assert Webhook(each).verify("{}", headers) == {}
    with pytest.raises(WebhookVerificationError):
        Webhook(secret(fill=3)).verify("{}", headers)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "0 webhook secrets"),
        (f"{secret()} {secret(fill=1)} {secret(fill=2)}", "3 webhook secrets"),
        (secret(23), "23 bytes; give 24 to 64"),
        (secret(65), "65 bytes; give 24 to 64"),
        ("hunter2" * 9, "must begin with whsec_"),
        ("whsec_" + "#" * 40, "must be base64"),
        ("whsec_" + "A" * 41, "must be base64"),
    ],
)
def test_a_secret_that_is_none_is_refused_without_being_told(text, sentence):
    with pytest.raises(InvalidInput, match=sentence) as caught:
        WebhookSigner.parse(text)
    assert text == "" or text not in str(caught.value)


def test_a_signer_does_not_show_its_secret():
    assert base64.b64decode(secret()[6:]).decode() not in repr(WebhookSigner.parse(secret()))
    assert "secrets" not in repr(WebhookSigner.parse(secret()))


def test_a_secret_without_padding_is_the_same_secret():
    assert WebhookSigner.parse(secret().rstrip("=")) == WebhookSigner.parse(secret())


def test_the_message_of_a_completed_job_says_where_its_audio_is():
    job = completed()
    message = json.loads(payload(job))
    assert message["type"] == "job.completed"
    assert datetime.fromisoformat(message["timestamp"]) == NOW
    assert message["data"] == {
        "job_id": "job_1", "status": "completed", "mode": "dubbing", "error_code": None, "error_retryable": None,
        "audio_url": "/jobs/job_1/download", "voice_id": None, "rvc_applied": None, "duration_s": 1.5,
        "created_at": NOW.isoformat().replace("+00:00", "Z"), "completed_at": NOW.isoformat().replace("+00:00", "Z"),
    }  # fmt: skip
    assert message_id(job) == "msg_job_1"


def test_the_message_of_a_failed_or_cancelled_job_says_so():
    failed = queued().failed(JobError("engine_failed", "It could not say …", retryable=True), NOW, timedelta(hours=1))
    message = json.loads(payload(failed))
    assert message["type"] == "job.failed"
    assert (message["data"]["error_code"], message["data"]["error_retryable"]) == ("engine_failed", True)
    assert message["data"]["audio_url"] is None
    cancelled = json.loads(payload(queued().cancelled(NOW, timedelta(hours=1))))
    assert (cancelled["type"], cancelled["data"]["status"]) == ("job.cancelled", "cancelled")


def test_the_message_of_an_enrolment_carries_the_voice_and_not_its_name():
    request = EnrolmentRequest(
        name="Maria Secreta",
        language=PT,
        clip_keys=("a/b",),
        engine="tone",
        reference_duration_s=9.0,
        consent=Statement(by="Maria Secreta", text="sim", given_at=START),
    )
    job = queued(request=request).claimed("w", NOW, timedelta(seconds=30))
    ended = job.completed(JobResult(voice_id="voice_1"), NOW, timedelta(hours=1))
    message = json.loads(payload(ended))
    assert message["data"]["voice_id"] == "voice_1"
    assert message["data"]["audio_url"] is None
    assert b"Secreta" not in payload(ended)


def test_no_message_holds_the_text_or_a_sentence_that_may_quote_it():
    failed = queued().failed(JobError("engine_failed", f"Could not say {SECRET_TEXT!r}."), NOW, timedelta(hours=1))
    for job in (completed(), failed, queued().cancelled(NOW, timedelta(hours=1))):
        assert SECRET_TEXT not in payload(job).decode()


def test_a_message_is_the_same_at_every_try():
    assert payload(completed()) == payload(completed())


def test_a_job_that_has_not_ended_is_not_told_of():
    with pytest.raises(InvalidInput, match="only an ended job"):
        payload(queued())


# --- where it may go --------------------------------------------------------------------------------
@given(st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)))
def test_what_is_called_public_is_global_by_the_standard_library_too(address):
    if is_public(str(address)) and address not in ipaddress.ip_network("64:ff9b::/96"):
        assert address.is_global
        assert not address.is_multicast


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_inside_ipv6_is_never_more_public_than_alone(address):
    number = int(address)
    mapped, compatible = ipaddress.IPv6Address((0xFFFF << 32) | number), ipaddress.IPv6Address(number)
    six_to_four = ipaddress.IPv6Address((0x2002 << 112) | (number << 80) | 1)
    teredo = ipaddress.IPv6Address((0x20010000 << 96) | (number ^ 0xFFFF_FFFF))
    assert not any(is_public(str(each)) for each in (mapped, compatible, six_to_four, teredo))
    nat64 = ipaddress.IPv6Address((0x0064FF9B << 96) | number)
    assert is_public(str(nat64)) == is_public(str(address))


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0", "10.1.2.3", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.255.255.255", "169.254.169.254",
        "172.16.0.1", "172.31.255.255", "192.0.0.192", "192.168.1.1", "198.18.0.1", "224.0.0.1", "239.255.255.250",
        "255.255.255.255", "240.0.0.1", "168.63.129.16", "192.88.99.1", "::", "::1", "::ffff:127.0.0.1", "::ffff:8.8.8.8",
        "::127.0.0.1", "fe80::1", "fe80::1%eth0", "fec0::1", "fc00::1", "fd00:ec2::254", "ff02::1", "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "2002:7f00:1::", "2001:0:1::1", "2001:db8::1", "100::1", "4000::1",
        "2606:4700::1%eth0", "", "localhost", "127.1",
    ],
)  # fmt: skip
def test_an_address_of_a_private_special_or_unassigned_network_is_not_public(address):
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "172.32.0.1", "100.128.0.1", "2606:4700:4700::1111", "2a00:1450::1", "64:ff9b::808:808"]
)
def test_ordinary_addresses_are_public(address):
    assert is_public(address)


def test_without_a_secret_a_webhook_is_refused_and_the_setting_named():
    NO_WEBHOOKS.admit(Handling())
    with pytest.raises(InvalidInput, match="VOICECORE_WEBHOOK_SECRET") as caught:
        NO_WEBHOOKS.admit(Handling(webhook_url="https://example.com/"))
    assert caught.value.field == "webhook_url"


FORBIDDEN = [
    "http://example.com/", "http://8.8.8.8/", "https://localhost/", "https://LocalHost.:8443/x", "https://a.localhost/",
    "https://127.0.0.1/", "https://127.1/", "https://2130706433/", "https://0x7f.0.0.1/", "https://0177.0.0.1/",
    "https://[::1]/", "https://[::ffff:10.0.0.1]/", "https://10.0.0.1:8080/", "https://169.254.169.254/latest/",
    "https://[fe80::1%25eth0]/", "https://127.0.0.1./", "https://0/", "https://ip6-localhost/",
]  # fmt: skip


@pytest.mark.parametrize("url", FORBIDDEN)
def test_an_address_that_could_never_be_called_is_refused_at_the_door_and_the_setting_named(url):
    with pytest.raises(InvalidInput, match="VOICECORE_WEBHOOK_ALLOW_PRIVATE") as caught:
        OPEN.admit(Handling(webhook_url=url))
    assert caught.value.field == "webhook_url"
    WebhookPolicy(enabled=True, allow_private=True).admit(Handling(webhook_url=url))


@pytest.mark.parametrize(
    "url", ["https://example.com", "https://example.com:8443/a?b=c", "https://8.8.8.8/", "https://[2606:4700::1111]/"]
)
def test_a_public_address_with_tls_is_admitted(url):
    OPEN.admit(Handling(webhook_url=url))
