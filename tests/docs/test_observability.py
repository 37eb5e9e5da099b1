"""docs/observability.md, the board and the alerts name what exists, and all of it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

from voicecore.measures import MEASURES, Counter, Gauge, Histogram

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "observability.md").read_text("utf-8")
BOARD = json.loads((DOCS / "grafana/voicecore.json").read_text("utf-8"))
RULES = yaml.safe_load((DOCS / "grafana/alerts.yaml").read_text("utf-8"))["groups"][0]["rules"]

FUNCTIONS = {"rate", "increase", "deriv", "histogram_quantile", "absent", "time", "sum", "max", "min"}
WORDS = {"by", "on", "and", "offset"}
#: What Prometheus adds to each series itself.
GIVEN = {"job", "instance", "le"}
TOKEN = re.compile(
    r"""\s*(?:(?P<name>[A-Za-z_][A-Za-z0-9_]*)|(?P<number>\d+(\.\d+)?(e\d+)?)|(?P<text>"(?:[^"\\]|\\.)*")
    |(?P<range>\[(?:\d+[smhd]|\$__rate_interval)\])|(?P<duration>\d+[smhd])
    |(?P<matcher>=~|!~|!=)|(?P<operator>==|>=|<=|[-+*/<>])|(?P<bracket>[(){}])|(?P<mark>[,=]))""",
    re.VERBOSE,
)


def series():
    """Every name that a query may ask for, and the labels of its series."""
    for measure in MEASURES:
        labels = {label.name: label.values for label in measure.labels}
        yield measure.name, labels
        if isinstance(measure, Histogram):
            yield from ((f"{measure.name}_{part}", labels) for part in ("bucket", "sum", "count"))


def tokens(query: str) -> list[tuple[str, str]]:
    """The query's words; fails on what is none."""
    found, at = [], 0
    query = re.sub(r"(?<=offset )\d+[smhd]", "0", query).strip()
    while at < len(query):
        match = TOKEN.match(query, at)
        assert match, f"{query[at : at + 20]!r} in {query!r} is no word of PromQL"
        kind = match.lastgroup or ""
        kind = next(name for name in ("name", "number", "text", "range", "duration", "matcher", "operator", "bracket", "mark")
                    if match.group(name) is not None)  # fmt: skip
        found.append((kind, match.group(kind)))
        at = match.end()
    return found


def checked(query: str) -> set[str]:
    """The measures of a query, after its brackets, functions, names, labels and their values were looked at."""
    known, asked, open_brackets, words = dict(series()), set(), [], tokens(query)
    labels: set[str] = set(GIVEN)
    for place, (kind, word) in enumerate(words):
        following = words[place + 1][1] if place + 1 < len(words) else ""
        if kind == "bracket" and word in "({":
            open_brackets.append(word)
        elif kind == "bracket":
            assert open_brackets, f"{query!r} closes what it did not open"
            assert open_brackets.pop() + word in ("()", "{}"), f"{query!r} closes another bracket than it opened"
        elif kind == "name" and word.startswith("voicecore_"):
            assert word in known, f"{word} in {query!r} is no measure"
            asked.add(word)
            labels |= known[word].keys()
        elif kind == "name" and following == "(" and word not in WORDS:
            assert word in FUNCTIONS, f"{word} in {query!r} is no function that we know"
        elif kind == "range":
            assert words[place - 1][1] in "})" or words[place - 1][1] in known, f"{word} in {query!r} is of nothing"
    assert open_brackets == [], f"{query!r} leaves a bracket open"
    assert asked, f"{query!r} asks for nothing of ours"
    for place, (kind, word) in enumerate(words):
        if kind == "name" and word not in known and word not in FUNCTIONS | WORDS:
            assert word in labels, f"{word} in {query!r} is no label of what it asks for"
            if words[place + 1][1] == "=":
                _has_value(query, known, asked, word, words[place + 2][1].strip('"'))
    return asked


def _has_value(query, known, asked, label, value):
    closed = [known[name][label] for name in asked if known[name].get(label)]
    assert not closed or any(value in values for values in closed), f"{label} is never {value!r} in {query!r}"


def queries():
    for panel in BOARD["panels"]:
        for target in panel["targets"]:
            yield pytest.param(target["expr"], id=f"{panel['title']} {target['refId']}")
    for rule in RULES:
        yield pytest.param(rule["expr"], id=rule["alert"])


@pytest.mark.parametrize("query", list(queries()))
def test_a_query_asks_for_what_exists_and_its_brackets_close(query):
    assert checked(query.replace('"$job"', '"x"'))


@pytest.mark.parametrize("query", [
    "sum(voicecore_workers", "sum(voicecore_workers))", "voicecore_nothing", "summe(voicecore_workers)", "time()",
    "sum by (voice) (voicecore_jobs_total)", 'voicecore_jobs_total{status="done"}', 'voicecore_jobs_total{voice="x"}',
    "voicecore_workers{job='x'}", "rate(voicecore_jobs_total[5 minutes])", "sum(voicecore_workers}", "voicecore_jobs_bucket",
])  # fmt: skip
def test_the_look_at_queries_finds_mistakes(query):
    with pytest.raises(AssertionError):
        checked(query)


def test_a_rate_is_taken_of_what_only_grows_and_a_quantile_of_buckets():
    kinds = {name: measure for measure in MEASURES for name in (measure.name, f"{measure.name}_bucket")}
    for query in (each.values[0] for each in queries()):
        for function, name in re.findall(r"(rate|increase|deriv)\((voicecore_\w+)", query):
            assert isinstance(kinds[name], Gauge) == (function == "deriv"), query
        assert ("histogram_quantile" in query) == ("_bucket" in query), query


def test_the_page_lists_exactly_the_measures_there_are():
    rows = re.findall(r"^\| `(voicecore_\w+)` \| (\w+) \| (.*?) \| (.*?) \|$", PAGE, re.MULTILINE)
    assert [row[0] for row in rows] == [measure.name for measure in MEASURES]
    for (_, kind, labels, meaning), measure in zip(rows, MEASURES, strict=True):
        assert (kind, meaning) == (type(measure).__name__.lower(), measure.meaning)
        assert re.findall(r"`(\w+)`", labels) == [label.name for label in measure.labels]


def test_the_board_shows_every_measure():
    asked = set().union(
        *(checked(target["expr"].replace('"$job"', '"x"')) for panel in BOARD["panels"] for target in panel["targets"])
    )
    shown = {name.removesuffix("_bucket") for name in asked}
    assert shown == {measure.name for measure in MEASURES}
    assert len({panel["id"] for panel in BOARD["panels"]}) == len(BOARD["panels"])
    places = [tuple(panel["gridPos"].values()) for panel in BOARD["panels"]]
    assert len(set(places)) == len(places)


def test_the_rules_are_named_explained_and_answered_by_the_page():
    names = [rule["alert"] for rule in RULES]
    assert len(set(names)) == len(names)
    assert re.findall(r"^\| (Voicecore\w+) \|", PAGE, re.MULTILINE) == names
    for rule in RULES:
        assert rule.keys() <= {"alert", "expr", "for", "labels", "annotations"}
        assert re.fullmatch(r"\d+[smh]", rule.get("for", "1m"))
        assert rule["labels"]["severity"] in ("warning", "critical")
        assert rule["annotations"]["summary"].endswith(".")


def test_the_rules_watch_over_what_was_asked():
    watched = " ".join(rule["expr"] for rule in RULES)
    for name in ("workers", "queue_wait", "jobs_total", "realtime_factor", "disk_free", "retries", "memory"):
        assert name in watched
    assert {Counter, Gauge, Histogram} == {type(measure) for measure in MEASURES}
