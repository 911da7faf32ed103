// Owns the list of events: the newest first, bounded, painted a few times a second however many come.

import { element } from "../elements/element.mjs";
import { taskName } from "../format.mjs";

const MOST = 100;
const PAINT_MS = 250;
const CLOCK = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 1 });

/** The list; it can be paused, and shows what came meanwhile when it goes on. */
export class Log {
  constructor(list, button) {
    this.list = list;
    this.waiting = [];
    this.timer = null;
    this.paused = false;
    button.addEventListener("click", () => {
      this.paused = !this.paused;
      button.setAttribute("aria-pressed", String(this.paused));
      this.paint();
    });
  }

  /** A row of results; one without findings is left out. */
  add(row) {
    if (!row.detections.length && !row.error) return;
    this.waiting.push(row);
    if (this.waiting.length > MOST) this.waiting.shift();
    if (this.timer === null) this.timer = setTimeout(() => this.paint(), PAINT_MS);
  }

  paint() {
    clearTimeout(this.timer);
    this.timer = null;
    if (this.paused) return;
    this.list.prepend(...this.waiting.splice(0).reverse().map(entry));
    while (this.list.childElementCount > MOST) this.list.lastElementChild.remove();
  }
}

function entry(row) {
  const at = row.captured_at ? CLOCK.format(new Date(row.captured_at)) : `${row.media_time.toFixed(1)} s`;
  return element("li", { "data-frame": row.frame_number }, element("time", {}, at), element("span", {}, `${taskName(row.task)}: ${told(row)}`));
}

function told({ error, detections }) {
  if (error) return `failed: ${error}`;
  const counts = new Map();
  for (const { label } of detections) counts.set(label, (counts.get(label) || 0) + 1);
  return [...counts].map(([label, n]) => (n > 1 ? `${n} × ${label}` : label)).join(", ");
}
