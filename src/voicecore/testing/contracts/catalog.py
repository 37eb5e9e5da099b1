"""What every `Catalog` does."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from voicecore.access import KeyLimits, Scope, secret_digest
from voicecore.errors import Conflict, NameTaken, NotFound
from voicecore.ports import Catalog
from voicecore.testing.fakes import START
from voicecore.testing.samples import api_key, consent, conversion_model, profile, voice
from voicecore.voice import VoiceId

HOUR = timedelta(hours=1)


class CatalogContract:
    """Subclass it, override `make_catalog`, run pytest."""

    def make_catalog(self) -> Catalog:
        """A new, empty catalogue."""
        raise NotImplementedError

    @pytest.fixture
    def catalog(self) -> Iterator[Catalog]:
        catalog = self.make_catalog()
        yield catalog
        catalog.close()

    def test_an_added_voice_is_read_back_equal(self, catalog: Catalog) -> None:
        ana = replace(
            voice(name="Ana Conceição 🎙"),
            notes=("one", "two"),
            consent="“Sim.”",
            consents=("cons_1", "cons_2"),
            description="Clara",
        )
        catalog.voices.add(ana)
        assert catalog.voices.get(ana.id) == ana

    def test_an_added_profile_is_read_back_equal(self, catalog: Catalog) -> None:
        calm = replace(profile(), parameters={"speed": 0.1 + 0.2, "top_k": 50})
        catalog.profiles.add(calm)
        assert catalog.profiles.get(calm.id) == calm

    def test_an_added_conversion_model_is_read_back_equal(self, catalog: Catalog) -> None:
        luisa = replace(
            conversion_model(name="Luísa 🎙"), notes=("one", "two"), description="Clara", vectors=0, f0=False
        )
        catalog.models.add(luisa)
        assert catalog.models.get(luisa.id) == luisa
        assert tuple(catalog.models.all()) == (luisa,)
        with pytest.raises(NameTaken):
            catalog.models.add(conversion_model("rvc_2", "LUÍSA 🎙"))
        assert catalog.models.delete(luisa.id)
        assert catalog.models.get(luisa.id) is None

    def test_an_added_key_is_read_back_equal(self, catalog: Catalog) -> None:
        key = replace(
            api_key(name="Telefone 🎙"), scopes=frozenset({Scope.CLONE, Scope.ADMIN}), expires_at=START + HOUR,
            limits=KeyLimits(requests_per_minute=0, streams=3),
        ).rotated(secret_digest("t" * 32, "pepper"), START, START + HOUR)  # fmt: skip
        catalog.keys.add(key)
        assert catalog.keys.get(key.id) == key
        catalog.keys.replace(replace(key, revoked_at=START))
        assert tuple(catalog.keys.all()) == (replace(key, revoked_at=START),)

    def test_the_name_of_a_revoked_key_is_free_again(self, catalog: Catalog) -> None:
        catalog.keys.add(api_key("key_1", "Ana"))
        with pytest.raises(NameTaken):
            catalog.keys.add(api_key("key_2", "ANA"))
        catalog.keys.replace(replace(api_key("key_1", "Ana"), revoked_at=START))
        catalog.keys.add(api_key("key_2", "ANA"))
        catalog.keys.replace(replace(api_key("key_2", "ANA"), revoked_at=START))
        catalog.keys.add(api_key("key_3", "Ana"))
        assert [each.id for each in catalog.keys.all()] == ["key_1", "key_2", "key_3"]

    def test_every_owner_has_names_of_his_own(self, catalog: Catalog) -> None:
        catalog.voices.add(voice("voice_1", "Ana"))
        catalog.voices.add(voice("voice_2", "Ana", owner="key_a"))
        catalog.voices.add(voice("voice_3", "ana", owner="key_b"))
        for owner in ("", "key_a", "key_b"):
            with pytest.raises(NameTaken):
                catalog.voices.add(voice("voice_4", "ANA", owner=owner))
        catalog.voices.add(voice("voice_4", "Bia", owner="key_a"))
        with pytest.raises(NameTaken):
            catalog.voices.replace(voice("voice_4", "ANA", owner="key_a"))
        assert catalog.voices.delete("voice_2")
        catalog.voices.replace(voice("voice_4", "ANA", owner="key_a"))
        assert [(each.owner, each.name) for each in catalog.voices.all()] == [
            ("", "Ana"), ("key_b", "ana"), ("key_a", "ANA"),
        ]  # fmt: skip

    def test_an_added_consent_is_read_back_equal_and_its_person_may_consent_again(self, catalog: Catalog) -> None:
        ana = consent()
        catalog.consents.add(ana)
        catalog.consents.add(consent("cons_2", ana.statement.by))
        assert [each.id for each in catalog.consents.all()] == ["cons_1", "cons_2"]
        withdrawn = replace(
            ana, statement=replace(ana.statement, recording=None), language=None, source_job_id="job_1",
            revoked_at=START,
        )  # fmt: skip
        catalog.consents.replace(withdrawn)
        assert catalog.consents.get(ana.id) == withdrawn
        with pytest.raises(NameTaken):
            catalog.consents.add(ana)
        assert catalog.consents.delete(ana.id)
        assert catalog.consents.get(ana.id) is None

    def test_what_is_not_there_is_none(self, catalog: Catalog) -> None:
        assert catalog.voices.get("voice_none") is None
        assert tuple(catalog.voices.all()) == ()
        assert not catalog.voices.delete("voice_none")

    def test_all_things_come_in_the_order_of_adding(self, catalog: Catalog) -> None:
        for voice_id, name in (("voice_b", "Zoé"), ("voice_c", "Ana"), ("voice_a", "Maria")):
            catalog.voices.add(voice(voice_id, name))
        catalog.voices.replace(voice("voice_b", "Bia"))
        assert [(each.id, each.name) for each in catalog.voices.all()] == [
            ("voice_b", "Bia"), ("voice_c", "Ana"), ("voice_a", "Maria"),
        ]  # fmt: skip

    def test_there_is_room_for_so_many_things_and_no_more(self, catalog: Catalog) -> None:
        catalog.models.add(conversion_model("rvc_1", "Ana"), room=2)
        catalog.models.add(conversion_model("rvc_2", "Bia"), room=2)
        with pytest.raises(Conflict, match="2 of them"):
            catalog.models.add(conversion_model("rvc_3", "Lia"), room=2)
        with pytest.raises(NameTaken):
            catalog.models.add(conversion_model("rvc_3", "ANA"), room=2)
        assert [each.id for each in catalog.models.all()] == ["rvc_1", "rvc_2"]
        assert catalog.models.delete("rvc_1")
        catalog.models.add(conversion_model("rvc_3", "Lia"), room=2)
        catalog.models.add(conversion_model("rvc_4", "Rui"))
        catalog.voices.add(voice(), room=1)

    def test_those_who_add_at_the_same_time_do_not_pass_the_room(self, catalog: Catalog) -> None:
        def add(number: int) -> bool:
            try:
                catalog.models.add(conversion_model(f"rvc_{number}", f"Modelo {number}"), room=3)
            except Conflict:
                return False
            return True

        with ThreadPoolExecutor(8) as threads:
            assert sum(threads.map(add, range(16))) == 3
        assert len(catalog.models.all()) == 3

    def test_an_id_in_use_is_taken(self, catalog: Catalog) -> None:
        catalog.voices.add(voice("voice_1", "Ana"))
        with pytest.raises(NameTaken):
            catalog.voices.add(voice("voice_1", "Bia"))
        assert [each.name for each in catalog.voices.all()] == ["Ana"]

    @pytest.mark.parametrize(("first", "second"), [
        ("Ana", "Ana"), ("Ana", "ANA"), ("José", "JOSÉ"), ("Jos\u00e9", "JOSE\u0301"), ("Groß", "GROSS"), ("Ana", " ana "),
        ("ΣΊΣΥΦΟΣ", "σίσυφος"),
    ])  # fmt: skip
    def test_a_name_in_use_is_taken_whatever_its_case(self, catalog: Catalog, first: str, second: str) -> None:
        catalog.voices.add(voice("voice_1", first))
        with pytest.raises(NameTaken):
            catalog.voices.add(voice("voice_2", second))
        catalog.voices.add(voice("voice_3", "Bia"))
        with pytest.raises(NameTaken):
            catalog.voices.replace(voice("voice_3", second))
        assert [each.name for each in catalog.voices.all()] == [first, "Bia"]

    def test_a_thing_may_be_renamed_to_its_own_name(self, catalog: Catalog) -> None:
        catalog.voices.add(voice("voice_1", "Ana"))
        catalog.voices.replace(voice("voice_1", "ANA"))
        assert [each.name for each in catalog.voices.all()] == ["ANA"]

    def test_a_name_is_free_again_after_renaming_or_deleting(self, catalog: Catalog) -> None:
        catalog.voices.add(voice("voice_1", "Ana"))
        catalog.voices.replace(voice("voice_1", "Bia"))
        catalog.voices.add(voice("voice_2", "Ana"))
        assert catalog.voices.delete("voice_2")
        catalog.voices.add(voice("voice_3", "ana"))
        assert [each.id for each in catalog.voices.all()] == ["voice_1", "voice_3"]

    def test_replacing_what_is_not_there_is_not_found(self, catalog: Catalog) -> None:
        with pytest.raises(NotFound):
            catalog.voices.replace(voice())
        assert tuple(catalog.voices.all()) == ()

    def test_shelves_do_not_share_ids_or_names(self, catalog: Catalog) -> None:
        catalog.voices.add(voice("same", "Same"))
        catalog.profiles.add(profile("same", "Same"))
        catalog.models.add(conversion_model("same", "Same"))
        catalog.consents.add(consent("same"))
        assert catalog.voices.delete("same")
        assert catalog.profiles.get("same") is not None
        assert catalog.profiles.delete("same")
        assert catalog.models.get("same") is not None

    def test_an_id_is_only_a_text(self, catalog: Catalog) -> None:
        for item_id in ("", "'; DROP TABLE item; --", "é", "\x00", "x" * 10_000):
            catalog.voices.add(replace(voice(name=f"Voz {len(item_id)} {item_id[:1].isalpha()}"), id=VoiceId(item_id)))
            assert catalog.voices.get(item_id) is not None
            assert catalog.voices.delete(item_id)

    def test_no_engine_has_a_default_profile_until_one_is_set(self, catalog: Catalog) -> None:
        assert catalog.default_profile("tone") is None
        catalog.set_default_profile("tone", "calm")
        catalog.set_default_profile("other", "natural")
        catalog.set_default_profile("tone", "expressive")
        assert (catalog.default_profile("tone"), catalog.default_profile("other")) == ("expressive", "natural")
        catalog.set_default_profile("tone", None)
        catalog.set_default_profile("tone", None)
        assert (catalog.default_profile("tone"), catalog.default_profile("other")) == (None, "natural")

    def test_closing_twice_is_harmless(self, catalog: Catalog) -> None:
        catalog.close()
        catalog.close()
