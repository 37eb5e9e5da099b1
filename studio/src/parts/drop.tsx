/** A place for files: dropped on it, or chosen. */
import { useId } from "preact/hooks";
import { useSignal } from "@preact/signals";
import { common } from "../app/words";
import { bytes } from "../i18n";
import { Icon } from "./icon";

export function Drop({ label, hint, accept, multiple, onFiles }: { label: string; hint?: string; accept: string; multiple?: boolean; onFiles(files: File[]): void }) {
  const id = useId();
  const over = useSignal(false);
  const take = (list: FileList | null | undefined) => {
    const files = [...(list ?? [])];
    if (files.length > 0) onFiles(multiple ? files : files.slice(0, 1));
  };
  return (
    <div
      class={over.value ? "drop over" : "drop"}
      onDragOver={(event) => {
        event.preventDefault();
        over.value = true;
      }}
      onDragLeave={() => (over.value = false)}
      onDrop={(event) => {
        event.preventDefault();
        over.value = false;
        take(event.dataTransfer?.files);
      }}
    >
      <Icon name="upload" />
      <label for={id}>
        <strong>{label}</strong>
        <span class="hint">{hint ?? common("drop")}</span>
      </label>
      <input
        id={id} type="file" accept={accept} multiple={multiple}
        onChange={(event) => {
          take(event.currentTarget.files);
          event.currentTarget.value = "";
        }}
      />
    </div>
  );
}

/** The largest file that the service takes as it is set up at first; it says so itself where it is set up otherwise. */
export const MOST_BYTES = 100 * 1024 * 1024;
export const AUDIO = "audio/*,.wav,.mp3,.m4a,.ogg,.flac,.opus,.webm";

/** Why a file is not worth uploading; null if it may be. */
export function tooLarge(file: File, most = MOST_BYTES): string | null {
  return file.size > most ? `${file.name}: ${bytes(file.size)} > ${bytes(most)}` : null;
}

addEventListener("dragover", (event) => event.preventDefault());
// A file that misses its place shall not replace the page.
addEventListener("drop", (event) => event.preventDefault());
