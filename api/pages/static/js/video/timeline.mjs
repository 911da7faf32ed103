// Owns the timeline: a row a label, with the stretches of time in which it was seen.

import { element, fill, setText } from "../elements/element.mjs";
import { clock, count, percent, taskName } from "../format.mjs";
import { colourOf } from "./colours.mjs";
import { Stretches } from "./stretches.mjs";

const AT_FIRST = 20;

/** Rows of segments; Enter goes to the moment. */
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
    this.stretches = new Stretches(this.body);
  }

  /** Draw a summary from the first to the last time of the video. */
  update(summary, first, last) {
    [this.first, this.last] = [first, Math.max(first + 1e-3, last)];
    this.#summary = summary;
    const labels = summary.tasks.flatMap(({ task, labels: found }) => found.map((label) => ({ task, ...label })));
    const shown = this.#all ? labels : labels.slice(0, AT_FIRST);
    const { focused } = this.stretches;
    fill(this.body, shown.map((label) => this.#row(label)));
    this.more.hidden = shown.length === labels.length;
    setText(this.more, `Show all ${labels.length} labels`);
    this.follow(this.here);
    this.place.querySelector("#no-labels").hidden = labels.length > 0;
    this.stretches.restore(focused);
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
      this.stretches.rove(segment);
      this.onJump({ frame: Number(segment.dataset.frame) });
    } else if (track) {
      const { left, width } = track.getBoundingClientRect();
      this.onJump({ time: this.first + ((event.clientX - left) / width) * (this.last - this.first) });
    }
  }

  #showAll() {
    this.#all = true;
    this.update(this.#summary, this.first, this.last);
    this.body.querySelector('button[tabindex="0"]')?.focus();
  }
}
