import { useSignal } from "@preact/signals";
import { Dialog } from "../parts/dialog";
import { TextField, Toggle } from "../parts/field";
import { apiKey, keyWanted, useKey } from "./session";
import { common } from "./words";

export function KeyDialog() {
  const text = useSignal("");
  const keep = useSignal(false);
  if (keyWanted.value === null) return null;
  const { why } = keyWanted.value;
  const close = () => (keyWanted.value = null);
  const take = (event: Event) => {
    event.preventDefault();
    if (text.value.trim() === "") return;
    useKey(text.value.trim(), keep.value);
    text.value = "";
    close();
  };
  return (
    <Dialog title={common("key_title")} onClose={close}>
      {why !== null && <p>{why.advice}</p>}
      {why !== null && why.said !== null && <p class="hint">{why.said}</p>}
      <p class="hint">{common(apiKey.value === null ? "key_none" : "key_some")}</p>
      <form onSubmit={take}>
        <TextField label={common("key_field")} type="password" value={text.value} onInput={(value) => (text.value = value)} />
        <Toggle label={common("key_keep")} checked={keep.value} onChange={(value) => (keep.value = value)} />
        <p class="hint">{common("key_note")}</p>
        <div class="actions">
          {apiKey.value !== null && (
            <button
              type="button"
              onClick={() => {
                useKey(null, false);
                close();
              }}
            >
              {common("key_forget")}
            </button>
          )}
          <button type="submit" class="primary">
            {common("key_use")}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
