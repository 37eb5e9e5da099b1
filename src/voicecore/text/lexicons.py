# ruff: noqa: RUF001 - punctuation and letters of many scripts are the subject here
"""Abbreviations and sentence openers of the languages that have them; data only, written by us.

Every entry is case-folded and without its last full stop. A language that is missing uses the shared entries.
"""

from __future__ import annotations

from dataclasses import dataclass, field

Words = frozenset[str]


def _words(line: str) -> Words:
    return frozenset(line.split())


_SHARED_LEADING = _words("mr mrs ms dr prof vs mt st nr no fig cf e.g i.e ca approx eq")
_SHARED_FINAL = _words("etc al inc ltd co corp jr sr bros")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lexicon:
    """What a language writes with a full stop that ends no sentence.

    Attributes:
        leading: stand before what they abbreviate something of (`Dr.`, `p. ex.`): never end a sentence.
        numbering: end none before a number (`p. 3`, `No. 5`); anywhere else they are plain words.
        listing: end a sentence if the next word has a capital (`etc.`).
        final: may end one, and then a frequent sentence opener follows (`in the U.S. He …`).
        openers: words that sentences often begin with.
        joining: words that a long sentence can be cut before (conjunctions and the like).
        ordinals: whether `3.` means "third", so that a number of one or two digits ends no sentence.
    """

    leading: Words = field(default=_SHARED_LEADING)
    numbering: Words = frozenset()
    listing: Words = field(default=_words("etc"))
    final: Words = field(default=_SHARED_FINAL)
    openers: Words = frozenset()
    joining: Words = frozenset()
    ordinals: bool = False


_PT = Lexicon(
    leading=_words(
        "sr sra srta srs sras dr dra drs dras prof profa profª exmo exma ilmo ilma revmo rev pe fr ir sto sta gov dep "
        "pres eng arq cel gen ten sgt cmte ex p.ex obs séc cf v.g apto vs mr mrs nº n.º bel mons d.ª"
    ),
    numbering=_words("pág págs p pp nº n no núm art arts inc vol caps fl fls tel fig figs r lei séc ed par cód cep"),
    listing=_words("etc p.m a.m"),
    final=_words("ltda cia s.a cap jr filho av al exa v.exa a.c d.c inc ltd aprox h"),
    openers=_words(
        "o a os as um uma ele ela eles elas eu nós você vocês isso isto esse essa este esta aquilo mas e ou não sim no "
        "na nos nas em de depois então quando se por para com quem que como onde já ainda também hoje ontem amanhã "
        "porém contudo assim agora lá aqui foi é era tudo todos nada nunca sempre seu sua meu minha"
    ),
    joining=_words(
        "e ou mas que porque pois quando se como embora enquanto onde porém para nem então já contudo todavia logo"
    ),
)
_EN = Lexicon(
    leading=_words(
        "mr mrs ms mx dr prof rev hon gen col lt sgt capt cpt cmdr maj gov sen rep pres supt mt messrs vs viz cf e.g eg "
        "i.e ie approx fr msgr"
    ),
    numbering=_words(
        "no nos n° nº fig figs p pp vol vols ch sec art eq ed pt para jan feb mar apr jun jul aug sep sept oct nov dec tel ext"
    ),
    listing=_words("etc a.m p.m"),
    final=_words(
        "st ave blvd rd inc ltd co corp jr sr bros u.s u.k u.n e.u d.c b.c a.d ph.d m.d b.a m.a dept est al min max hr "
        "hrs in ft oz lb"
    ),
    openers=_words(
        "the a an he she it they we i you his her its their our my your this that these those there here then now in on "
        "at for from with and but or so yet if when while who what where why how after before as not no yes it's he's "
        "she's they're we're i'm you're let do did is are was were all some many most one"
    ),
    joining=_words(
        "and or but that because when while if although though which who where since unless until so than whereas nor as"
    ),
)
_ES = Lexicon(
    leading=_words(
        "sr sra srta sres sras dr dra dres prof profa d dña dª ud uds vd vds lic ing arq gral cnel tte sto sta fr "
        "mons excmo excma ilmo ilma rvdo p.ej ej cf vs aprox avda mr mrs"
    ),
    numbering=_words("pág págs p pp núm nº n no art arts vol fig tel km ed tomo"),
    listing=_words("etc a.m p.m"),
    final=_words("s.a s.l cía ltda cap jr ee.uu uu a.c d.c av inc al"),
    openers=_words(
        "el la los las un una unos unas él ella ellos ellas yo tú nosotros usted ustedes esto eso este esta ese esa pero "
        "y o no sí en de por para con si cuando que quien como donde ya hoy ayer mañana después entonces luego también "
        "aún así ahora aquí allí su sus mi todo todos nada nunca siempre fue es era hay"
    ),
    joining=_words("y e o u pero que porque pues cuando si como aunque mientras donde para ni sino entonces"),
)
_FR = Lexicon(
    leading=_words(
        "m mm mme mmes mlle mlles dr pr prof me mgr st ste p.ex ex cf vs env bd boul c.à.d gén col cdt av apr"
    ),
    numbering=_words("p pp n no nos nº art vol chap fig tél t éd al"),
    listing=_words("etc"),
    final=_words("s.a s.a.r.l jr cie inc u.s al"),
    openers=_words(
        "le la les un une des il elle ils elles je tu nous vous on ce cet cette ces c'est mais et ou non oui en dans de "
        "du pour par avec si quand que qui comme où puis alors après aujourd'hui hier demain son sa ses leur tout tous "
        "rien jamais toujours ainsi ici là"
    ),
    joining=_words("et ou mais que qui parce car quand si comme où puisque lorsque tandis donc ni pour dont afin"),
)
_IT = Lexicon(
    leading=_words(
        "sig sigg sigra sig.ra sig.na dott dott.ssa dr prof prof.ssa ing avv arch rag geom on sen gen col mons don "
        "san s p.es es cfr vs ca egr gent spett"
    ),
    numbering=_words("pag pagg p pp n nn nr art artt vol fig tel ed sec par"),
    listing=_words("ecc etc"),
    final=_words("s.p.a s.r.l cap jr a.c d.c u.s.a al"),
    openers=_words(
        "il lo la i gli le un uno una lui lei loro egli io tu noi voi questo questa quello quella ma e o non no sì in di "
        "da per con se quando che chi come dove poi allora dopo oggi ieri domani anche così ora qui là suo sua mio "
        "tutto tutti niente mai sempre è era fu ci"
    ),
    joining=_words("e ed o ma che perché quando se come mentre dove poiché quindi né anche però oppure"),
)
_DE = Lexicon(
    leading=_words(
        "hr hrn fr frl dr prof dipl ing z.b d.h u.a i.d.r bzw ca evtl ggf inkl exkl vgl sog bspw zzgl zz gem lt st "
        "hl geb gest v v.chr n.chr mag rd max min"
    ),
    numbering=_words("nr s abs art bd kap abb tel seite ziff tab"),
    listing=_words("usw etc usf u.s.w"),
    final=_words("chr jh mio mrd str jr sr al co inc u.s"),
    openers=_words(
        "der die das den dem ein eine einer er sie es wir ihr ich du man dies diese dieser dieses aber und oder nein ja "
        "in im am an auf für von mit bei zu wenn als ob wer was wie wo dann danach nun jetzt heute gestern morgen auch "
        "so hier dort sein seine mein alle alles nichts nie immer nach vor doch da"
    ),
    joining=_words("und oder aber dass weil wenn als ob während obwohl damit sondern denn wo wie"),
    ordinals=True,
)
_NL = Lexicon(
    leading=_words("dhr mevr mw dr drs ir ing mr prof bijv bv d.w.z m.a.w o.a ca vgl nl i.p.v t.a.v t.o.v"),
    numbering=_words("nr blz p art tel fig hfst"),
    listing=_words("enz etc"),
    openers=_words(
        "de het een hij zij ze ik jij wij we dit dat deze die maar en of in op van met als toen dan nu hier"
    ),
    joining=_words("en of maar dat omdat want als toen terwijl hoewel dus"),
)
_PL = Lexicon(
    leading=_words("np dr prof mgr inż hab ks św im ul al tzn tzw m.in ok por gen płk ppłk"),
    numbering=_words("nr s str art tel poz rys ust"),
    listing=_words("itd itp"),
    ordinals=True,
    joining=_words("i a ale oraz lub że bo ponieważ gdy jeśli jak gdzie"),
)
_RU = Lexicon(
    leading=_words("г ул им проф акад т.е т.к т.н напр св гр см тов"),
    numbering=_words("стр с рис гл п ст тел №"),
    listing=_words("т.д т.п др"),
    final=_words("руб коп тыс млн млрд гг вв н.э"),
    openers=_words("он она они оно мы я вы ты это этот эта но и а в на по с если когда что кто как где потом"),
    joining=_words("и а но или что потому когда если как хотя где чтобы"),
)
_CS = Lexicon(leading=_words("např tzv tj mj dr prof ing mgr p sv ul nám"), numbering=_words("č s str čl tel"),
              listing=_words("atd apod"), ordinals=True, joining=_words("a ale nebo že protože když jako kde"))  # fmt: skip
_TR = Lexicon(leading=_words("dr prof doç sn bkz örn av"), numbering=_words("no s sf tel"), listing=_words("vb vs"),
              ordinals=True, joining=_words("ve ama veya çünkü ki"))  # fmt: skip
_HU = Lexicon(leading=_words("dr prof ifj id pl kb ún"), numbering=_words("o sz tel"), listing=_words("stb"),
              ordinals=True, joining=_words("és de vagy hogy mert ha mint"))  # fmt: skip
_HI = Lexicon(leading=_words("डॉ श्री प्रो पं मो कु सुश्री"), joining=_words("और या लेकिन कि क्योंकि जब अगर तो पर"))
_AR = Lexicon(leading=_words("د أ م ص"), joining=_words("أو لكن لأن عندما إذا حيث ثم"))

LEXICONS = {"pt": _PT, "en": _EN, "es": _ES, "fr": _FR, "it": _IT, "de": _DE, "nl": _NL, "pl": _PL, "ru": _RU,
            "cs": _CS, "tr": _TR, "hu": _HU, "hi": _HI, "ar": _AR}  # fmt: skip
SHARED = Lexicon()
