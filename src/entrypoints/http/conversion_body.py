"""From the `rvc_*` fields of a body to the core's settings of a conversion."""

from __future__ import annotations

from entrypoints.http.schemas import ConvertBody, JobBody
from voicecore.conversion import CONVERSION_PARAMETERS, ConversionSettings, F0Method
from voicecore.errors import InvalidInput


def rvc_values(body: JobBody | ConvertBody) -> dict[str, float]:
    """The six numeric knobs, given or by default; 0 is a value. Raises `InvalidInput` for one out of range."""
    values = {}
    for name, parameter in CONVERSION_PARAMETERS.items():
        given = getattr(body, name)
        # Checked even without enable_rvc: a wrong value is a mistake whether it is used or not.
        values[name] = parameter.default if given is None else parameter.check(name, given)
    return values


def f0_method(body: JobBody | ConvertBody) -> F0Method:
    """The pitch tracker asked for. Raises `InvalidInput` with the ones there are."""
    try:
        return F0Method.RMVPE if body.rvc_f0_method is None else F0Method(body.rvc_f0_method)
    except ValueError:
        known = ", ".join(each.value for each in F0Method)
        raise InvalidInput(
            f"{str(body.rvc_f0_method)[:60]!r} is not a pitch tracker; choose one of: {known}.", field="rvc_f0_method"
        ) from None


def conversion_of(body: JobBody) -> ConversionSettings | None:
    """How speech shall be converted, or None. Raises `InvalidInput` for what does not fit together."""
    settings = settings_of(body, body.rvc_model_id or "")
    if not body.enable_rvc:
        if body.rvc_required:
            raise InvalidInput("rvc_required needs enable_rvc; send both or none.", field="rvc_required")
        return None
    if not body.rvc_model_id:
        raise InvalidInput("enable_rvc needs rvc_model_id; GET /rvc-models lists the models.", field="rvc_model_id")
    return settings


def settings_of(body: JobBody | ConvertBody, model_id: str) -> ConversionSettings:
    """The settings that the fields mean, given or by default."""
    values = rvc_values(body)
    return ConversionSettings(
        model_id=model_id,
        pitch=values["rvc_pitch"],
        index_rate=values["rvc_index_rate"],
        protect=values["rvc_protect"],
        rms_mix_rate=values["rvc_rms_mix_rate"],
        filter_radius=int(values["rvc_filter_radius"]),
        hop_length=int(values["rvc_hop_length"]),
        f0_method=f0_method(body),
        seed=0 if body.seed is None else body.seed,
    )
