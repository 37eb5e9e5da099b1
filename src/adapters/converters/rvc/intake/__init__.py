"""The intake of RVC models: hostile until checked, in a process that can do nothing else.

Importing this package loads neither torch nor faiss: the child does, and faiss is not needed at all.
"""

from adapters.converters.rvc.intake.limits import IntakeLimits
from adapters.converters.rvc.intake.taking_in import RvcIntake, take_in

__all__ = ["IntakeLimits", "RvcIntake", "take_in"]
