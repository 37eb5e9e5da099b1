/** The draft's request for a terminal and for a program. The key stands for itself: it is never written out. */
import type { JobBody } from "../api/types";

const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

/** Where the sound comes from, and the name of its file. m4a is for finished jobs only: what is streamed of one is a WAV. */
function target(wanted: JobBody, origin: string): { address: string; file: string } {
  const format = wanted.output_format ?? "wav";
  return format === "m4a" ? { address: `${origin}/jobs/stream?format=wav`, file: "speech.wav" } : { address: `${origin}/jobs/stream`, file: `speech.${format}` };
}

export function asCurl(wanted: JobBody, origin: string, withKey: boolean): string {
  const { address, file } = target(wanted, origin);
  const lines = [
    `curl -sN ${quoted(address)}`,
    "-H 'Content-Type: application/json'",
    ...(withKey ? ['-H "X-API-Key: $VOICECORE_API_KEY"'] : []),
    `-d ${quoted(JSON.stringify(wanted))}`,
  ];
  return `${lines.join(" \\\n  ")} > ${file}\n`;
}

export function asPython(wanted: JobBody, origin: string, withKey: boolean): string {
  const { address, file } = target(wanted, origin);
  const key = withKey ? '\nheaders = {"X-API-Key": os.environ["VOICECORE_API_KEY"]}' : "\nheaders = {}";
  return `${withKey ? "import os\n\n" : ""}import httpx

wanted = ${pythonOf(wanted)}${key}
with httpx.stream("POST", ${JSON.stringify(address)}, json=wanted, headers=headers, timeout=600) as answer:
    answer.raise_for_status()
    with open("${file}", "wb") as file:
        for piece in answer.iter_bytes():
            file.write(piece)
`;
}

function pythonOf(wanted: JobBody): string {
  const lines = Object.entries(wanted).map(([name, value]) => `    ${JSON.stringify(name)}: ${literal(value)},`);
  return `{\n${lines.join("\n")}\n}`;
}

function literal(value: unknown): string {
  if (typeof value === "boolean") return value ? "True" : "False";
  return value === null ? "None" : JSON.stringify(value);
}
