/** Server-sent events over fetch: an EventSource can send no key and no body. Source: WHATWG HTML, section 9.2. */

export interface ServerEvent {
  name: string;
  data: string;
  id: string | null;
}

/** Takes text in pieces of any length and gives the events that are complete. */
export class EventParser {
  private rest = "";
  private name = "";
  private data: string[] = [];
  private id: string | null = null;

  feed(text: string): ServerEvent[] {
    const lines = (this.rest + text).split(/\r\n|\n|\r(?!$)/);
    this.rest = lines.pop() ?? "";
    return lines.flatMap((line) => this.line(line));
  }

  private line(line: string): ServerEvent[] {
    if (line === "") return this.complete();
    const colon = line.indexOf(":");
    if (colon === 0) return [];
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "event") this.name = value;
    else if (field === "data") this.data.push(value);
    else if (field === "id") this.id = value;
    return [];
  }

  private complete(): ServerEvent[] {
    const found = { name: this.name || "message", data: this.data.join("\n"), id: this.id };
    const empty = this.data.length === 0;
    this.name = "";
    this.data = [];
    return empty ? [] : [found];
  }
}

/** The events of an answer, until its body ends. */
export async function* eventsOf(answer: Response): AsyncGenerator<ServerEvent> {
  if (answer.body === null) return;
  const reader = answer.body.getReader();
  const decoder = new TextDecoder();
  const parser = new EventParser();
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      yield* parser.feed(decoder.decode(value, { stream: true }));
    }
  } finally {
    reader.cancel().catch(() => undefined);
  }
}
