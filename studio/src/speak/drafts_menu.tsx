import { useSignal } from "@preact/signals";
import { sayWithUndo } from "../app/toasts";
import { common } from "../app/words";
import { Icon } from "../parts/icon";
import { drafts, forget, fresh, keep, newId } from "./draft";
import { draft } from "./state";
import { touring } from "./touring";
import { t } from "./words";

const SHOWN = 48;

export function DraftsMenu() {
  const count = useSignal(0);
  void count.value;
  keep(draft.peek());
  const all = drafts();
  const here = draft.value;
  const open = (id: string) => {
    keep(here);
    const found = all.find((each) => each.id === id);
    if (found !== undefined) draft.value = found;
  };
  const renew = () => {
    keep(here);
    const { language, engine, voice, profile, speed, seed, rvc } = here;
    draft.value = fresh(newId(), { language, engine, voice, profile, speed, seed, rvc });
  };
  const remove = () => {
    const gone = here;
    forget(gone.id);
    draft.value = all.find((each) => each.id !== gone.id) ?? fresh(newId(), { language: gone.language });
    sayWithUndo(t("draft_gone"), () => undefined, () => {
      keep(gone);
      draft.value = gone;
    });
    count.value += 1;
  };
  return (
    <div class="drafts">
      <select aria-label={t("drafts")} value={here.id} onChange={(event) => open(event.currentTarget.value)}>
        {all.map((each) => (
          <option key={each.id} value={each.id} selected={each.id === here.id}>
            {(each.id === here.id ? here.text : each.text).trim().slice(0, SHOWN) || t("untitled")}
          </option>
        ))}
      </select>
      <button type="button" class="icon" aria-label={common("tour")} title={common("tour")} onClick={() => (touring.value = true)}>
        <Icon name="info" />
      </button>
      <button type="button" class="icon" aria-label={t("new_draft")} title={t("new_draft")} onClick={renew}>
        <Icon name="plus" />
      </button>
      <button type="button" class="icon" aria-label={t("delete_draft")} title={t("delete_draft")} onClick={remove}>
        <Icon name="trash" />
      </button>
    </div>
  );
}
