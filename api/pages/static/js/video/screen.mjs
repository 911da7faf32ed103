// Owns what is seen of the frame at the playhead: its picture with boxes, and the same in words.

import { element, fill, setText } from "../elements/element.mjs";
import { showProblem } from "../elements/messages.mjs";
import { clock, moment, taskName } from "../format.mjs";
import { colourOf } from "./colours.mjs";

const AHEAD = 8;
const ORDER = ["objects_detection", "faces_detection", "emotions_detection", "faces_identification", "color_detection"];

/** Shows the playhead's frame. `shown` resolves when the newest picture is there. */
export class Screen {
  constructor(place, playhead, pictures, overlay, filters) {
    this.place = place;
    this.playhead = playhead;
    this.pictures = pictures;
    this.overlay = overlay;
    this.filters = filters;
    this.problem = place.querySelector("#picture-problem");
    this.shown = Promise.resolve();
    this.moving = false;
    playhead.addEventListener("moved", () => this.show());
    filters.addEventListener("changed", () => this.tell());
  }

  /** Show the picture of the playhead's frame, unless it has moved on meanwhile. */
  show() {
    const { frame } = this.playhead;
    if (!frame) return this.shown;
    if (this.moving) return this.#mark(frame);
    this.shown = this.#picture(frame);
    this.pictures.prepare(this.playhead.frames.around(frame, AHEAD).map(({ number }) => number));
    return this.shown;
  }

  /** Take the form of a picture, in pixels. */
  size(width, height) {
    this.place.querySelector("#stage").style.setProperty("--ratio", width / height);
    this.overlay.fit(width, height);
  }

  /** Put a moving picture in the place of the single one. */
  replace(video) {
    this.place.querySelector("#stage").querySelectorAll("img, video").forEach((old) => old !== video && old.remove());
    this.place.querySelector("#stage").prepend(video);
  }

  #mark(frame) {
    this.overlay.draw(frame);
    this.tell();
    return this.shown;
  }

  async #picture(frame) {
    let picture = null;
    let error = null;
    try {
      picture = await this.pictures.picture(frame.number);
    } catch (problem) {
      error = problem;
    }
    if (frame !== this.playhead.frame) return;
    this.#put(picture, frame);
    showProblem(this.problem, error);
    this.overlay.draw(frame);
    this.tell();
  }

  #put(picture, frame) {
    const stage = this.place.querySelector("#stage");
    if (this.moving) return;
    stage.querySelector("img")?.remove();
    stage.dataset.frame = frame.number;
    if (!picture) return;
    this.size(picture.naturalWidth, picture.naturalHeight);
    picture.alt = `Frame ${frame.number} at ${clock(frame.time)}`;
    stage.prepend(picture);
  }

  /** Say what is in the frame. */
  tell() {
    const { frame } = this.playhead;
    if (!frame) return;
    const captured = frame.capturedAt ? `, ${moment(frame.capturedAt)}` : "";
    setText(this.place.querySelector("#here"), `${clock(frame.time)}, frame ${frame.number}${captured}`);
    const rows = [...frame.rows].sort((a, b) => ORDER.indexOf(a.task) - ORDER.indexOf(b.task));
    fill(this.place.querySelector("#findings"), rows.flatMap((row) => this.#row(row)));
  }

  #row(row) {
    if (row.status === "failed") return [element("li", { class: "bad" }, `${taskName(row.task)} failed: ${row.error}`)];
    const shown = row.detections.filter((found) => this.filters.shows(row.task, found));
    return shown.map((found) => finding(row.task, found));
  }
}

function finding(task, { label, confidence, attributes }) {
  const dot = element("span", { class: "dot", "aria-hidden": "true" });
  dot.style.background = colourOf(label);
  const others = Object.entries(attributes).filter(([name, value]) => name !== label && name !== "similarity" && value >= 0.05).sort((a, b) => b[1] - a[1]).slice(0, 3);
  const also = others.length ? element("span", { class: "quiet small" }, others.map(([name, value]) => `${name} ${value.toFixed(2)}`).join(", ")) : null;
  const sure = element("span", { class: "quiet" }, confidence.toFixed(2));
  return element("li", {}, dot, element("span", {}, label), sure, element("span", { class: "quiet small" }, taskName(task)), also);
}
