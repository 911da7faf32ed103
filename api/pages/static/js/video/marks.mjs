// Owns the list of lines and zones beside the picture, and the ways to draw, change and delete them.

import { element, fill, maySubmit } from "../elements/element.mjs";
import { confirmed, showProblem, toast } from "../elements/messages.mjs";
import { inShort } from "./counts.mjs";
import { LINES, ZONES } from "./regions.mjs";

const KINDS = { [LINES]: "Line", [ZONES]: "Zone" };

/** Lists what is drawn, with what was counted; `editor` draws. */
export class Marks {
  constructor(place, regions, counts, editor) {
    this.place = place;
    this.list = place.querySelector("ul");
    this.problem = place.querySelector(".problem");
    this.regions = regions;
    this.counts = counts;
    this.editor = editor;
    for (const button of place.querySelectorAll("[data-draw]")) {
      button.disabled = false;
      button.addEventListener("click", () => editor.begin(button.dataset.draw));
    }
    for (const known of [regions, counts]) known.addEventListener("changed", () => this.#update());
  }

  #update() {
    const focused = this.list.contains(document.activeElement) ? document.activeElement.getAttribute("aria-label") : null;
    fill(this.list, [LINES, ZONES].flatMap((kind) => this.regions[kind].map((region) => this.#item(kind, region))));
    this.place.querySelector("#no-regions").hidden = !this.regions.none;
    if (focused) this.list.querySelector(`[aria-label="${CSS.escape(focused)}"]`)?.focus();
  }

  #item(kind, region) {
    const found = this.counts.at(kind, region.name);
    const button = (name, run) => element("button", { type: "button", "aria-label": `${name}: ${region.name}`, onclick: run }, name);
    const buttons = maySubmit() ? [button("Change", () => this.editor.begin(kind, region)), button("Delete", () => this.#delete(kind, region))] : [];
    const told = element("span", { class: "quiet small" }, `${KINDS[kind]}${found ? `, ${inShort(found)}` : ""}`);
    return element("li", {}, element("span", { class: "who" }, region.name), told, element("span", { class: "row buttons" }, buttons));
  }

  async #delete(kind, { name }) {
    if (!(await confirmed(`Delete “${name}”?`, "Nothing is counted there any more. Drawn again, it has the same counts.", "Delete"))) return;
    try {
      await this.regions.drop(kind, name);
      showProblem(this.problem, null);
      toast(`“${name}” was deleted`);
    } catch (error) {
      showProblem(this.problem, error);
    }
  }
}
