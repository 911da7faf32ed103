// Owns the boxes on the picture: drawn from the results, so that they can be switched without loading anything.

import { shape } from "../elements/shape.mjs";
import { colourOf } from "./colours.mjs";

const TEXT_PIXELS = 13;

/** Draws findings over whatever is shown in `stage`: a picture or a video. */
export class Overlay {
  #shown = [];
  #marked = null;

  constructor(svg, filters) {
    this.svg = svg;
    this.filters = filters;
    this.width = 16;
    this.height = 9;
    new ResizeObserver(() => this.#paint()).observe(svg);
    filters.addEventListener("changed", () => this.#paint());
  }

  /** The size of the picture in pixels. */
  fit(width, height) {
    [this.width, this.height] = [width, height];
  }

  /** Mark the boxes of a track wherever it is seen; null marks none. */
  mark(trackId) {
    this.#marked = trackId;
    this.#paint();
  }

  /** Draw the findings of a frame. */
  draw(frame) {
    this.#shown = frame ? frame.rows.flatMap((row) => row.detections.filter((found) => found.box).map((found) => ({ ...found, task: row.task }))) : [];
    this.#paint();
  }

  #paint() {
    this.svg.setAttribute("viewBox", `0 0 ${this.width} ${this.height}`);
    const scale = this.width / Math.max(1, this.svg.clientWidth);
    const visible = this.#shown.filter((found) => this.filters.shows(found.task, found));
    this.svg.replaceChildren(...visible.map((found) => this.#finding(found, scale, !named(found, visible))));
  }

  #finding({ task, label, confidence, box, track_id: track }, scale, told) {
    const [x, y] = [box.x * this.width, box.y * this.height];
    const place = { x, y, width: box.width * this.width, height: box.height * this.height, fill: "none" };
    const colour = colourOf(label);
    const group = shape("g", { class: "finding", "data-task": task, "data-label": label, "data-track": track });
    if (track && track === this.#marked) group.append(...halo(place, scale));
    group.append(shape("rect", { ...place, stroke: "#000", "stroke-width": 4 * scale, "stroke-opacity": 0.6 }));
    group.append(shape("rect", { ...place, stroke: colour, "stroke-width": 2 * scale }));
    if (told) group.append(...this.#name(`${label} ${confidence.toFixed(2)}`, place, colour, scale, task === "emotions_detection"));
    return group;
  }

  /** The label on a ground of its own colour: above the box, or within it at the picture's edge; emotions below. */
  #name(text, { x, y, height }, colour, scale, below) {
    const size = TEXT_PIXELS * scale;
    const tall = size * 1.35;
    const width = (text.length * 0.56 + 0.8) * size;
    const left = Math.max(0, Math.min(x, this.width - width));
    const wanted = below ? y + height : y - tall;
    const top = Math.max(0, Math.min(wanted, this.height - tall));
    const ground = shape("rect", { x: left, y: top, width, height: tall, fill: colour });
    const name = shape("text", { x: left + 0.4 * size, y: top + size, "font-size": size, fill: "#000", textLength: width - 0.8 * size, lengthAdjust: "spacingAndGlyphs" }, text);
    return [ground, name];
  }
}

/** A bright frame around a box, light and dark, so that it is seen on every picture. */
const halo = (place, scale) => [["#000", 12], ["#fff", 9]].map(([stroke, wide]) => shape("rect", { ...place, class: "halo", stroke, "stroke-width": wide * scale }));

/** Whether a face is there as somebody too, whose name stands at the same box. */
const named = (found, all) => found.task === "faces_detection" && all.some(({ task, box }) => task === "faces_identification" && box.x === found.box.x && box.y === found.box.y);
