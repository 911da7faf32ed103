// Owns emotions over time: a column a step, stacked by share, and the same as a table.

import { element, fill } from "../elements/element.mjs";
import { shape } from "../elements/shape.mjs";
import { clock, percent } from "../format.mjs";
import { colourOf } from "./colours.mjs";
import { toTime } from "./links.mjs";

const [WIDTH, HEIGHT] = [600, 100];

/** Draw the emotions of a summary; hidden where nobody looked for them or no face was found. */
export function drawEmotions(place, { steps }, first, last) {
  place.hidden = steps.length === 0;
  if (!steps.length) return;
  const names = [...new Set(steps.flatMap(({ shares }) => Object.keys(shares)))].sort();
  const scale = WIDTH / Math.max(1e-3, last - first);
  fill(place.querySelector("svg"), steps.map((step) => column(step, names, first, scale)));
  fill(place.querySelector(".legend"), names.map(key));
  fill(place.querySelector("tbody"), steps.map((step) => line(step, names)));
  const heads = ["From", "Faces", ...names].map((name) => element("th", { scope: "col", class: name === "From" ? null : "number" }, name));
  fill(place.querySelector("thead"), element("tr", {}, heads));
}

function column({ from, to, faces, shares }, names, first, scale) {
  const told = `${clock(from)} to ${clock(to)}, ${faces} faces: ${names.filter((name) => shares[name]).map((name) => `${name} ${percent(shares[name])}`).join(", ")}`;
  const link = shape("a", { href: toTime(from), tabindex: "-1" }, shape("title", {}, told));
  let top = 0;
  for (const name of names) {
    const tall = HEIGHT * (shares[name] ?? 0);
    if (tall) link.append(shape("rect", { x: (from - first) * scale, y: top, width: Math.max(1, (to - from) * scale - 0.5), height: tall, fill: colourOf(name) }));
    top += tall;
  }
  return link;
}

function key(name) {
  const dot = element("span", { class: "dot", "aria-hidden": "true" });
  dot.style.background = colourOf(name);
  return element("li", {}, dot, name);
}

function line({ from, faces, shares }, names) {
  const cells = names.map((name) => element("td", { class: "number" }, shares[name] ? percent(shares[name]) : ""));
  return element("tr", {}, element("th", { scope: "row" }, element("a", { href: toTime(from) }, clock(from))), element("td", { class: "number" }, faces), cells);
}
