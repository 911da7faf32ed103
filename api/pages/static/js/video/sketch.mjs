// Owns lines and zones on the picture: those that are kept, and the one that is being drawn, with a mouse or a finger.

import { shape } from "../elements/shape.mjs";
import { LINES } from "./regions.mjs";

const REACH = 16;
const TEXT_PIXELS = 13;

/** Draws over the stage; with something in hand it takes the pointer. Points are fractions (0–1) of the picture. */
export class Sketch {
  #hand = null;
  #moving = null;

  /** `changed` hears the points of what is in hand whenever the pointer has changed them. */
  constructor(svg, regions, changed) {
    this.svg = svg;
    this.regions = regions;
    this.changed = changed;
    new ResizeObserver(() => this.paint()).observe(svg);
    regions.addEventListener("changed", () => this.paint());
    svg.addEventListener("pointerdown", (event) => this.#down(event));
    svg.addEventListener("pointermove", (event) => this.#move(event));
    for (const end of ["pointerup", "pointercancel"]) svg.addEventListener(end, () => (this.#moving = null));
  }

  /** Have `{kind, name, points}` in hand, which stands for the kept one of that name; null lets go. */
  hold(hand) {
    this.#hand = hand;
    this.svg.classList.toggle("drawing", hand !== null);
    this.paint();
  }

  paint() {
    const kept = ["lines", "zones"].flatMap((kind) => this.regions[kind].map((one) => ({ ...one, kind })));
    const others = kept.filter(({ kind, name }) => kind !== this.#hand?.kind || name !== this.#hand?.before);
    this.svg.setAttribute("viewBox", `0 0 ${this.#size.width} ${this.#size.height}`);
    this.svg.replaceChildren(...others.map((one) => this.#region(one)), ...(this.#hand ? [this.#region(this.#hand), ...this.#handles()] : []));
  }

  get #size() {
    return { width: Math.max(1, this.svg.clientWidth), height: Math.max(1, this.svg.clientHeight) };
  }

  #pixels([x, y]) {
    return [x * this.#size.width, y * this.#size.height];
  }

  #region({ kind, name, points }) {
    const group = shape("g", { class: `region ${kind}`, "data-region": name });
    const at = points.map((point) => this.#pixels(point));
    const path = at.map((point) => point.join(",")).join(" ");
    for (const under of ["under", "over"]) group.append(shape(kind === LINES || at.length < 3 ? "polyline" : "polygon", { points: path, class: under }));
    if (kind === LINES && at.length === 2) group.append(arrow(...at));
    if (at.length && name) group.append(label(name, at, this.#size));
    return group;
  }

  #handles() {
    return this.#hand.points.map((point) => {
      const [cx, cy] = this.#pixels(point);
      return shape("circle", { cx, cy, r: 7, class: "handle" });
    });
  }

  #at(event) {
    const { left, top, width, height } = this.svg.getBoundingClientRect();
    const share = (value) => Math.min(1, Math.max(0, Number(value.toFixed(4))));
    return [share((event.clientX - left) / width), share((event.clientY - top) / height)];
  }

  #away(point, other) {
    const [[ax, ay], [bx, by]] = [this.#pixels(point), this.#pixels(other)];
    return Math.hypot(ax - bx, ay - by);
  }

  /** A press takes the point that is near; elsewhere it makes one, or of a whole line moves the nearer end. */
  #down(event) {
    if (!this.#hand) return;
    event.preventDefault();
    this.svg.setPointerCapture(event.pointerId);
    const { kind, points } = this.#hand;
    const at = this.#at(event);
    const nearest = points.length ? points.reduce((best, point, place) => (this.#away(point, at) < this.#away(points[best], at) ? place : best), 0) : -1;
    const taken = nearest >= 0 && (this.#away(points[nearest], at) <= REACH || (kind === LINES && points.length === 2));
    this.#moving = { place: taken ? nearest : points.length, began: at, fresh: !taken };
    this.#set(this.#moving.place, at);
  }

  /** A line that is pulled from its first point gets its second one. */
  #move(event) {
    if (!this.#hand || !this.#moving) return;
    const at = this.#at(event);
    const first = this.#hand.kind === LINES && this.#moving.fresh && this.#moving.place === 0;
    if (first && this.#away(this.#moving.began, at) < REACH) return;
    if (first) this.#moving = { place: 1, began: at, fresh: false };
    this.#set(this.#moving.place, at);
  }

  #set(place, point) {
    this.#hand.points = place < this.#hand.points.length ? this.#hand.points.with(place, point) : [...this.#hand.points, point];
    this.paint();
    this.changed(this.#hand.points);
  }
}

/** From the middle of a line to where `in` is: on the right of who walks along it. */
function arrow([ax, ay], [bx, by]) {
  const length = Math.hypot(bx - ax, by - ay) || 1;
  const [ux, uy] = [(bx - ax) / length, (by - ay) / length];
  const [mx, my] = [(ax + bx) / 2, (ay + by) / 2];
  const at = (along, aside) => `${mx + along * ux - aside * uy},${my + along * uy + aside * ux}`;
  return shape("path", { class: "arrow", d: `M${at(0, 0)} L${at(0, 18)} M${at(-5, 12)} L${at(0, 18)} L${at(5, 12)}` });
}

/** The name at the topmost point, within the picture. */
function label(name, points, { width, height }) {
  const [x, y] = points.reduce((a, b) => (b[1] < a[1] ? b : a));
  const wide = name.length * 0.58 * TEXT_PIXELS;
  return shape("text", { x: Math.max(4, Math.min(x + 6, width - wide - 4)), y: Math.max(TEXT_PIXELS + 2, Math.min(y - 6, height - 4)), "font-size": TEXT_PIXELS }, name);
}
