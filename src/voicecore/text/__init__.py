"""A text becomes segments: the spans that an engine speaks one at a time.

>>> from voicecore.language import Language
>>> [each.text for each in split("O Dr. Silva chegou cedo. Ninguém o esperava!", Language("pt"), limit=80, measure=len)]
['O Dr. Silva chegou cedo.', 'Ninguém o esperava!']
"""

from voicecore.text.incremental import IncrementalText
from voicecore.text.packing import split
from voicecore.text.segment import Segment

__all__ = ["IncrementalText", "Segment", "split"]
