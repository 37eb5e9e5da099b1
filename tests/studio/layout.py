"""The layout of a screen as numbers: where landmarks, headings and controls are, how large, and in which colours.

Pictures differ between machines by fonts and antialiasing; this does not. Every letter is drawn in a font of ours (`even_font`),
what a run makes anew (times, ids, sizes) is taken out of the text, and nothing moves by itself.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Page

from .even_font import NAME, even_font

#: Pixels that a box may differ by; browsers draw their own parts of controls a little differently from version to version.
NEAR_PX = 8
#: Such differences add up along a page: so much of the place itself is allowed besides.
NEAR_SHARE = 0.02
#: Of 255, for each of red, green, blue and opacity.
NEAR_COLOUR = 8

_EVEN = """async ([name, font]) => {
    if ([...document.fonts].some(each => each.family === name)) return;
    const face = new FontFace(name, Uint8Array.from(atob(font), each => each.charCodeAt(0)));
    document.fonts.add(await face.load());
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(`*, ::before, ::after, ::placeholder {
        font-family: ${name} !important; transition: none !important; animation: none !important; }
        html { scrollbar-width: none; } .engine { height: 12rem; overflow: hidden; }`);
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
}"""
#: What a run or a machine says otherwise than another: times, measures, hosts, states. Engines have what is installed.
_VARYING = "time, code, td, dd, output, .pill, .checks"
_MEASURE = """varying => {
    const numbers = /\\d+(?:[.,:]\\d+)*/g, ids = /\\b([a-z]+)_[a-z0-9]{8,}\\b/g;
    const even = text => text.replace(ids, '$1_00').replace(numbers, '00');
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        if (!node.data.trim()) continue;
        const wanted = node.parentElement.closest(varying) ? '00' : even(node.data);
        if (node.data !== wanted) node.data = wanted;
    }
    const canvas = new OffscreenCanvas(1, 1).getContext('2d', {willReadFrequently: true});
    const seen = new Map();
    const colour = value => {
        if (!seen.has(value)) {
            canvas.clearRect(0, 0, 1, 1);
            canvas.fillStyle = value;
            canvas.fillRect(0, 0, 1, 1);
            seen.set(value, [...canvas.getImageData(0, 0, 1, 1).data].map(each => each.toString(16).padStart(2, '0')).join(''));
        }
        return seen.get(value);
    };
    const named = each => even((each.getAttribute('aria-label') ?? each.labels?.[0]?.textContent ??
        (each.matches('h1, h2, h3, button, a, summary, legend') ? each.textContent : '')).trim().replace(/\\s+/g, ' ')).slice(0, 40);
    const boxes = [];
    for (const each of document.querySelectorAll(`header, nav, main, footer, section, form, dialog, h1, h2, h3, legend,
        a[href], button, summary, input, select, textarea, table, .card`)) {
        if (each.parentElement.closest('.engine') || !each.checkVisibility({visibilityProperty: true, opacityProperty: true})) continue;
        const {x, y, width, height} = each.getBoundingClientRect();
        if (width < 2 || height < 2) continue;
        const style = getComputedStyle(each);
        const kind = each.localName === 'input' ? `input ${each.type}` : each.matches('.card') ? 'card' : each.localName;
        boxes.push([kind, named(each), ...[x + scrollX, y + scrollY, width, height].map(Math.round),
            colour(style.color), colour(style.backgroundColor)]);
    }
    return boxes;
}"""
_TOKENS = """() => Object.fromEntries([...document.documentElement.computedStyleMap()]
    .filter(([name]) => name.startsWith('--')).map(([name, value]) => [name, String(value).trim()]).sort())"""


@dataclass(frozen=True, slots=True)
class Box:
    """One part of a screen.

    Attributes:
        kind, name: what it is, and what it says or is called.
        x, y, width, height: pixels of the page, from its left upper corner.
        colour, background: eight hexadecimal digits, red to opacity.
    """

    kind: str
    name: str
    x: int
    y: int
    width: int
    height: int
    colour: str
    background: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name!r}" if self.name else self.kind


def layout(page: Page) -> list[Box]:
    """The parts of what the page shows now, in the order of the document."""
    page.evaluate(_EVEN, [NAME, even_font()])
    return [Box(*each) for each in page.evaluate(_MEASURE, _VARYING)]


def tokens(page: Page) -> dict[str, Any]:
    """The values that the page's colours, gaps and sizes are made of."""
    found: dict[str, Any] = page.evaluate(_TOKENS)
    return found


def differences(seen: Sequence[Box], wanted: Sequence[Box]) -> list[str]:
    """What differs between two layouts, a sentence each; none where they are alike."""
    names = [[(each.kind, each.name) for each in boxes] for boxes in (wanted, seen)]
    found: list[str] = []
    for what, begin, end, first, last in difflib.SequenceMatcher(None, *names, autojunk=False).get_opcodes():
        if what == "equal":
            for old, new in zip(wanted[begin:end], seen[first:last], strict=True):
                found += _moved(old, new)
            continue
        found += [f"{each} is gone" for each in wanted[begin:end]]
        found += [f"{each} is new, at {each.x}, {each.y}" for each in seen[first:last]]
    return found


def _moved(old: Box, new: Box) -> Iterator[str]:
    for side in ("x", "y", "width", "height"):
        before, now = getattr(old, side), getattr(new, side)
        if abs(before - now) > NEAR_PX + NEAR_SHARE * before:
            yield f"{old}: {side} is {now} px and was {before}"
    for part in ("colour", "background"):
        before, now = getattr(old, part), getattr(new, part)
        pairs = zip(bytes.fromhex(before), bytes.fromhex(now), strict=True)
        if any(abs(one - other) > NEAR_COLOUR for one, other in pairs):
            yield f"{old}: {part} is #{now} and was #{before}"
