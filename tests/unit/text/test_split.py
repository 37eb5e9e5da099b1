"""What a caller of `split` may count on, by example."""

from __future__ import annotations

import subprocess
import sys

import pytest

from voicecore.errors import InvalidInput, InvalidText
from voicecore.language import Language
from voicecore.text import Segment, split

PT, EN, JA, ZH = Language("pt", "BR"), Language("en"), Language("ja"), Language("zh")


def texts(text: str, language: Language = PT, limit: int = 200, preferred: int | None = None) -> list[str]:
    return [each.text for each in split(text, language, limit=limit, measure=len, preferred=preferred)]


# --- shape ------------------------------------------------------------------------------------------
def test_a_segment_says_where_it_came_from_and_what_silence_follows() -> None:
    text = "  Era uma vez um rei.  Ele tinha\tum castelo.\n\nFim da história."
    assert split(text, PT, limit=200, measure=len) == (
        Segment(0, 0, 23, "Era uma vez um rei.", 0.28),
        Segment(1, 23, 46, "Ele tinha um castelo.", 0.55),
        Segment(2, 46, 62, "Fim da história.", 0.0),
    )


def test_an_empty_text_has_no_segments() -> None:
    assert split("", PT, limit=10, measure=len) == ()


def test_a_text_with_nothing_to_speak_is_one_silent_segment() -> None:
    assert split(" ... !!\n", PT, limit=10, measure=len) == (Segment(0, 0, 8, "", 0.0),)


@pytest.mark.parametrize("wrong", [{"limit": 0}, {"limit": 5, "preferred": 0}])
def test_a_limit_below_one_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(InvalidInput, match="give 1 or more"):
        split("Oi", PT, measure=len, **wrong)


def test_blanks_are_written_as_one_space() -> None:
    assert texts("Um homem\u00a0muito \n velho morava ali.") == ["Um homem muito velho morava ali."]


def test_a_wrapped_line_of_japanese_gets_no_space() -> None:
    assert texts("今日はとても天気がいいので、みんなで公園に散\n歩に行きましょう。", JA) == [
        "今日はとても天気がいいので、みんなで公園に散歩に行きましょう。"
    ]


def test_a_wrapped_line_of_korean_keeps_its_space() -> None:
    assert texts("저는 오늘 학교에서 친구들과 함께 점심을\n먹고 집에 왔습니다", Language("ko")) == [
        "저는 오늘 학교에서 친구들과 함께 점심을 먹고 집에 왔습니다"
    ]


# --- short sentences --------------------------------------------------------------------------------
def test_a_one_word_sentence_is_spoken_with_the_next() -> None:
    assert texts("Oi. Eu cheguei agora de viagem. Estou cansado hoje.") == [
        "Oi. Eu cheguei agora de viagem.",
        "Estou cansado hoje.",
    ]


def test_a_one_word_sentence_at_the_end_is_spoken_with_the_one_before() -> None:
    assert texts("Eu cheguei agora de viagem. Estou cansado hoje. Sim.") == [
        "Eu cheguei agora de viagem.",
        "Estou cansado hoje. Sim.",
    ]


def test_a_short_sentence_stays_in_its_paragraph() -> None:
    assert texts("Oi.\n\nEu cheguei agora de viagem.\n\nSim.") == ["Oi.", "Eu cheguei agora de viagem.", "Sim."]


def test_short_list_items_are_not_run_together() -> None:
    assert texts("Compre:\n- pão\n- leite\n- café") == ["Compre:", "- pão", "- leite", "- café"]


def test_short_lines_that_end_in_a_full_stop_are_joined() -> None:
    assert texts("— Oi.\n— Tudo bem com você hoje?") == ["— Oi. — Tudo bem com você hoje?"]


def test_joining_never_forces_a_cut() -> None:
    sentence = "Eu cheguei agora de viagem longa."
    assert texts(f"Oi. {sentence}", limit=len(sentence)) == ["Oi.", sentence]


def test_full_width_letters_weigh_double() -> None:
    assert texts("好。我今天很高兴啊。", ZH) == ["好。我今天很高兴啊。"]
    assert texts("我今天很高兴啊。你也很高兴啊。", ZH) == ["我今天很高兴啊。", "你也很高兴啊。"]


# --- long sentences ---------------------------------------------------------------------------------
def test_a_long_sentence_is_cut_at_its_comma() -> None:
    assert texts("Quando cheguei em casa depois do trabalho, todos já estavam dormindo.", limit=50) == [
        "Quando cheguei em casa depois do trabalho,",
        "todos já estavam dormindo.",
    ]


def test_a_long_sentence_without_punctuation_is_cut_before_a_conjunction() -> None:
    assert texts("O menino comprou pão na padaria da esquina e depois voltou para casa", limit=50) == [
        "O menino comprou pão na padaria da esquina",
        "e depois voltou para casa",
    ]


def test_no_one_word_tail_is_left() -> None:
    text = "um dois três quatro cinco seis sete oito nove dez onze doze treze quatorze quinze dezesseis"
    parts = texts(text, limit=len(text) - 1)
    assert len(parts) == 2
    assert abs(len(parts[0]) - len(parts[1])) <= 10


def test_a_title_and_a_number_with_blanks_hold_together() -> None:
    assert texts("Ontem de manhã encontramos o Dr. Silva naquela praça antiga", limit=40) == [
        "Ontem de manhã encontramos",
        "o Dr. Silva naquela praça antiga",
    ]
    assert texts("Naquela cidade moravam mais 10 000 000 pessoas do que agora", limit=40) == [
        "Naquela cidade moravam mais",
        "10 000 000 pessoas do que agora",
    ]


def test_the_pause_after_a_cut_is_the_pause_of_its_punctuation() -> None:
    def pauses(text: str, limit: int) -> list[float]:
        return [each.pause_after_s for each in split(text, PT, limit=limit, measure=len)]

    assert pauses("Quando chegou em casa, todos já dormiam", 25) == [0.12, 0.0]
    assert pauses("Ele chegou cedo em casa; todos já dormiam", 25) == [0.18, 0.0]
    assert pauses("Ele chegou cedo em casa — todos já dormiam", 26) == [0.18, 0.0]
    assert pauses("Ele chegou bem cedo ontem todos já dormiam", 25) == [0.0, 0.0]
    assert pauses("天气真的非常好；我们现在就去公园吧", 25) == [0.18, 0.0]


def test_japanese_is_cut_at_its_comma_or_after_kana() -> None:
    text = "昨日は友達と一緒に映画を見て、それから美味しい料理を食べました。"
    assert texts(text, JA, limit=20) == ["昨日は友達と一緒に映画を見て、", "それから美味しい料理を食べました。"]
    first, second = texts("昨日私は友達と一緒に新しい映画館に行きました", JA, limit=14)
    assert (first, second) == ("昨日私は友達と一緒に", "新しい映画館に行きました")


def test_a_word_longer_than_the_limit_is_cut_and_kept() -> None:
    word = "x" * 10_000
    parts = texts(word, EN, limit=250)
    assert "".join(parts) == word
    assert max(map(len, parts)) <= 250
    assert len(parts) <= 64


def test_a_long_address_is_kept_whole_where_it_fits() -> None:
    address = "https://example.com/um/caminho/muito/longo?com=parametros&e=valores"
    assert address in texts(f"Para saber mais sobre isto acesse {address} ainda hoje", limit=len(address))


def test_no_emoji_is_torn() -> None:
    family = "👨‍👩‍👧‍👦"
    parts = texts(family * 40, limit=20)
    assert parts == [family * (len(part) // len(family)) for part in parts]
    assert "".join(parts) == family * 40


def test_a_grapheme_over_the_limit_is_refused_by_name_and_place() -> None:
    with pytest.raises(InvalidText, match="position 8 has size 31, over the limit of 30"):
        split("Um texto" + "o" + "\u0301" * 30, PT, limit=30, measure=len)


# --- ornaments --------------------------------------------------------------------------------------
def test_a_line_of_ornaments_is_in_the_span_and_not_spoken() -> None:
    text = "Assim acabou o dia deles.\n\n* * *\n\nNo outro dia choveu muito."
    first, second = split(text, PT, limit=200, measure=len)
    assert (first.text, second.text) == ("Assim acabou o dia deles.", "No outro dia choveu muito.")
    assert text[first.start : first.end].rstrip().endswith("* * *")
    assert first.pause_after_s == 0.55


def test_marks_that_open_a_text_go_with_its_first_sentence() -> None:
    assert texts("... Então ele partiu para longe.") == ["... Então ele partiu para longe."]
    assert texts("***\n\nEntão ele partiu para longe.") == ["Então ele partiu para longe."]


def test_a_flood_of_marks_does_not_make_silent_segments() -> None:
    assert texts("Não" + "!" * 9_000, limit=100) == ["Não"]
    assert texts("Não" + "!" * 9_000 + "Sim", limit=100) == ["Não", "Sim"]


# --- what other splitters lose or break ---------------------------------------------------------------
def test_signs_that_splitters_use_as_placeholders_are_only_text() -> None:
    text = "Isto é a&ᓰ&b ∯ um teste. E isto ♬ também é ȸ um teste."
    assert " ".join(texts(text)) == text


def test_a_run_of_marks_is_not_taken_apart() -> None:
    assert texts("Não acredito nisso" + "." * 30 + " Nem eu acreditei" + "!" * 20) == [
        "Não acredito nisso" + "." * 30,
        "Nem eu acreditei" + "!" * 20,
    ]


def test_a_closing_quote_stays_with_its_sentence() -> None:
    assert texts("他对我们大家说：“走吧。”“好的我们走吧！”她说得很大声。", ZH) == [
        "他对我们大家说：“走吧。”",
        "“好的我们走吧！”",
        "她说得很大声。",
    ]


def test_the_rest_after_a_long_word_is_not_dropped() -> None:
    text = "Veja " + "z" * 500 + " agora mesmo"
    assert "".join(texts(text, limit=203)).replace(" ", "") == text.replace(" ", "")


# --- first audio ------------------------------------------------------------------------------------
def test_a_sentence_over_the_preferred_size_is_cut_at_its_punctuation() -> None:
    text = "Quando cheguei em casa depois do trabalho, todos já estavam dormindo."
    assert texts(text, preferred=45) == [
        "Quando cheguei em casa depois do trabalho,",
        "todos já estavam dormindo.",
    ]


def test_a_sentence_over_the_preferred_size_is_not_cut_at_a_blank() -> None:
    text = "Quando cheguei em casa depois do trabalho todos já estavam dormindo."
    assert texts(text, preferred=45) == [text]


def test_the_wish_for_early_audio_leaves_no_short_piece() -> None:
    text = "Sim, eu cheguei em casa muito depois de todos os outros, não."
    assert texts(text, preferred=20) == [text]


# --- stability --------------------------------------------------------------------------------------
STORY = [f"Esta é a frase número {number} desta história comprida." for number in range(40)]


@pytest.mark.parametrize("edited", [0, 17, 39])
def test_editing_one_sentence_leaves_the_texts_of_the_others(edited: int) -> None:
    before = texts(" ".join(STORY))
    changed = [*STORY[:edited], "Aqui alguém escreveu outra coisa, bem diferente, no lugar.", *STORY[edited + 1 :]]
    after = texts(" ".join(changed))
    assert [at for at, (one, other) in enumerate(zip(before, after, strict=True)) if one != other] == [edited]


def test_adding_a_short_sentence_changes_one_segment() -> None:
    before, after = texts(" ".join(STORY)), texts(" ".join([*STORY[:20], "Oi.", *STORY[20:]]))
    assert len(before) == len(after)
    assert sum(one != other for one, other in zip(before, after, strict=True)) == 1


# --- cost -------------------------------------------------------------------------------------------
def count_calls(text: str, language: Language, limit: int, preferred: int | None = None) -> tuple[int, int]:
    sizes: list[int] = []

    def measure(part: str) -> int:
        sizes.append(len(part))
        return len(part)

    segments = split(text, language, limit=limit, measure=measure, preferred=preferred)
    return len(sizes), len(segments)


@pytest.mark.parametrize(
    "text",
    [
        "x" * 10_000,
        "Oi. " * 2_500,
        "palavra " * 1_250,
        "uma palavra, outra palavra; e mais " * 285,
        "今日はいい天気ですね" * 1_000,
        "你好。" * 3_300,
        "a" + "!" * 9_000 + "b",
        "👨‍👩‍👧‍👦" * 900,
        "Um. Dois! Três? Uma frase um pouco mais longa. " * 200,
    ],
)
@pytest.mark.parametrize("limit", [20, 250])
def test_measuring_is_rare(text: str, limit: int) -> None:
    calls, segments = count_calls(text, EN, limit, preferred=limit // 2)
    sentences = text.count(".") + text.count("。") + text.count("!") % 9_000 + text.count("?")
    assert calls <= 3 * (segments + sentences) + 3


def test_importing_it_loads_nothing_beyond_the_standard_library() -> None:
    probe = (
        "import sys; before = set(sys.modules)\n"
        "import voicecore.text.packing\n"
        "new = {name.partition('.')[0] for name in set(sys.modules) - before} - {'voicecore'}\n"
        "print(*sorted(name for name in new if name not in sys.stdlib_module_names and not name.startswith('numpy')))"
    )
    done = subprocess.run([sys.executable, "-I", "-c", probe], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
