"""Every endpoint of the contract is reached from some screen."""

from __future__ import annotations

import re
from pathlib import Path

from tests.http.test_openapi import CONTRACT

SOURCES = Path(__file__).parents[2] / "studio" / "src"
#: Of these the list, which a screen shows, says all; or they are for machines.
TOLD_BY_LISTS = {
    ("get", "/rvc-models/{model_id}"), ("get", "/quality-profiles/{engine}"), ("get", "/quality-profiles/{engine}/{profile_id}"),
    ("get", "/consents/{consent_id}"), ("get", "/live"),
}  # fmt: skip


def asked() -> set[tuple[str, str]]:
    """What the page's sources ask for, with the names of parameters left open."""
    found = set()
    for path in SOURCES.rglob("*.ts*"):
        if path.name == "schema.ts":
            continue
        text = path.read_text("utf-8")
        found |= {(method.lower(), where) for method, where in re.findall(r'api\.([A-Z]+)\("([^"]+)"', text)}
        found |= {("post", where) for where in re.findall(r'upload(?:<[^>]*(?:<[^>]*>)?[^>]*>)?\("([^"]+)"', text)}
        plain = re.findall(r'(?:fetched|send|save)\(\s*[`"](/[^`"?]+)', text)
        found |= {("get", re.sub(r"\$\{[^}]*\}", "{}", where)) for where in plain}
        if "source={voice.sample_url}" in text:
            found.add(("get", "/voices/{}/sample"))
        if "each.recording?.url" in text:
            found.add(("get", "/consents/{}/recording"))
    return {(method, re.sub(r"\{[^}]*\}", "{}", where)) for method, where in found}


def test_every_endpoint_of_the_contract_is_reached_from_some_screen():
    wanted = {
        each for each in CONTRACT if each[0] != "head" and not each[1].startswith(("/v1/", "/v2/"))
    } - TOLD_BY_LISTS
    reached = asked()
    assert {each for each in wanted if (each[0], re.sub(r"\{[^}]*\}", "{}", each[1])) not in reached} == set()
