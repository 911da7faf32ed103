// Owns what was counted at lines and zones: in short, as charts over time, and as tables.

import { get } from "../api.mjs";
import { drawColumns } from "../elements/columns.mjs";
import { element, fill } from "../elements/element.mjs";
import { clock, count, duration } from "../format.mjs";
import { fillTable } from "../tables.mjs";
import { shape } from "../elements/shape.mjs";
import { toTime } from "./links.mjs";

const SHARE = 20;

/** What was counted at a line or a zone, in a few words. */
export const inShort = (found) => ("in" in found ? `in ${count(found.in)}, out ${count(found.out)}` : `${count(found.inside)} inside, at most ${count(found.most_at_once)} at once`);

/** Fires `changed` when `found` is another; draws it. */
export class Counts extends EventTarget {
  constructor(place, path, regions, tracks, onProblem) {
    super();
    this.place = place;
    this.path = `${path}/counts`;
    this.regions = regions;
    this.tracks = tracks;
    this.onProblem = onProblem;
    this.found = null;
    this.due = 0;
    regions.addEventListener("changed", () => this.#read());
    tracks.addEventListener("changed", () => (tracks.complete || performance.now() >= this.due) && this.#read());
  }

  /** What was counted at the region with a name, or null. */
  at(kind, name) {
    return this.found?.[kind].find((one) => one.name === name) ?? null;
  }

  /** All of a video is counted each time: while it grows the seldomer the longer that takes. */
  async #read() {
    const began = performance.now();
    this.due = Infinity;
    try {
      this.found = this.regions.none ? null : await get(this.path);
    } catch (error) {
      this.onProblem(error);
      return;
    } finally {
      this.due = performance.now() + SHARE * (performance.now() - began);
    }
    this.#draw();
    this.dispatchEvent(new Event("changed"));
  }

  #draw() {
    const open = new Set([...this.place.querySelectorAll("details[open]")].map(({ dataset }) => dataset.of));
    this.place.hidden = this.found === null;
    if (!this.found) return;
    const { lines, zones, complete, through_time: through } = this.found;
    this.place.querySelector("#counted").hidden = complete || this.tracks.complete;
    this.place.querySelector("#counted").textContent = through === null ? "Nothing is counted yet: it begins when the first tracks are made." : `Counted up to ${clock(through)}; more may come.`;
    fill(this.place.querySelector(".regions"), lines.map(ofLine), zones.map(ofZone));
    for (const details of this.place.querySelectorAll("details")) details.open = open.has(details.dataset.of);
  }
}

function ofLine({ name, in: inwards, out, by_label: labels, over_time: steps }) {
  const columns = steps.map((one) => ({ ...one, up: one.in, down: one.out, link: toTime(one.from), tip: `${clock(one.from, 0)}: in ${one.in}, out ${one.out}` }));
  const told = labels.length > 1 ? labels.map((one) => `${one.label}: in ${count(one.in)}, out ${count(one.out)}`).join("; ") : null;
  const table = element("table");
  fillTable(table, ["From", "#In", "#Out"], steps.map((one) => [moment(one.from), count(one.in), count(one.out)]));
  return figure(`line/${name}`, name, `In ${count(inwards)}, out ${count(out)}`, told, columns, ["in, upwards", "out, downwards"], table);
}

function ofZone({ name, visits, tracks, most_at_once: most, inside, dwell, by_label: labels, over_time: steps }) {
  const columns = steps.map((one) => ({ ...one, up: one.mean, link: toTime(one.from), tip: `${clock(one.from, 0)}: ${one.mean.toFixed(1)} on average, ${one.most} at most` }));
  const said = `${many(visits, "visit")} by ${count(tracks)}; at most ${count(most)} at once, ${count(inside)} at the end`;
  const stay = visits ? `A visit took ${duration(dwell.mean)} on average, the longest ${duration(dwell.longest)}.` : null;
  const told = labels.length > 1 ? labels.map((one) => `${one.label}: ${many(one.visits, "visit")}, ${duration(one.dwell.mean)} on average`).join("; ") : null;
  const table = element("table");
  fillTable(table, ["From", "#On average", "#At most"], steps.map((one) => [moment(one.from), one.mean.toFixed(1), count(one.most)]));
  return figure(`zone/${name}`, name, said, [stay, told].filter(Boolean).join(" "), columns, ["how many were there, on average"], table);
}

const many = (number, what) => `${count(number)} ${what}${number === 1 ? "" : "s"}`;
const moment = (time) => element("a", { href: toTime(time) }, clock(time, 0));

function figure(id, name, said, told, columns, keys, table) {
  const chart = shape("svg", { class: "columns", preserveAspectRatio: "none", "aria-hidden": "true" });
  drawColumns(chart, columns);
  const legend = keys.map((key, place) => element("li", { class: place ? "key down" : "key up" }, key));
  const scroll = element("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": `${name} over time, as a table` }, table);
  return element(
    "li",
    { class: "counted" },
    element("h3", {}, name),
    element("p", {}, said),
    told ? element("p", { class: "quiet small" }, told) : null,
    columns.length ? chart : null,
    columns.length ? element("ul", { class: "legend plain row small" }, legend) : null,
    element("details", { "data-of": id }, element("summary", {}, "As a table"), scroll),
  );
}
