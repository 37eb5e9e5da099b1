"""Where sentences end, by language. A bar in a row marks each place where a reader would stop."""

from __future__ import annotations

import pytest

from voicecore.language import Language
from voicecore.text.graphemes import breaks
from voicecore.text.lines import blocks
from voicecore.text.sentences import sentences


def sentences_of(text: str, tag: str) -> list[str]:
    language = Language.parse(tag)
    return [
        text[each.start : each.end].strip()
        for block in blocks(text, breaks(text))
        for each in sentences(text, block.start, block.end, block.closing, language)
    ]


TABLE = {
    "pt-BR": [
        "O Sr. Silva chegou. | A Sra. Souza saiu.",
        "O Dr. João e a Dra. Maria vieram. | O Prof. Pedro não.",
        "Ao Exmo. Sr. Dr. Juiz de Direito. | Peço vênia.",
        "Há frutas, p. ex. bananas e uvas. | Compre todas.",
        "Há frutas, p.ex. bananas. | Compre.",
        "Trouxe pão, leite etc. para casa. | Depois dormiu.",
        "Trouxe pão, leite, etc. | Depois dormiu.",
        "Veja a pág. 10 e o art. 5 da lei. | É claro.",
        "Mora na Av. Paulista, nº 1.578, apto. 12. | Gosta dali.",
        "Custa R$ 1.234,56 à vista. | É caro!",
        "O valor de pi é 3.14 ou 3,14. | Depende do país.",
        "A reunião é às 10.30 da manhã. | Não se atrase.",
        "Nasceu em 1990. | Morreu em 2020.",
        "Acesse example.com.br/ajuda?a=b. | Lá está tudo.",
        "Escreva para ana.lima@example.com. | Ela responde.",
        "Abra o arquivo relatorio.final.pdf. | Leia tudo.",
        "Instale a versão v1.2.3. | Ela é melhor.",
        "Eu acho... que não sei. | Talvez... | Quem sabe?",
        "Então… vamos embora? | Vamos!",
        "“Vem cá!” disse ele. | “Já vou”, respondeu ela.",
        "Ele disse: “Venha.” | Ela foi.",
        "— Oi! — disse ele. | — Tudo bem?",
        "O quê?! | Não acredito!!! | Sério?",
        "Lia J. K. Rowling e J.R.R. Tolkien. | Gostava dos dois.",
        "D. Pedro II reinou muito. | Depois veio a República.",
        "No séc. XIX tudo mudou. | No séc. XX, também.",
        "A Silva Ltda. fechou. | A Costa S.A. abriu.",
        "oi. tudo bem? eu vou bem. e você?",
        "Morreu em 44 a.C. em Roma. | Era ditador.",
        "1. Primeiro passo. | 2. Segundo passo.",
        "1. Lave 2. Corte 3. Sirva",
        "(Isto é um aparte.) | Isto não é.",
        "Vitamina C. | Ela faz bem.",
        "Chegou o Cap. Nascimento. | Veja o cap. 3. | Leia.",
        "A empresa Foo Ltda. | O dono saiu.",
        "O prof. disse: “Estude!”. | Ele estudou.",
        "1.) Lave bem. | 2.) Corte fino.",
        "E daí...? | Nada.",
        "Falei com J. A. Souza e M. O. Lima. | A Ana viu.",
    ],
    "en": [
        "Mr. Smith met Mrs. Jones. | They talked.",
        "He lives on Main St. in town. | She doesn't.",
        "He lives on Main St. | She lives elsewhere.",
        "It was Apple vs. Google. | Nobody won.",
        "Use a tool, e.g. a hammer, i.e. the big one. | Then stop.",
        "We left at 5 p.m. on Monday. | It rained.",
        "We left at 5 p.m. | It rained.",
        "The U.S. Government paid. | He left the U.S. | Then he returned.",
        "J. K. Rowling wrote it. | George W. Bush read it.",
        "It costs $3.14. | Cheap!",
        "See Fig. 2 and No. 5. | No. | That's wrong.",
        "Go to https://example.com/a.b?c=D!e. | Then click.",
        'He said "Stop!" and left. | "Why?" she asked.',
        "She has a Ph.D. in physics. | He has none.",
        "Born Jan. 5, 1990. | Died in May.",
        "Wait... what? | Oh… never mind.",
        "It works (mostly.) | We hope.",
        "Dr. Who? | Yes!",
        "This is known.[3] | Other things aren't.",
        "He ran Node.js v18.2. | It crashed.",
        "**Bold move.** | Next one.",
        "That is JFK Jr.'s book. | He wrote it.",
        "I live in the E.U. | How about you?",
        "We are a team, you and I. | Did you see Albert I. Jones?",
        "He teaches (he was an engineer.) at school. | Really?",
        "Less complex. . . . | Next sentence.",
        "I meant that.... | She left.",
        "See N°. 1026.253. | That is where it is.",
        "• 9. The first item",
    ],
    "es": [
        "El Sr. López habló con la Dra. Ruiz. | Fue breve.",
        "¿Qué tal? | ¡Muy bien! | ¿Y tú?",
        "¡Hola!¿Qué tal?",
        "Vive en EE.UU. desde 1990. | Ahora vuelve.",
        "Compró pan, p. ej. integral, etc. | Luego comió.",
        "—¿Vienes? —preguntó ella. | —No.",
    ],
    "fr": [
        "M. Dupont aime Mme Curie. | Il le dit.",
        "Vraiment ? | Bien sûr ! | Allons-y.",
        "« Oui ! » dit-il. | « Non. » | Elle partit.",
        "Voir p. 12 et art. 3. | Merci.",
        "Né en 50 av. J.-C. à Rome. | Mort jeune.",
        "Quoi... ? | Rien.",
    ],
    "it": [
        "Il sig. Rossi e la dott.ssa Bianchi. | Sono qui.",
        "Pane, latte ecc. | Poi tornò.",
        "Vedi pag. 3. | Grazie!",
        "L'avv. Neri parlò. | Tutti tacquero.",
    ],
    "de": [
        "Am 3. Oktober kam Dr. Müller. | Er blieb.",
        "Obst, z. B. Äpfel, d. h. gute. | Das reicht.",
        "Obst, z.B. Äpfel usw. | Das reicht.",
        "Im 19. Jahrhundert war es so. | Heute nicht.",
        "„Komm!“ sagte er. | »Nein.« | Sie ging.",
        "Im Jahr 44 v. Chr. starb Cäsar. | Er war alt.",
        "Siehe Nr. 5 und Abs. 2. | Danke.",
    ],
    "ja": [
        "今日は晴れです。|明日は雨でしょう。",
        "「行くよ。」と彼は言った。|私も行く！",
        "本当ですか？！|はい。",
        "「はい。」|「いいえ。」",
        "円周率は３．１４です。|覚えてね。",
    ],
    "zh": [
        "你好。|我叫小明！|你呢？",
        "天气很好；|我们去公园吧。",
        "他说：“走吧。”|“好！”|她说。",
        "你好!我是小明.你呢?",
        "版本是3.14。|价格是1,234元。",
    ],
    "ar": [
        "كيف حالك؟ | أنا بخير. | شكرا!",
        "جاء الولد؛ | ثم ذهب.",
    ],
    "ur": ["یہ کتاب ہے۔ | وہ قلم ہے۔"],
    "hi": [
        "मेरा नाम राम है। | आप कैसे हैं? | मैं ठीक हूँ।",
        "डॉ. शर्मा आए। | श्री. वर्मा गए।",
        "यह पहला है॥ | यह दूसरा है।",
    ],
    "ko": ["안녕하세요. | 저는 민수입니다! | 반갑습니다."],
    "ru": ["Он жил в г. Москве, на ул. Мира. | Потом уехал.", "А. С. Пушкин писал стихи. | Их любят."],
    "nl": ["Dhr. Jansen kocht brood, enz. | Hij at het op."],
    "pl": ["Np. prof. Nowak przyszedł 3. maja. | Potem wyszedł."],
    "sw": ["Habari za leo? | Nzuri sana. | Karibu!"],
}
#: Rows whose stops have no bar above because they need one without a blank, or where none is wanted.
UNSPACED = {
    "oi. tudo bem? eu vou bem. e você?": ["oi.", "tudo bem?", "eu vou bem.", "e você?"],
    "1. Lave 2. Corte 3. Sirva": ["1. Lave", "2. Corte", "3. Sirva"],
    "¡Hola!¿Qué tal?": ["¡Hola!", "¿Qué tal?"],
    "你好!我是小明.你呢?": ["你好!", "我是小明.", "你呢?"],
}
ROWS = [(tag, row) for tag, rows in TABLE.items() for row in rows]


@pytest.mark.parametrize(("tag", "row"), ROWS)
def test_a_sentence_ends_where_a_reader_would_stop(tag: str, row: str) -> None:
    text = row.replace(" | ", " ").replace("|", "")
    expected = UNSPACED.get(row, [part.strip() for part in row.split("|")])
    assert sentences_of(text, tag) == expected


def test_the_table_is_as_wide_as_it_claims() -> None:
    assert len(ROWS) >= 80
    assert {"pt-BR", "en", "es", "fr", "it", "de", "ja", "zh", "ar", "hi"} <= set(TABLE)


LINES = {
    "wrapped prose goes on": (
        "Era uma vez um homem muito velho que morava\nsozinho numa casa branca perto do mar.",
        ["Era uma vez um homem muito velho que morava\nsozinho numa casa branca perto do mar."],
    ),
    "a name at the start of a full line is no new line": (
        "Naquela tarde fria de inverno, enquanto chovia sem parar, o senhor\nPedro saiu.",
        ["Naquela tarde fria de inverno, enquanto chovia sem parar, o senhor\nPedro saiu."],
    ),
    "a blank line ends a paragraph without a full stop": ("Sem ponto\n\nOutro", ["Sem ponto", "Outro"]),
    "a blank line may hold blanks": ("Um\n \t\nDois", ["Um", "Dois"]),
    "Windows line ends count as one": ("Um\r\n\r\nDois", ["Um", "Dois"]),
    "Unicode's paragraph sign": ("Um\u2029Dois", ["Um", "Dois"]),
    "a title ends at its line": ("Capítulo Um\nEra uma vez.", ["Capítulo Um", "Era uma vez."]),
    "list items are apart": ("Compre:\n- pão\n- leite\n* café", ["Compre:", "- pão", "- leite", "* café"]),
    "numbered items are apart": ("1. Farinha\n2. Ovos\n10) Sal", ["1. Farinha", "2. Ovos", "10) Sal"]),
    "dialogue lines are apart": ("— Oi\n— Olá", ["— Oi", "— Olá"]),
    "an aside after a wrap is no list item": (
        "o velho homem da casa branca\n— aquele mesmo — veio ontem.",
        ["o velho homem da casa branca\n— aquele mesmo — veio ontem."],
    ),
    "a line that ends in a comma goes on": ("Batatas,\nArroz", ["Batatas,\nArroz"]),
    "an abbreviation at a line's end goes on": ("Falei com o Dr.\nSilva ontem.", ["Falei com o Dr.\nSilva ontem."]),
    "sentences on lines of their own": ("Uma frase.\nOutra frase.", ["Uma frase.", "Outra frase."]),
}


@pytest.mark.parametrize("name", LINES)
def test_a_line_break_ends_only_what_was_meant_to_end(name: str) -> None:
    text, expected = LINES[name]
    assert sentences_of(text, "pt") == expected
