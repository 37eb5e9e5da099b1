"""The converter of models that a service offers, by its card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from voicecore.conversion import CONVERTER, ConversionSettings, F0Method
from voicecore.conversion_model import ConversionModel
from voicecore.errors import InvalidInput, NotFound, NotInstalled
from voicecore.ports import Catalog, ConverterCard, ConverterProvider

CONVERSION_MISSING = (
    "Voice conversion (RVC) is not installed here: pip install 'voicecore[rvc]', and see what voicecore doctor says of its "
    "weights; or send the job without enable_rvc."
)
#: What a request gets that names no pitch tracker, and what it gets where that one is off.
DEFAULT_METHOD, SPARE_METHOD = F0Method.RMVPE, F0Method.FCPE


@dataclass(frozen=True, slots=True)
class Converters:
    """What converts finished speech.

    Attributes:
        provider: usually of `voicecore.conversion.CONVERTER`; None where no installed package offers it.
    """

    provider: ConverterProvider | None = None

    @property
    def name(self) -> str:
        """What hosts open it by, and jobs that only convert wait under."""
        return CONVERTER if self.provider is None else self.provider.name

    def card(self) -> ConverterCard:
        """The converter's card. Raises `NotInstalled` if packages or weights are missing, with the way to mend it."""
        if self.provider is None:
            raise NotInstalled(CONVERSION_MISSING, field="enable_rvc")
        return self.provider.card()

    def problems(self) -> Sequence[str]:
        """What keeps it from opening, each with the way to mend it."""
        return (CONVERSION_MISSING,) if self.provider is None else self.provider.problems()

    def methods_off(self) -> Mapping[F0Method, str]:
        """Pitch trackers that cannot be used here, each with the reason and the way to mend it. Raises `NotInstalled`."""
        return self.card().methods_off

    def resolve(
        self, catalog: Catalog, settings: ConversionSettings, *, method_named: bool, seed: int
    ) -> tuple[ConversionSettings, tuple[str, ...]]:
        """The settings that a job will be converted with, and what its caller should know of them.

        Raises:
            NotFound: there is no such model.
            NotInstalled: nothing converts here.
            InvalidInput: the pitch tracker that was asked for is off here; the reason says how to mend it.
        """
        off = self._checked_card(catalog, settings.model_id).methods_off
        settings = replace(settings, seed=seed)
        if method_named:
            if settings.f0_method in off:
                raise InvalidInput(_off(settings.f0_method, off), field="rvc_f0_method")
            return settings, ()
        if DEFAULT_METHOD not in off:
            return replace(settings, f0_method=DEFAULT_METHOD), ()
        if SPARE_METHOD in off:
            raise NotInstalled(
                f"Neither {DEFAULT_METHOD} nor {SPARE_METHOD} can be used here; name another rvc_f0_method. "
                f"{_off(DEFAULT_METHOD, off)}", field="rvc_f0_method",
            )  # fmt: skip
        spare = f"The pitch is tracked by {SPARE_METHOD} in place of {DEFAULT_METHOD}. {_off(DEFAULT_METHOD, off)}"
        return replace(settings, f0_method=SPARE_METHOD), (spare,)

    def _checked_card(self, catalog: Catalog, model_id: str) -> ConverterCard:
        card = self.card()
        find_model(catalog, model_id)
        if problems := self.problems():
            raise NotInstalled(f"Voice conversion (RVC) cannot be used here: {problems[0]}", field="enable_rvc")
        return card


#: Where nothing converts.
NO_CONVERTERS = Converters()


def find_model(catalog: Catalog, model_id: str) -> ConversionModel:
    """The model. Raises `NotFound` for an unknown one."""
    model = catalog.models.get(model_id)
    if model is None:
        raise NotFound(
            f"There is no conversion model {model_id[:80]!r}; GET /rvc-models lists them.", field="rvc_model_id"
        )
    return model


def _off(method: F0Method, off: Mapping[F0Method, str]) -> str:
    return f"rvc_f0_method {method.value!r} is off here: {off[method]}"
