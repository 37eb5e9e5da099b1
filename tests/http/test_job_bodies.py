"""What `POST /jobs` reads, in which forms, and how it refuses the rest."""

from __future__ import annotations

import pytest

from .room import HELLO, Room, refused


@pytest.mark.parametrize("how", ["json", "urlencoded", "multipart"])
def test_a_job_can_be_sent_as_json_urlencoded_and_multipart(shared: Room, how: str):
    fields = {**HELLO, "speed": 1.5, "seed": 0, "enable_rvc": False, "rvc_pitch": 0, "rvc_filter_radius": 0}
    text = {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in fields.items()}
    if how == "json":
        answer = shared.client.post("/jobs", json=fields)
    elif how == "urlencoded":
        answer = shared.client.post("/jobs", data=text)
    else:
        answer = shared.client.post("/jobs", files={name: (None, value) for name, value in text.items()})
    assert answer.status_code == 202, answer.text
    job = answer.json()
    assert job["text"] == HELLO["text"]
    assert (job["speed"], job["seed"]) == (1.5, 0)
    assert job["rvc"] == {
        "enabled": False, "model_id": None, "pitch": 0, "index_rate": 0.75, "protect": 0.33, "rms_mix_rate": 0.25,
        "filter_radius": 0, "hop_length": 128, "f0_method": "rmvpe", "required": False, "index_used": None,
        "index_reason": None,
    }  # fmt: skip


@pytest.mark.parametrize("how", ["json", "data"])
def test_an_unknown_field_is_refused_by_name(shared: Room, how: str):
    refused(shared.client.post("/jobs", **{how: {**HELLO, "speeed": "1"}}), 400, "speeed", "speeed")


def test_an_unknown_field_of_a_multipart_form_is_refused_by_name(shared: Room):
    parts = {name: (None, value) for name, value in {**HELLO, "speeed": "1"}.items()}
    refused(shared.client.post("/jobs", files=parts), 400, "speeed")


def test_a_form_field_sent_twice_is_refused(shared: Room):
    body = "mode=dubbing&text=a&text=b&source_language=pt"
    headers = {"content-type": "application/x-www-form-urlencoded"}
    refused(shared.client.post("/jobs", content=body, headers=headers), 400, "text")


def test_an_empty_optional_form_field_is_one_that_was_not_sent(shared: Room):
    answer = shared.client.post("/jobs", data={**HELLO, "voice_id": "", "speed": "", "engine": ""})
    assert answer.status_code == 202, answer.text


def test_the_aliases_of_engine_and_quality_profile_are_read(shared: Room):
    job = shared.submit(tts_engine="tone", quality_profile="audiobook")
    assert (job["engine"], job["quality_profile"]) == ("tone", "audiobook")


def test_an_alias_that_contradicts_its_field_is_refused(shared: Room):
    refused(shared.client.post("/jobs", json={**HELLO, "engine": "tone", "tts_engine": "kokoro"}), 400, "tts_engine")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"mode": "sing"}, "mode"),
        ({"mode": None}, "mode"),
        ({"text": ""}, "text"),
        ({"text": "   "}, "text"),
        ({"text": "..."}, "text"),
        ({"text": "x" * 10_001}, "text"),
        ({"text": "a\u0000b"}, "text"),
        ({"text": 5}, "text"),
        ({"source_language": "português"}, "source_language"),
        ({"source_language": "xx"}, "source_language"),
        ({"target_language": "not a tag"}, "target_language"),
        ({"voice_preset": "nobody"}, "voice_preset"),
        ({"voice_id": "voice_1"}, "voice_id"),
        ({"mode": "dubbing_with_clone"}, "voice_id"),
        ({"quality_profile_id": "none"}, "quality_profile_id"),
        ({"speed": 0}, "speed"),
        ({"speed": 2.01}, "speed"),
        ({"speed": "1"}, "speed"),
        ({"speed": True}, "speed"),
        ({"seed": -1}, "seed"),
        ({"seed": 2**32}, "seed"),
        ({"seed": 1.5}, "seed"),
        ({"output_format": "aiff"}, "output_format"),
        ({"enable_rvc": "yes"}, "enable_rvc"),
        ({"enable_rvc": True}, "rvc_model_id"),
        ({"enable_rvc": True, "rvc_model_id": ""}, "rvc_model_id"),
        ({"rvc_required": "yes"}, "rvc_required"),
        ({"rvc_required": True}, "rvc_required"),
        ({"mode": "convert"}, "file"),
        ({"rvc_pitch": 13}, "rvc_pitch"),
        ({"rvc_index_rate": -0.1}, "rvc_index_rate"),
        ({"rvc_protect": 0.51}, "rvc_protect"),
        ({"rvc_rms_mix_rate": 1.1}, "rvc_rms_mix_rate"),
        ({"rvc_filter_radius": 8}, "rvc_filter_radius"),
        ({"rvc_hop_length": 0}, "rvc_hop_length"),
        ({"rvc_f0_method": "guess"}, "rvc_f0_method"),
    ],
)
def test_every_wrong_value_is_a_400_that_names_its_field(shared: Room, changes: dict, field: str):
    refused(shared.client.post("/jobs", json={**HELLO, **changes}), 400, field)


@pytest.mark.parametrize("name", ["mode", "text", "source_language"])
def test_a_missing_field_is_a_400_that_names_it(shared: Room, name: str):
    refused(shared.client.post("/jobs", json={key: value for key, value in HELLO.items() if key != name}), 400, name)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999"])
@pytest.mark.parametrize("name", ["speed", "rvc_pitch", "seed"])
def test_numbers_that_are_not_finite_are_refused(shared: Room, name: str, number: str):
    body = '{"mode":"dubbing","text":"oi","source_language":"pt","%s":%s}' % (name, number)  # noqa: UP031
    refused(shared.client.post("/jobs", content=body, headers={"content-type": "application/json"}), 400)
    refused(shared.client.post("/jobs", data={**HELLO, name: number}), 400, name)


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b'"x"', b"\xff\xfe", b'{"text":"\\ud800"}', b"[" * 200_000]
)
def test_malformed_json_is_a_400(shared: Room, body: bytes):
    refused(shared.client.post("/jobs", content=body, headers={"content-type": "application/json"}), 400)


@pytest.mark.parametrize(
    "body",
    [b"", b"no boundary at all", b"--x\r\n\r\nhalf", b"--x\r\nContent-Disposition: form-data; name=mode\r\n\r\ndub"],
)
def test_a_malformed_multipart_body_is_a_400(shared: Room, body: bytes):
    refused(shared.client.post("/jobs", content=body, headers={"content-type": "multipart/form-data; boundary=x"}), 400)


@pytest.mark.parametrize(
    "media_type", ["text/plain", "application/xml", "", "audio/wav", "multipart/mixed; boundary=x"]
)
def test_other_media_types_are_a_415(shared: Room, media_type: str):
    refused(shared.client.post("/jobs", content=b"x", headers={"content-type": media_type}), 415)


@pytest.mark.parametrize(
    "media_type", ["application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
)
def test_a_body_over_the_limit_is_a_413(shared: Room, media_type: str):
    head = b'--x\r\nContent-Disposition: form-data; name="text"\r\n\r\n'
    answer = shared.client.post("/jobs", content=head + b"x" * 2_000_000, headers={"content-type": media_type})
    refused(answer, 413)


def test_ten_thousand_characters_of_the_longest_kind_are_not_too_large_in_any_encoding(shared: Room):
    text = "🎵a" * 5_000
    escaped = '{"mode":"dubbing","source_language":"pt","text":"%s"}' % ("\\ud83c\\udfb5a" * 5_000)
    assert shared.client.post("/jobs", content=escaped, headers={"content-type": "application/json"}).status_code == 202
    assert shared.client.post("/jobs", data={**HELLO, "text": text}).status_code == 202
    parts = {name: (None, value) for name, value in {**HELLO, "text": text}.items()}
    assert shared.client.post("/jobs", files=parts).status_code == 202


def test_cloning_is_pointed_to_its_own_address(shared: Room):
    refused(shared.client.post("/jobs", json={**HELLO, "mode": "clone"}), 400, "mode", "/voices/clone")


def test_a_file_where_none_is_expected_is_refused_by_name(shared: Room):
    refused(shared.client.post("/jobs", data=HELLO, files={"extra": ("a.wav", b"x")}), 400, "extra")


def test_an_unknown_engine_and_an_unknown_voice_are_404(shared: Room):
    refused(shared.client.post("/jobs", json={**HELLO, "engine": "nothing"}), 404, "engine")
    clone = {**HELLO, "mode": "dubbing_with_clone", "voice_id": "voice_nobody"}
    refused(shared.client.post("/jobs", json=clone), 404, "voice_id")


FORM = {"content-type": "application/x-www-form-urlencoded"}


def test_an_unknown_field_is_answered_with_the_field_that_may_have_been_meant_or_with_all_of_them(shared: Room):
    refused(shared.client.post("/jobs", json={**HELLO, "speeed": 1}), 400, "speeed", "did you mean 'speed'?")
    problem = refused(shared.client.post("/jobs", json={**HELLO, "zzz": 1}), 400, "zzz", "the fields are: mode, text")
    assert "rvc_f0_method" in problem["detail"]


@pytest.mark.parametrize("name", ["a\nb", "a\x00b", "a`b", "x" * 10_000])
def test_whatever_an_unknown_field_is_called_the_answer_is_one_short_line(shared: Room, name: str):
    detail = refused(shared.client.post("/jobs", json={**HELLO, name: 1}), 400)["detail"]
    assert detail.isprintable()
    assert len(detail) < 500


def test_a_missing_field_is_named_with_what_to_do(shared: Room):
    refused(
        shared.client.post("/jobs", json={"mode": "dubbing", "text": "Oi"}), 400, "source_language", "missing; send it"
    )


@pytest.mark.parametrize(
    ("field", "value", "wanted"),
    [("speed", "fast", "a number"), ("speed", "1,5", "a number"), ("seed", "1.5", "a whole number"),
     ("enable_rvc", "maybe", "true or false")],
)  # fmt: skip
def test_a_wrong_form_value_is_answered_with_the_value_and_with_what_belongs_there(
    shared: Room, field: str, value: str, wanted: str
):
    detail = refused(shared.client.post("/jobs", data={**HELLO, field: value}), 400, field)["detail"]
    assert detail == f"{field} is {value!r}; give {wanted}."


def test_a_wrong_kind_of_json_value_is_answered_in_words(shared: Room):
    detail = refused(shared.client.post("/jobs", json={**HELLO, "speed": "1"}), 400, "speed")["detail"]
    assert detail == "The field 'speed' is a text; give a number."
    refused(shared.client.post("/jobs", json=[]), 400, word="the body is a list; send an object with the fields mode")


def test_a_form_with_too_many_fields_is_told_the_limit(shared: Room):
    body = "&".join(f"a{number}=1" for number in range(101))
    refused(shared.client.post("/jobs", content=body, headers=FORM), 400, word="more than 100 fields")


def test_an_empty_engine_in_json_is_refused_and_not_taken_for_the_default(shared: Room):
    refused(shared.client.post("/jobs", json={**HELLO, "engine": ""}), 404, "engine", "installed are")


@pytest.mark.parametrize("field", ["mode", "output_format", "rvc_f0_method"])
def test_a_long_wrong_word_is_quoted_short_and_its_quotes_are_closed(shared: Room, field: str):
    refused(shared.client.post("/jobs", json={**HELLO, field: "x" * 10_000}), 400, field, f"'{'x' * 60}' is not")
