// Owns the timeline: a row a label, with the stretches of time in which it was seen.

import { element, fill, setText } from "../elements/element.mjs";
import { clock, count, percent, taskName } from "../format.mjs";
import { colourOf } from "./colours.mjs";

const AT_FIRST = 20;

/** Rows of segments. One of them takes part in the tab order; arrow keys go to the others, Enter goes to the moment. */
export class Timeline {
  #all = false;
  #summary = null;

  constructor(place, onJump) {
    this.place = place;
    this.body = place.querySelector("tbody");
    this.onJump = onJump;
    [this.first, this.last, this.here] = [0, 1, 0];
    this.more = place.querySelector("#all-labels");
    this.more.addEventListener("click", () => this.#showAll());
    this.body.addEventListener("click", (event) => this.#clicked(event));
    this.body.addEventListener("keydown", (event) => this.#key(event));
  }

  /** Draw a summary from the first to the last time of the video. */
  update(summary, first, last) {
    [this.first, this.last] = [first, Math.max(first + 1e-3, last)];
    this.#summary = summary;
    const labels = summary.tasks.flatMap(({ task, labels: found }) => found.map((label) => ({ task, ...label })));
    const shown = this.#all ? labels : labels.slice(0, AT_FIRST);
    const focused = document.activeElement?.closest?.(".segment")?.dataset.key;
    fill(this.body, shown.map((label) => this.#row(label)));
    this.more.hidden = shown.length === labels.length;
    setText(this.more, `Show all ${labels.length} labels`);
    this.follow(this.here);
    this.place.querySelector("#no-labels").hidden = labels.length > 0;
    const again = focused && this.body.querySelector(`[data-key="${CSS.escape(focused)}"]`);
    this.#rove(again || this.body.querySelector("button"));
    if (again) again.focus();
  }

  /** Show where the playhead is. */
  follow(time) {
    this.here = time;
    this.place.style.setProperty("--here", this.#share(time));
  }

  #share(time) {
    return Math.min(1, Math.max(0, (time - this.first) / (this.last - this.first)));
  }

  #row({ task, label, segments, segments_total: total, segments_cut: cut }) {
    const track = element("div", { class: "track", "data-track": label }, segments.map((one) => this.#segment(task, label, one)));
    const told = cut ? element("span", { class: "quiet small" }, `first ${segments.length} of ${count(total)}`) : null;
    const name = element("th", { scope: "row" }, label, " ", element("span", { class: "quiet small" }, taskName(task)), told);
    return element("tr", {}, name, element("td", {}, track));
  }

  #segment(task, label, { from, to, frames, frame_from: frame, max_confidence: best }) {
    const many = frames === 1 ? "1 frame" : `${count(frames)} frames`;
    const told = `${label}, ${clock(from)} to ${clock(to)}, ${many}, at best ${percent(best)}`;
    const made = element("button", { type: "button", class: "segment", tabindex: "-1", title: told, "aria-label": told, "data-frame": frame, "data-key": `${task}/${label}/${frame}` });
    made.style.left = `${100 * this.#share(from)}%`;
    made.style.width = `${100 * (this.#share(to) - this.#share(from))}%`;
    made.style.background = colourOf(label);
    return made;
  }

  #clicked(event) {
    const segment = event.target.closest(".segment");
    const track = event.target.closest(".track");
    if (segment) {
      this.#rove(segment);
      this.onJump({ frame: Number(segment.dataset.frame) });
    } else if (track) {
      const { left, width } = track.getBoundingClientRect();
      this.onJump({ time: this.first + ((event.clientX - left) / width) * (this.last - this.first) });
    }
  }

  #key(event) {
    const at = event.target.closest(".segment");
    const to = at && this.#neighbour(at, event.key);
    if (!to) return;
    event.preventDefault();
    this.#rove(to);
    to.focus();
  }

  /** Where an arrow key leads: along the row, or to the segment of another row that is nearest in time. */
  #neighbour(at, key) {
    const within = [...at.parentElement.children];
    const rows = [...this.body.rows].filter((row) => row.querySelector(".segment"));
    const row = rows.indexOf(at.closest("tr"));
    const nearest = (other) => other && [...other.querySelectorAll(".segment")].reduce((a, b) => (away(b, at) < away(a, at) ? b : a));
    const lead = {
      ArrowRight: () => within[within.indexOf(at) + 1],
      ArrowLeft: () => within[within.indexOf(at) - 1],
      ArrowDown: () => nearest(rows[row + 1]),
      ArrowUp: () => nearest(rows[row - 1]),
      Home: () => within[0],
      End: () => within.at(-1),
    };
    return lead[key]?.();
  }

  #rove(to) {
    this.body.querySelector('button[tabindex="0"]')?.setAttribute("tabindex", "-1");
    to?.setAttribute("tabindex", "0");
  }

  #showAll() {
    this.#all = true;
    this.update(this.#summary, this.first, this.last);
    this.body.querySelector('button[tabindex="0"]')?.focus();
  }
}

const away = (one, other) => Math.abs(Number(one.dataset.frame) - Number(other.dataset.frame));
