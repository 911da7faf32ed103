// Owns which findings are shown: by task, by label, and by how sure the model was.

import { element, fill, setText } from "../elements/element.mjs";
import { count, percent, taskName } from "../format.mjs";
import { colourOf } from "./colours.mjs";

const AT_FIRST = 12;
const key = (task, label) => `${task}/${label}`;

/** Fires `changed`. What was hidden stays hidden when the summary grows. */
export class Filters extends EventTarget {
  #hidden = new Set();
  #least = 0;
  #drawn = "";

  constructor(place, tasks) {
    super();
    this.place = place;
    this.tasks = tasks;
    this.confidence = place.querySelector("#confidence");
    this.confidence.addEventListener("input", () => this.#sure());
  }

  /** Whether a finding of a task is shown. */
  shows(task, { label, confidence }) {
    const hidden = this.#hidden.has(task) || this.#hidden.has(key(task, label));
    return !hidden && confidence >= this.#least;
  }

  /** Offer the labels of a summary. */
  update(summary) {
    const labels = new Map(summary.tasks.map(({ task, labels: found }) => [task, found]));
    const drawn = JSON.stringify([...labels].map(([task, found]) => [task, found.map(({ label }) => label)]));
    if (drawn === this.#drawn) return this.#recount(labels);
    this.#drawn = drawn;
    return fill(this.place.querySelector("#tasks"), this.tasks.map((task) => this.#task(task, labels.get(task) ?? [])));
  }

  #task(task, labels) {
    const boxes = labels.map((found) => this.#label(task, found));
    const rest = boxes.splice(AT_FIRST);
    const more = rest.length ? [element("details", {}, element("summary", {}, `${rest.length} more`), element("ul", { class: "ticks" }, rest))] : [];
    const all = this.#tick(task, element("span", {}, taskName(task)));
    return element("fieldset", { class: "task" }, element("legend", {}, all), element("ul", { class: "ticks" }, boxes), more);
  }

  #label(task, { label, frames }) {
    const dot = element("span", { class: "dot", "aria-hidden": "true" });
    dot.style.background = colourOf(label);
    const told = element("span", { class: "quiet small", "data-count": key(task, label) }, count(frames));
    return element("li", {}, this.#tick(key(task, label), dot, element("span", {}, label), told));
  }

  #tick(what, ...content) {
    const box = element("input", { type: "checkbox", "data-shows": what, checked: !this.#hidden.has(what) });
    box.addEventListener("change", () => {
      if (box.checked) this.#hidden.delete(what);
      else this.#hidden.add(what);
      this.dispatchEvent(new Event("changed"));
    });
    return element("label", { class: "tick" }, box, ...content);
  }

  #recount(labels) {
    for (const [task, found] of labels) {
      for (const { label, frames } of found) {
        const place = this.place.querySelector(`[data-count="${CSS.escape(key(task, label))}"]`);
        if (place) setText(place, count(frames));
      }
    }
  }

  #sure() {
    this.#least = Number(this.confidence.value) / 100;
    const told = percent(this.#least + 1e-9);
    setText(this.place.querySelector("#confidence-told"), told);
    this.confidence.setAttribute("aria-valuetext", told);
    this.dispatchEvent(new Event("changed"));
  }
}
