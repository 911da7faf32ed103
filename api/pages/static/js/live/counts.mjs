// Owns how many of what are in the picture now.

import { element, fill } from "../elements/element.mjs";

const MOST = 12;

/** Fill a list with counts by label (an object), the most first. */
export function fillCounts(list, counts) {
  const found = Object.entries(counts).sort(([a, n], [b, m]) => m - n || a.localeCompare(b));
  const said = JSON.stringify(found);
  if (list.dataset.said === said) return;
  list.dataset.said = said;
  const shown = found.slice(0, MOST).map(([label, n]) => element("li", { "data-label": label }, `${label} `, element("b", {}, String(n))));
  const more = found.length > MOST ? element("li", {}, `and ${found.length - MOST} more`) : null;
  fill(list, found.length ? [...shown, more] : element("li", {}, "nothing found"));
}

/** What a stream is doing, in words: its state, its source, its last gap. */
export function standing(video) {
  if (video.status === "pending") return video.source === "rtmp" ? "waits for its publisher" : "waits to begin";
  if (video.status !== "processing") return video.status;
  return video.connected === false ? "source is away" : "runs";
}

/** The kind of that state, for its colour. */
export const kindOf = (video) => (video.status === "processing" && video.connected === false ? "warn" : video.status);
