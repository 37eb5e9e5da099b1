"""How the XTTS engine is found, described and opened. Nothing here loads torch but `open`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from adapters import torch_device
from adapters.coqui import missing_packages
from voicecore.engine import EngineCard
from voicecore.engine_settings import EngineSettings, Precision
from voicecore.errors import MissingDependency, MissingModel, ModelCorrupt, NotInstalled, VoiceCoreError

from .card import NAME, make_card
from .checkpoint import FOLDER, HOW_TO_GET, Checkpoint

if TYPE_CHECKING:
    from voicecore.ports import SpeechEngine


class XttsProvider:
    """Finds the XTTS engine under the name `xtts`."""

    name = NAME

    def __init__(self, settings: EngineSettings | None = None) -> None:
        """`settings`: of them, every field matters here."""
        self._settings = settings or EngineSettings()
        self._known: tuple[Checkpoint, EngineCard] | None = None

    def card(self) -> EngineCard:
        """As the port says; `NotInstalled` too where the licence of the weights is not accepted."""
        try:
            return self._described()[1]
        except ModelCorrupt as error:
            # Who asks for a card wants to know whether the engine is there; damaged weights are as good as none.
            raise MissingModel(error.message) from error

    def problems(self) -> Sequence[str]:
        found: list[str] = []
        try:
            self._described()
        except VoiceCoreError as error:
            found.append(error.message)
        if not missing_packages() and (wrong := torch_device.visible_problem(self._settings.device)):
            found.append(wrong)
        return tuple(found)

    def open(self, *, threads: int | None = None) -> SpeechEngine:
        """Reads every file once to compare its digest: some seconds, before the load that takes more."""
        checkpoint, card = self._described()
        from .engine import XttsEngine  # noqa: PLC0415 - loads torch
        from .text_size import TextSize  # noqa: PLC0415 - for `open` only
        from .upstream import load  # noqa: PLC0415 - for `open` only

        checkpoint.verify()
        place = torch_device.choose(self._settings.device)
        torch_device.use_threads(threads)
        loaded = load(checkpoint, place)
        engine = XttsEngine(loaded, card, self._settings, TextSize(loaded.tokenizer, checkpoint.config))
        engine.test_itself(checkpoint.folder)
        return engine

    def _described(self) -> tuple[Checkpoint, EngineCard]:
        if missing := missing_packages():
            raise MissingDependency(f"The XTTS engine needs {', '.join(missing)}: pip install 'voicecore[xtts]'.")
        if self._settings.models_dir is None:
            raise MissingModel(f"The XTTS engine needs a folder of models (VOICECORE_MODELS_DIR); then: {HOW_TO_GET}.")
        # Looked at each time: a service runs for weeks, and weights may be replaced meanwhile.
        checkpoint = Checkpoint(self._settings.models_dir / FOLDER)
        if self._known is None or self._known[0].digest != checkpoint.digest:
            self._known = checkpoint, make_card(checkpoint, self._settings)
        if NAME not in self._settings.accepted_licences:
            raise NotInstalled(_NOT_ACCEPTED)
        if self._settings.precision is Precision.INT8:
            raise NotInstalled(_NO_INT8)
        return self._known


_NOT_ACCEPTED = (
    "The weights of XTTS v2 are under the Coqui Public Model License, which allows non-commercial use only "
    "(https://coqui.ai/cpml): read it, and set VOICECORE_ACCEPT_LICENCES=xtts if you accept it."
)
_NO_INT8 = (
    "XTTS has no int8: measured, it made rows depend on each other or was no faster than bf16 (docs/adr/0013); set "
    "VOICECORE_PRECISION to exact or bf16."
)
