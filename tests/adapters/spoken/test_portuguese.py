"""What a Brazilian reads aloud for what is written. Every expectation was written by hand, not copied from the code."""

from __future__ import annotations

import pytest

from adapters.engines.kokoro.spoken import spoken

CARDINALS = [
    ("0", "zero"),
    ("7", "sete"),
    ("16", "dezesseis"),
    ("21", "vinte e um"),
    ("100", "cem"),
    ("101", "cento e um"),
    ("200", "duzentos"),
    ("999", "novecentos e noventa e nove"),
    ("1000", "mil"),
    ("1100", "mil e cem"),
    ("1200", "mil e duzentos"),
    ("1.234", "mil duzentos e trinta e quatro"),
    ("21 mil", "vinte e um mil"),
    ("100.000", "cem mil"),
    ("1.000.000", "um milhão"),
    ("1.234.567", "um milhão duzentos e trinta e quatro mil quinhentos e sessenta e sete"),
    ("1.000.000.000", "um bilhão"),
    ("1999", "mil novecentos e noventa e nove"),
    ("-5", "menos cinco"),
    ("007", "zero zero sete"),
    ("12345678901", "um dois três quatro cinco seis sete oito nove zero um"),
]
DECIMALS = [
    ("3,14", "três vírgula catorze"),
    ("0,05", "zero vírgula zero cinco"),
    ("1.234,56", "mil duzentos e trinta e quatro vírgula cinquenta e seis"),
    ("-2,5", "menos dois vírgula cinco"),
    ("3.14", "três ponto catorze"),
    ("versão 3.11.2", "versão três ponto onze ponto dois"),
    ("50%", "cinquenta por cento"),
    ("10,5%", "dez vírgula cinco por cento"),
    ("100 %", "cem por cento"),
    ("10-15", "dez a quinze"),
    ("10–15%", "dez a quinze por cento"),
    ("de 1990-1995", "de mil novecentos e noventa a mil novecentos e noventa e cinco"),
    ("ganhou de 3-1", "ganhou de três a um"),
    ("2,5 milhões de pessoas", "dois milhões e meio de pessoas"),
]
FRACTIONS = [
    ("3/4", "três quartos"),
    ("1/3", "um terço"),
    ("2/5", "dois quintos"),
    ("5/12", "cinco doze avos"),
    ("1/2 xícara", "meia xícara"),
    ("1/2 quilo", "meio quilo"),
    ("1 1/2", "um e meio"),
    ("½", "meio"),
    ("1½", "um e meio"),
]
AGREEMENT = [
    ("2 casas", "duas casas"),
    ("1 pessoa", "uma pessoa"),
    ("200 pessoas", "duzentas pessoas"),
    ("21 mil pessoas", "vinte e uma mil pessoas"),
    ("2 mil mulheres", "duas mil mulheres"),
    ("1 ou 2 vezes", "uma ou duas vezes"),
    ("32 questões", "trinta e duas questões"),
    ("2 dias", "dois dias"),
    ("2 problemas", "dois problemas"),
    ("1 livro", "um livro"),
    ("2.000.000 pessoas", "dois milhões de pessoas"),
    ("501 crianças", "quinhentas e uma crianças"),
    ("página 2", "página dois"),
    ("2 delas", "duas delas"),
    ("22 opções", "vinte e duas opções"),
    ("os 2 irmãos", "os dois irmãos"),
]
DATES = [
    ("22/11/2026", "vinte e dois de novembro de dois mil e vinte e seis"),
    ("01/05/2026", "primeiro de maio de dois mil e vinte e seis"),
    ("22.11.2026", "vinte e dois de novembro de dois mil e vinte e seis"),
    ("22-11-2026", "vinte e dois de novembro de dois mil e vinte e seis"),
    ("22/11/26", "vinte e dois de novembro de dois mil e vinte e seis"),
    ("15/03/99", "quinze de março de mil novecentos e noventa e nove"),
    ("2026-11-22", "vinte e dois de novembro de dois mil e vinte e seis"),
    ("22/11", "vinte e dois de novembro"),
    ("no dia 7/9", "no dia sete de setembro"),
    ("11/2026", "novembro de dois mil e vinte e seis"),
    ("22 de novembro", "vinte e dois de novembro"),
    ("1 de janeiro", "primeiro de janeiro"),
    ("1º de janeiro de 2027", "primeiro de janeiro de dois mil e vinte e sete"),
    ("22 nov. 2026", "vinte e dois de novembro de dois mil e vinte e seis"),
    ("Nasceu em 1985.", "Nasceu em mil novecentos e oitenta e cinco."),
    ("os anos 80", "os anos oitenta"),
]
TIMES = [
    ("14h30", "catorze horas e trinta minutos"),
    ("às 14:30", "às catorze e trinta"),
    ("às 9:00", "às nove horas"),
    ("1h", "uma hora"),
    ("2h", "duas horas"),
    ("21h", "vinte e uma horas"),
    ("0h", "zero hora"),
    ("2h01", "duas horas e um minuto"),
    ("1:15", "uma e quinze"),
    ("2:30 pm", "duas e trinta da tarde"),
    ("9 am", "nove horas da manhã"),
    ("14:30:15", "catorze horas, trinta minutos e quinze segundos"),
    ("8h às 18h", "oito horas às dezoito horas"),
    ("14h30min", "catorze horas e trinta minutos"),
    ("em 2 h", "em duas horas"),
]
MONEY = [
    ("R$ 1.234,56", "mil duzentos e trinta e quatro reais e cinquenta e seis centavos"),
    ("R$ 1,00", "um real"),
    ("R$ 0,50", "cinquenta centavos"),
    ("R$ 0,01", "um centavo"),
    ("R$5", "cinco reais"),
    ("R$ 1.000.000,00", "um milhão de reais"),
    ("R$ 2 milhões", "dois milhões de reais"),
    ("R$ 1,5 milhão", "um milhão e meio de reais"),
    ("R$ 100 mil", "cem mil reais"),
    ("R$ 3 bi", "três bilhões de reais"),
    ("US$ 5", "cinco dólares"),
    ("€ 10,50", "dez euros e cinquenta centavos"),
    ("10 €", "dez euros"),
    ("£ 200", "duzentas libras"),
    ("-R$ 50", "menos cinquenta reais"),
    ("R$ 20/kg", "vinte reais por quilo"),
    ("R$ 10-15", "dez a quinze reais"),
    ("R$ 3,5", "três reais e cinquenta centavos"),
]
UNITS = [
    ("10 km", "dez quilômetros"),
    ("1 km", "um quilômetro"),
    ("5kg", "cinco quilos"),
    ("25 °C", "vinte e cinco graus Celsius"),
    ("-3 °C", "menos três graus Celsius"),
    ("120 km/h", "cento e vinte quilômetros por hora"),
    ("70 m²", "setenta metros quadrados"),
    ("1,5 kg", "um vírgula cinco quilo"),
    ("2 t", "duas toneladas"),
    ("10-15 km", "dez a quinze quilômetros"),
    ("500 ml", "quinhentos mililitros"),
    ("16 GB", "dezesseis gigabytes"),
    ("45°", "quarenta e cinco graus"),
    ("1920x1080", "mil novecentos e vinte por mil e oitenta"),
    ("10x", "dez vezes"),
    ("2x", "duas vezes"),
]
ORDINALS = [
    ("1º", "primeiro"),
    ("2ª", "segunda"),
    ("3.º", "terceiro"),
    ("21ª edição", "vigésima primeira edição"),
    ("os 1ºs", "os primeiros"),
    ("10° lugar", "décimo lugar"),
    ("art. 5º", "artigo quinto"),
    ("§ 3º", "parágrafo terceiro"),
    ("Lei 8.666/93", "Lei oito mil seiscentos e sessenta e seis de noventa e três"),
]
DOCUMENTS = [
    ("123.456.789-09", "um dois três, quatro cinco seis, sete oito nove, zero nove"),
    ("12.345.678/0001-95", "um dois, três quatro cinco, seis sete oito, zero zero zero um, nove cinco"),
    ("01310-100", "zero um três um zero, um zero zero"),
    ("(11) 98765-4321", "onze, nove oito sete seis cinco, quatro três dois um"),
    ("+55 11 98765-4321", "mais cinquenta e cinco, onze, nove oito sete seis cinco, quatro três dois um"),
    ("98765-4321", "nove oito sete seis cinco, quatro três dois um"),
    ("3456-7890", "três quatro cinco seis, sete oito nove zero"),
    ("0800 123 4567", "zero oitocentos, um dois três, quatro cinco seis sete"),
    ("4111 1111 1111 1111", "quatro um um um, um um um um, um um um um, um um um um"),
]
ROMANS = [
    ("século XXI", "século vinte e um"),
    ("século V", "século quinto"),
    ("séculos XV e XVI", "séculos quinze e dezesseis"),
    ("Dom Pedro II", "Dom Pedro segundo"),
    ("João XXIII", "João vinte e três"),
    ("Elizabeth II", "Elizabeth segunda"),
    ("Luís XIV", "Luís catorze"),
    ("capítulo IV", "capítulo quatro"),
    ("a II Guerra Mundial", "a segunda Guerra Mundial"),
    ("CD e DVD", "CD e DVD"),
]
ABBREVIATIONS = [
    ("o Sr. Silva", "o Senhor Silva"),
    ("a Sra. Ana", "a Senhora Ana"),
    ("Dr. Paulo e Dra. Rita", "Doutor Paulo e Doutora Rita"),
    ("Dr Paulo", "Doutor Paulo"),
    ("Prof. Dr. João", "Professor Doutor João"),
    ("pão, leite, etc.", "pão, leite, et cetera."),
    ("pão, leite, etc. e ovos", "pão, leite, et cetera e ovos"),
    ("Av. Paulista, nº 1000", "Avenida Paulista, número mil"),
    ("p. ex., este", "por exemplo, este"),
    ("pág. 10", "página dez"),
    ("D. Pedro e D. Maria", "Dom Pedro e Dona Maria"),
    ("em 44 a.C.", "em quarenta e quatro antes de Cristo."),
    ("café c/ leite", "café com leite"),
    ("sim e/ou não", "sim e ou não"),
    ("apto. 12", "apartamento doze"),
]
ADDRESSES = [
    ("joao@exemplo.com.br", "joao arroba exemplo ponto com ponto b r"),
    ("ana_99@exemplo.com", "ana underline nove nove arroba exemplo ponto com"),
    ("https://exemplo.com/ajuda", "exemplo ponto com barra ajuda"),
    ("www.exemplo.com.br.", "w w w ponto exemplo ponto com ponto b r."),
    ("Acesse exemplo.com.", "Acesse exemplo ponto com."),
    ("@joana", "arroba joana"),
    ("#sextou", "hashtag sextou"),
]
SIGNS = [
    ("Silva & Filhos", "Silva e Filhos"),
    ("2 + 2 = 4", "dois mais dois igual a quatro"),
    ("5 - 3 = 2", "cinco menos três igual a dois"),
    ("5-3=2", "cinco menos três igual a dois"),
    ("2 x 3", "dois vezes três"),
    ("#5", "número cinco"),
    ("x²", "x ao quadrado"),
    ("covid-19", "covid dezenove"),
    ("folha A4", "folha A quatro"),
    ("24/7", "vinte e quatro por sete"),
    ("1, 2, 3", "um, dois, três"),
    ("Oi 😀 tudo bem?", "Oi tudo bem?"),
    ("Parabéns! 🎉🎉", "Parabéns!"),
    ("adorei❤️!", "adorei!"),
]
SENTENCES = [
    ("A reunião é em 2026.", "A reunião é em dois mil e vinte e seis."),
    (
        "Dia 22/11, às 14h30, o Dr. Souza paga R$ 2.500,00.",
        "Dia vinte e dois de novembro, às catorze horas e trinta minutos, o Doutor Souza paga dois mil e quinhentos reais.",
    ),
    ("Você tem 2 mensagens (1 nova)!", "Você tem duas mensagens (uma nova)!"),
    ("“São 3”, disse ela.", "“São três”, disse ela."),
    ("Linha 1\nLinha 2", "Linha um\nLinha dois"),
    ("Não há nada aqui para mudar: só palavras, vírgulas e um ponto.",) * 2,
]

CASES = [
    *CARDINALS, *DECIMALS, *FRACTIONS, *AGREEMENT, *DATES, *TIMES, *MONEY, *UNITS, *ORDINALS, *DOCUMENTS, *ROMANS,
    *ABBREVIATIONS, *ADDRESSES, *SIGNS, *SENTENCES,
]  # fmt: skip


@pytest.mark.parametrize(("written", "said"), CASES)
def test_a_brazilian_reads(written: str, said: str) -> None:
    assert spoken(written, "pt-BR") == said


def test_every_spelling_of_the_tag_means_the_same_language() -> None:
    assert spoken("2 casas", "PT") == spoken("2 casas", "pt_br") == spoken("2 casas", "pt-BR") == "duas casas"
