"""Agreement of Portuguese numbers with the noun after them: `duas casas`, `duzentas pessoas`.

Only what can be told from the next word: most plurals in -as, -ções, -dades and the like are feminine; the
exceptions that are counted often are listed. In doubt a number stays masculine, which is also how labels
are read (`página dois`).
"""

from __future__ import annotations

import re

from adapters.engines.kokoro.spoken.lexicon import word_set
from adapters.engines.kokoro.spoken.numerals import Gender

_NEXT_NOUN = re.compile(r"(?: mil)?(?P<more> (?:a|ou|e|até) \d{1,9}(?: mil)?)? (?P<word>[a-zà-öø-ÿ]{2,30})(?![\w@.]*@)")

_NEXT_PLURAL = re.compile(r" ([a-zà-öø-ÿ]{4,30}s)(?!\w)")
_PLURAL_ENDINGS = ("as", "ãs", "ções", "sões", "dades", "tudes", "gens")
_SINGULAR_ENDINGS = ("ção", "são", "dade", "tude", "gem")
_MASCULINE = word_set(
    "dias mapas problemas sistemas programas temas planetas cinemas poemas esquemas idiomas gramas quilogramas "
    "miligramas telegramas teoremas dilemas diplomas aromas sintomas fantasmas emblemas cometas telefonemas traumas "
    "papas patriarcas climas atletas artistas turistas motoristas dentistas jornalistas economistas colegas guias "
    "piratas poetas pilotas corações cardiologistas especialistas ciclistas taxistas tenistas pianistas analistas "
    "ativistas cientistas gols reais pijamas sofás crachás chás personagens jovens "
    "mas as das nas às pelas aquelas essas estas elas suas minhas nossas apenas atrás jamais aliás mediante são vão "
    "então grão chão pão irmão não tão órgão cidadão"
)
_FEMININE = word_set(
    "mulheres vezes mães noites tardes partes classes fases bases frases chaves naves nuvens ordens aves mortes "
    "crises teses sedes redes paredes árvores flores cores dores luzes vozes cruzes raízes atrizes mãos fotos motos "
    "tribos leis vítimas crianças pontes fontes lentes mentes gentes serpentes sementes correntes torres neves "
    "colheres peles febres greves gripes equipes hélices matrizes diretrizes cicatrizes doses estantes hipóteses "
    "sínteses metástases idades virgens horas vidas delas outras questões gestões"
)
#: Counted by one alone: "em 2021 compra a casa" is no purchase.
_FEMININE_SINGULAR = word_set(
    "pessoa questão gestão casa hora vez mulher noite parte semana página linha folha coluna palavra letra mesa cadeira sala porta "
    "janela criança menina aluna professora garota moça amiga irmã filha mãe avó tia prima família empresa escola "
    "loja fábrica cidade vila rua estrada praia ilha xícara colher garrafa caixa lata fatia pitada dose gota bola "
    "maçã laranja banana flor árvore planta vaca galinha ovelha foto moto peça unidade tonelada libra milha dúzia "
    "centena dezena década quinzena música nota aula prova pergunta resposta ideia coisa vaga chance cópia carta "
    "mensagem conta compra venda entrada saída viagem volta rodada partida vitória derrota medalha taça copa câmera "
    "tela imagem série temporada cena outra nova única letra"
)


def gender_after(text: str, position: int, *, single: bool) -> Gender:
    """The gender of the noun that follows `position`; `f` only when that can be told.

    Args:
        text: the whole text.
        position: where the number ends.
        single: whether the number is one, so that a singular noun follows.
    """
    match = _NEXT_NOUN.match(text, position)
    if match is None:
        return None
    word = match["word"]
    single = single and not match["more"]
    if word in (_FEMININE_SINGULAR if single else _FEMININE):
        return "f"
    endings = _SINGULAR_ENDINGS if single else _PLURAL_ENDINGS
    return "f" if len(word) >= 4 and word.endswith(endings) and word not in _MASCULINE else None


_FEMININE_WORDS = re.compile(r"\b(?:um|dois|\w+entos)\b")
_BIG = re.compile(r"^.*(?:ilhão|ilhões)\b")


def agree(words: str, gender: Gender) -> str:
    """Number words before a feminine noun; millions and above count themselves, so they stay."""
    if gender != "f":
        return words
    big = _BIG.match(words)
    kept = big[0] if big else ""
    return kept + _FEMININE_WORDS.sub(_feminine, words[len(kept) :])


def _feminine(match: re.Match[str]) -> str:
    word = match[0]
    return {"um": "uma", "dois": "duas"}.get(word, word[:-2] + "as")


def needs_of(text: str, position: int) -> bool:
    """Whether a plural noun follows directly, so that a bare million takes `de`: `um milhão de pessoas`."""
    match = _NEXT_PLURAL.match(text, position)
    return match is not None and match[1] not in _MASCULINE - frozenset(["dias", "reais", "jovens", "gramas"])
