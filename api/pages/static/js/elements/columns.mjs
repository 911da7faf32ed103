// Owns charts of columns over time: a column a step, above and below a line, each a link to its moment.

import { shape } from "./shape.mjs";

const [WIDTH, HEIGHT] = [600, 100];

/** Fill an SVG with columns: `{from, to, up, down, tip, link}`, of which `up` and `down` are numbers from 0 on. */
export function drawColumns(svg, columns) {
  const most = (name) => Math.max(0, ...columns.map((one) => one[name] ?? 0));
  const [up, down] = [most("up"), most("down")];
  const unit = HEIGHT / Math.max(1e-9, up + down);
  const [first, last] = [columns[0]?.from ?? 0, columns.at(-1)?.to ?? 1];
  const wide = WIDTH / Math.max(1e-3, last - first);
  const base = shape("line", { x1: 0, x2: WIDTH, y1: up * unit, y2: up * unit, class: "base" });
  svg.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
  svg.replaceChildren(...columns.map((one) => column(one, (one.from - first) * wide, (one.to - one.from) * wide, up * unit, unit)), base);
}

function column({ up = 0, down = 0, tip, link }, x, wide, base, unit) {
  const width = Math.max(1, wide - 1);
  const made = shape("a", { href: link, tabindex: "-1" }, shape("title", {}, tip));
  made.append(shape("rect", { x, y: 0, width, height: HEIGHT, class: "ground" }));
  if (up) made.append(shape("rect", { x, y: base - up * unit, width, height: up * unit, class: "up" }));
  if (down) made.append(shape("rect", { x, y: base, width, height: down * unit, class: "down" }));
  return made;
}
