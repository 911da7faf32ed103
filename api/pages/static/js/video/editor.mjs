// Owns drawing a line or zone: its name, and its points as numbers, which are those on the picture.

import { element, fill, setText } from "../elements/element.mjs";
import { showProblem } from "../elements/messages.mjs";
import { LINES } from "./regions.mjs";

const MOST_CORNERS = 64;
const NAMES = { lines: "line", zones: "zone" };
const HINTS = {
  lines: "Press on the picture where it begins and pull to where it ends, or type the points. The arrow shows the way in.",
  zones: "Press on the picture at each corner, or type them. Corners can be pulled.",
};
const FEWEST = { lines: 2, zones: 3 };

/** A form for one region at a time. `sketch` draws it meanwhile. */
export class Editor {
  #hand = null;
  #before = null;

  constructor(form, regions, stage) {
    this.form = form;
    this.regions = regions;
    this.stage = stage;
    this.points = form.querySelector("ol");
    this.problem = form.querySelector(".problem");
    form.addEventListener("submit", (event) => this.#submit(event));
    form.addEventListener("keydown", (event) => event.key === "Escape" && this.end());
    form.querySelector("[data-do=add]").addEventListener("click", () => this.#add());
    form.querySelector("[data-do=turn]").addEventListener("click", () => this.#points([...this.#hand.points].reverse()));
    form.querySelector("[data-do=leave]").addEventListener("click", () => this.end());
    form.elements.name.addEventListener("input", () => this.#named());
  }

  /** Draw a new one, or change one that is kept. */
  begin(kind, region = null) {
    this.#before = document.activeElement;
    this.#hand = { kind, before: region?.name ?? null, name: region?.name ?? "", points: region?.points ?? [] };
    setText(this.form.querySelector("h3"), region ? `Change “${region.name}”` : `A new ${NAMES[kind]}`);
    setText(this.form.querySelector(".hint"), HINTS[kind]);
    this.form.elements.name.value = this.#hand.name;
    this.form.querySelector("[data-do=turn]").hidden = kind !== LINES;
    showProblem(this.problem, null);
    this.form.hidden = false;
    this.sketch.hold(this.#hand);
    this.drawn();
    this.form.elements.name.focus({ preventScroll: true });
    this.stage.scrollIntoView({ block: "nearest" });
  }

  end() {
    this.form.hidden = true;
    this.#hand = null;
    this.sketch.hold(null);
    if (this.#before?.isConnected) this.#before.focus();
  }

  /** Write the points as numbers; fields that are there stay, so that typing goes on. */
  drawn() {
    const { kind, points } = this.#hand;
    while (this.points.children.length > points.length) this.points.lastElementChild.remove();
    points.forEach((point, place) => {
      if (place >= this.points.children.length) this.points.append(this.#fields(place));
      this.points.children[place].querySelectorAll("input").forEach((field, axis) => {
        if (field !== document.activeElement) field.value = Number((100 * point[axis]).toFixed(2));
      });
    });
    this.form.querySelector("[data-do=add]").disabled = points.length >= (kind === LINES ? 2 : MOST_CORNERS);
    this.form.querySelector("[data-do=turn]").disabled = points.length < 2;
  }

  #fields(place) {
    const field = (axis, from) => element("input", { type: "number", min: 0, max: 100, step: "any", required: true, inputmode: "decimal", "aria-label": `Point ${place + 1}, percent from the ${from}`, oninput: (event) => this.#typed(place, axis, event.target) });
    const drop = element("button", { type: "button", "aria-label": `Remove point ${place + 1}`, onclick: () => this.#drop(place) }, "×");
    return element("li", {}, field(0, "left"), field(1, "top"), drop);
  }

  #typed(place, axis, field) {
    if (!field.checkValidity()) return;
    const point = this.#hand.points[place].with(axis, Number(field.value) / 100);
    this.#points(this.#hand.points.with(place, point));
  }

  /** A point in the middle, or between the last and the first. */
  #add() {
    const { points } = this.#hand;
    const [last, first] = [points.at(-1) ?? [0.25, 0.5], points[0] ?? [0.25, 0.5]];
    const middle = points.length > 1 ? [(last[0] + first[0]) / 2, (last[1] + first[1]) / 2] : points.length ? [Math.min(1, last[0] + 0.5), last[1]] : last;
    this.#points([...points, middle]);
    this.points.lastElementChild.querySelector("input").focus();
  }

  #drop(place) {
    this.#points(this.#hand.points.toSpliced(place, 1));
    this.form.querySelector("[data-do=add]").focus();
  }

  #points(points) {
    this.#hand.points = points;
    this.sketch.paint();
    this.drawn();
  }

  #named() {
    this.#hand.name = this.form.elements.name.value;
    this.sketch.paint();
  }

  async #submit(event) {
    event.preventDefault();
    const { kind, before, points } = this.#hand;
    const name = this.#hand.name.trim();
    const wrong = this.#wrong(kind, name, before, points);
    showProblem(this.problem, wrong ? { message: wrong } : null);
    if (wrong) return;
    try {
      await this.regions.keep(kind, { name, points }, before);
      this.end();
    } catch (refused) {
      showProblem(this.problem, refused);
    }
  }

  #wrong(kind, name, before, points) {
    if (!name) return "Give it a name.";
    if (!this.form.checkValidity()) return "A point is two numbers from 0 to 100.";
    if (points.length < FEWEST[kind]) return `A ${NAMES[kind]} needs ${FEWEST[kind]} points; press on the picture.`;
    const taken = name !== before && this.regions[kind].some((one) => one.name === name);
    return taken ? `There is a ${NAMES[kind]} “${name}” already; choose another name.` : null;
  }
}
