/** The service's interface, typed by its own description. */
import createClient, { type Middleware } from "openapi-fetch";
import { signal } from "@preact/signals";
import { keyHeaders, keyWanted } from "../app/session";
import { Problem, asProblem, problemFrom, problemOf } from "./problem";
import type { paths } from "./schema";

/** Whether the last request reached the service; the shell says so when it did not. */
export const reachable = signal(true);

/** Sends a request as the user who is here; whatever goes wrong is a `Problem` or an `AbortError`. */
export async function send(path: string | Request, init: RequestInit = {}): Promise<Response> {
  let answer: Response;
  try {
    const headers = new Headers(path instanceof Request ? path.headers : init.headers);
    for (const [name, value] of Object.entries(keyHeaders())) headers.set(name, value);
    answer = await fetch(path, { ...init, headers, credentials: "omit" });
  } catch (error) {
    const problem = asProblem(error);
    if (problem === null) throw error;
    reachable.value = false;
    throw problem;
  }
  reachable.value = true;
  if (answer.status === 401) keyWanted.value = { why: await problemOf(answer.clone()) };
  return answer;
}

/** As `send`, and a refusal is thrown. */
export async function fetched(path: string, init: RequestInit = {}): Promise<Response> {
  const answer = await send(path, init);
  if (!answer.ok) throw await problemOf(answer);
  return answer;
}

const refusals: Middleware = {
  async onResponse({ response }) {
    if (!response.ok) throw await problemOf(response);
  },
};

export const api = createClient<paths>({ fetch: (request) => send(request) });
api.use(refusals);

/** The answer's body, of a call of `api`. */
export async function body<T>(call: Promise<{ data?: T; response: Response }>): Promise<T> {
  const { data, response } = await call;
  if (data === undefined && response.status !== 204) throw problemFrom(response.status, "");
  return data as T;
}

/** Uploads a form and tells how much of it is gone, from 0 to 1. fetch cannot tell. */
export function upload<T>(path: string, form: FormData, onProgress: (share: number) => void, signal?: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", path);
    for (const [name, value] of Object.entries(keyHeaders())) request.setRequestHeader(name, value);
    request.upload.onprogress = (event) => event.lengthComputable && onProgress(event.loaded / event.total);
    request.upload.onload = () => onProgress(1);
    request.onload = () => {
      reachable.value = true;
      if (request.status < 400) {
        resolve(JSON.parse(request.responseText) as T);
        return;
      }
      const problem = problemFrom(request.status, request.responseText, Number(request.getResponseHeader("Retry-After")) || null);
      if (problem.status === 401) keyWanted.value = { why: problem };
      reject(problem);
    };
    request.onerror = () => reject(new Problem(0, "unreachable", "The connection was lost while uploading."));
    request.onabort = () => reject(new DOMException("", "AbortError"));
    signal?.addEventListener("abort", () => request.abort());
    request.send(form);
  });
}
