/** The draft's request for a terminal and for a program. The key stands for itself: it is never written out. */
import type { JobBody } from "../api/types";

const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

export function asCurl(wanted: JobBody, origin: string, withKey: boolean): string {
  const lines = [
    `curl -sN ${quoted(`${origin}/jobs/stream`)}`,
    "-H 'Content-Type: application/json'",
    ...(withKey ? ['-H "X-API-Key: $VOICECORE_API_KEY"'] : []),
    `-d ${quoted(JSON.stringify(wanted))}`,
  ];
  return `${lines.join(" \\\n  ")} > speech.wav\n`;
}

export function asPython(wanted: JobBody, origin: string, withKey: boolean): string {
  const key = withKey ? '\nheaders = {"X-API-Key": os.environ["VOICECORE_API_KEY"]}' : "\nheaders = {}";
  return `${withKey ? "import os\n\n" : ""}import httpx

wanted = ${pythonOf(wanted)}${key}
with httpx.stream("POST", ${JSON.stringify(`${origin}/jobs/stream`)}, json=wanted, headers=headers, timeout=600) as answer:
    answer.raise_for_status()
    with open("speech.wav", "wb") as file:
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
