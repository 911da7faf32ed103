// Owns the list of collections: why people are known, for how long, and making, changing and deleting them.

import { remove, request } from "../api.mjs";
import { asked, field } from "../elements/asking.mjs";
import { element, fill, maySubmit } from "../elements/element.mjs";
import { confirmed, showProblem, toast } from "../elements/messages.mjs";
import { count } from "../format.mjs";
import { fillFacts } from "../tables.mjs";
import { collections } from "./known.mjs";
import { learnAgain } from "./learning.mjs";

/** Lists collections. Fires `changed` when they are known or others; `chosen` when one is to be looked at. */
export class Collections extends EventTarget {
  constructor(place) {
    super();
    this.place = place;
    this.list = place.querySelector("ul");
    this.items = [];
    this.chosen = null;
    place.querySelector("#new-collection")?.addEventListener("click", () => this.#edit(null));
  }

  async load() {
    this.items = await collections();
    if (!this.items.some(({ name }) => name === this.chosen)) this.chosen = this.items[0]?.name ?? null;
    fill(this.list, this.items.map((one) => this.#card(one)));
    this.place.querySelector("#no-collections").hidden = this.items.length > 0;
    this.dispatchEvent(new Event("changed"));
  }

  get current() {
    return this.items.find(({ name }) => name === this.chosen) ?? null;
  }

  #card(one) {
    const facts = element("dl", { class: "facts" });
    fillFacts(facts, [["People", count(one.people)], ["They stay", one.retention_days ? `${count(one.retention_days)} days` : "until deleted"], ["Photos", one.keep_photos ? "are kept" : "are not kept"]]);
    const button = (name, run, kind = null) => element("button", { type: "button", class: kind, "aria-label": `${name}: ${one.name}`, onclick: run }, name);
    const show = this.items.length < 2 ? null : element("button", { type: "button", "aria-label": `Show the people of ${one.name}`, "aria-pressed": String(one.name === this.chosen), onclick: () => this.#choose(one) }, "Show its people");
    const learn = one.keep_photos && one.people ? button("Learn again", () => learnAgain(one)) : null;
    const change = maySubmit() ? [button("Change", () => this.#edit(one)), learn, button("Delete", () => this.#delete(one), "danger")] : [];
    return element("li", { class: "card" }, element("h3", {}, one.name), element("p", {}, one.purpose), facts, element("div", { class: "row" }, [show, ...change]));
  }

  #choose(one) {
    this.chosen = one.name;
    for (const button of this.list.querySelectorAll("[aria-pressed]")) button.setAttribute("aria-pressed", String(button.getAttribute("aria-label") === `Show the people of ${one.name}`));
    this.dispatchEvent(new Event("chosen"));
  }

  async #edit(one) {
    const name = element("input", { name: "name", required: true, maxlength: 64, pattern: "[a-z0-9][a-z0-9_\\-]*", value: one?.name ?? (this.items.length ? "" : "default"), readonly: one !== null, autocomplete: "off", spellcheck: "false" });
    const purpose = element("textarea", { name: "purpose", required: true, minlength: 3, maxlength: 500, rows: 3 }, one?.purpose ?? "");
    const days = element("input", { name: "days", type: "number", min: 1, max: 36_500, step: 1, inputmode: "numeric", value: one?.retention_days });
    const keep = element("input", { type: "checkbox", name: "keep", checked: one?.keep_photos ?? true });
    const parts = [
      field("collection-name", "Name", name, "Lower-case letters, digits, - and _"),
      field("purpose", "Purpose", purpose, "Why these people are known, in words that they could be told"),
      field("days", "Days that people stay", days, "Until they are deleted, if left empty"),
      element("label", { class: "tick" }, keep, "Keep their photos"),
      element("p", { class: "quiet small" }, "Kept photos let another model learn the people again. Where they are not kept any more, those that were go."),
    ];
    const saved = await asked(one ? `Change “${one.name}”` : "A new collection", one ? "Save" : "Make it", parts, () =>
      request(`/people/collections/${encodeURIComponent(name.value)}`, { method: "PUT", json: { purpose: purpose.value, retentionDays: days.value ? Number(days.value) : null, keepPhotos: keep.checked } }),
    );
    if (!saved) return;
    if (!one) this.chosen = saved.name;
    await this.load();
    this.list.querySelector(`[aria-label="${CSS.escape(`Change: ${saved.name}`)}"]`)?.focus();
  }

  async #delete(one) {
    const problem = this.place.querySelector(".problem");
    if (!(await confirmed(`Delete “${one.name}”?`, "A collection can be deleted once nobody is in it.", "Delete"))) return;
    try {
      await remove(`/people/collections/${encodeURIComponent(one.name)}`);
      showProblem(problem, null);
      toast(`“${one.name}” was deleted`);
      await this.load();
    } catch (refused) {
      showProblem(problem, refused);
    }
  }
}
