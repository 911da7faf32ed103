// Owns charts that roll: the last two minutes, a value a second for each series.

import { element, fill } from "../elements/element.mjs";

const SECONDS = 120;
const HEIGHT = 100;
const COLOURS = 6;
const SVG = "http://www.w3.org/2000/svg";

/** A chart; `digits` is how values are written. */
export class Rolling {
  constructor(title, digits = 0) {
    this.title = title;
    this.digits = digits;
    this.series = new Map();
    this.caption = element("figcaption", {});
    this.svg = document.createElementNS(SVG, "svg");
    for (const [name, value] of [["viewBox", `0 0 ${SECONDS - 1} ${HEIGHT}`], ["preserveAspectRatio", "none"], ["role", "img"]]) this.svg.setAttribute(name, value);
    this.root = element("figure", { class: "rolling" }, this.caption, this.svg);
    this.draw();
  }

  /** Add the values of a second, by series; a series that is not named is at zero. Beyond six, the smallest goes. */
  push(values) {
    for (const name of Object.keys(values)) if (!this.series.has(name)) this.series.set(name, new Array(SECONDS).fill(0));
    for (const [name, kept] of this.series) {
      kept.push(values[name] || 0);
      kept.shift();
      if (!kept.some(Boolean) && this.series.size > 1) this.series.delete(name);
    }
    const largest = [...this.series].sort(([, a], [, b]) => total(b) - total(a)).slice(0, COLOURS);
    for (const name of [...this.series.keys()]) if (!largest.some(([kept]) => kept === name)) this.series.delete(name);
    this.draw();
  }

  draw() {
    const most = Math.max(1e-9, ...[...this.series.values()].flat());
    const named = [...this.series].map(([name, kept]) => [name, kept.at(-1).toFixed(this.digits)]);
    const keys = named.map(([name, value], place) => element("span", { class: `key s${place}` }, this.series.size > 1 || name ? `${name} ${value}` : value));
    fill(this.caption, element("strong", {}, this.title), keys, element("span", { class: "quiet" }, `at most ${(most < 1e-6 ? 0 : most).toFixed(this.digits)}`));
    this.svg.replaceChildren(...[...this.series.values()].map((kept, place) => line(kept, place, most)));
    this.svg.setAttribute("aria-label", `${this.title}: ${named.map((one) => one.join(" ")).join(", ") || "nothing yet"}`);
  }
}

function line(values, place, most) {
  const drawn = document.createElementNS(SVG, "polyline");
  drawn.setAttribute("class", `s${place}`);
  drawn.setAttribute("points", values.map((value, x) => `${x},${(HEIGHT - 4 - (value / most) * (HEIGHT - 8)).toFixed(1)}`).join(" "));
  return drawn;
}

const total = (values) => values.reduce((sum, value) => sum + value, 0);
