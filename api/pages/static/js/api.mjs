// Owns talking with the service: requests whose refusals are problems, and server-sent events.

/** What the service answered when it refused (RFC 9457). `fields` maps a field's name to what is wrong with it. */
export class Problem extends Error {
  constructor(status, body, retryAfter = null) {
    const errors = (body.errors || []).map((error) => ({ ...error, detail: error.detail.replace(/^Value error, /, "") }));
    super(errors.map((error) => error.detail).join("; ") || body.detail || body.title || `The service answered ${status}`);
    this.name = "Problem";
    this.status = status;
    this.type = body.type || "unknown";
    this.title = body.title || "Something went wrong";
    this.errors = errors;
    this.requestId = body.request_id || null;
    this.retryAfter = retryAfter;
  }

  get fields() {
    return new Map(this.errors.map(({ pointer, detail }) => [pointer.replace(/^#\//, "").split("/")[0], detail]));
  }
}

const AWAY = { type: "away", title: "The service does not answer", detail: "The service does not answer; is it running?" };

/** The problem of an answer that refuses. */
export function problemOf(status, text, retryAfter = null) {
  try {
    return new Problem(status, JSON.parse(text), retryAfter);
  } catch {
    return new Problem(status, { title: `The service answered ${status}` }, retryAfter);
  }
}

/** Ask; the parsed JSON, or null where there is no body. Throws Problem; an aborted request throws AbortError. */
export async function request(path, { method = "GET", json, form, signal, headers = {} } = {}) {
  const body = json === undefined ? form : JSON.stringify(json);
  const sent = json === undefined ? headers : { "content-type": "application/json", ...headers };
  let answer;
  try {
    answer = await fetch(path, { method, body, signal, headers: sent, credentials: "same-origin" });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(0, AWAY);
  }
  if (answer.status === 401) signIn();
  if (!answer.ok) throw problemOf(answer.status, await answer.text(), answer.headers.get("retry-after"));
  return answer.status === 204 ? null : answer.json();
}

/** Go to the page where a key is asked for, and come back. */
export function signIn() {
  const here = location.pathname + location.search;
  location.assign(`/sign-in?next=${encodeURIComponent(here)}`);
}

export const get = (path, options) => request(path, options);
export const post = (path, json, options) => request(path, { ...options, method: "POST", json });
export const remove = (path) => request(path, { method: "DELETE" });

/** A path with a query; empty values are left out, lists are repeated. */
export function query(path, values) {
  const found = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== null && one !== undefined && one !== "") found.append(name, one);
    }
  }
  const text = found.toString();
  return text ? `${path}?${text}` : path;
}

const ENDED = new Set(["completed", "failed", "cancelled", "deleted"]);
const SLOWEST_MS = 30_000;

/** Follow the events of a video until it has ended; the browser resumes from the last id by itself, and where it
 * gives up (the service was away, or full) it is tried again with growing pauses, from the same id.
 *
 * `on` maps an event's name (`result`, `state`, `preview`) to what is called with its data; `on.open` and `on.lost`
 * tell of the connection. Returns a function that stops.
 */
export function events(path, on) {
  let source = null;
  let lastId = null;
  let pause = 1000;
  let timer = null;
  let stopped = false;

  const stop = () => {
    stopped = true;
    clearTimeout(timer);
    source?.close();
  };
  const hear = (name) => (event) => {
    if (event.lastEventId) lastId = event.lastEventId;
    const data = JSON.parse(event.data);
    on[name]?.(data);
    if (name === "state" && ENDED.has(data.status)) stop();
  };
  const connect = () => {
    source = new EventSource(lastId === null ? path : query(path.split("?")[0], { ...params(path), last_event_id: lastId }));
    source.onopen = () => {
      pause = 1000;
      on.open?.();
    };
    source.onerror = () => {
      on.lost?.();
      if (source.readyState !== EventSource.CLOSED || stopped) return;
      timer = setTimeout(connect, pause);
      pause = Math.min(2 * pause, SLOWEST_MS);
    };
    for (const name of ["result", "state", "preview"]) source.addEventListener(name, hear(name));
  };
  connect();
  return stop;
}

const params = (path) => Object.fromEntries(new URLSearchParams(path.split("?")[1] || ""));
