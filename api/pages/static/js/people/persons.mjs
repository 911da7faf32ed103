// Owns the people of a collection: adding somebody with photos, their photos, and forgetting them.

import { remove } from "../api.mjs";
import { asked, field } from "../elements/asking.mjs";
import { element, fill, maySubmit, setText } from "../elements/element.mjs";
import { confirmed, toast } from "../elements/messages.mjs";
import { count, moment } from "../format.mjs";
import { erasePerson } from "./erasing.mjs";
import { people } from "./known.mjs";
import { photoField, sendPhotos } from "./photos.mjs";

const PAGE = 24;
const HINT = "JPEG, PNG or WebP, one face each: large, sharp, from the front";

/** Lists people. `told` hears `changed()`, `erased(receipt)` and `refused(problem)`. */
export class Persons {
  #cursor = null;

  constructor(place, collections, told) {
    this.place = place;
    this.list = place.querySelector("ul");
    this.more = place.querySelector("#more-people");
    this.collections = collections;
    this.told = told;
    this.add = place.querySelector("#add-person");
    this.add?.addEventListener("click", () => this.#add());
    this.more.addEventListener("click", () => this.#page().catch(told.refused));
    for (const name of ["changed", "chosen"]) collections.addEventListener(name, () => this.#begin().catch(told.refused));
  }

  async #begin() {
    const { current } = this.collections;
    this.place.hidden = current === null;
    if (!current) return;
    setText(this.place.querySelector("h2"), this.collections.items.length > 1 ? `People of ${current.name}` : "People");
    this.#cursor = null;
    await this.#page(true);
  }

  async #page(first = false) {
    const { name } = this.collections.current;
    const page = await people(name, this.#cursor, PAGE);
    if (name !== this.collections.chosen) return;
    if (first) fill(this.list);
    this.list.append(...page.items.map((person) => this.#card(person)));
    this.#cursor = page.next_cursor;
    this.more.hidden = page.next_cursor === null;
    this.place.querySelector("#nobody").hidden = this.list.childElementCount > 0;
  }

  #card(person) {
    const [photo] = person.photos;
    const face = photo?.picture_url ? element("img", { src: photo.picture_url, alt: "", class: "portrait", loading: "lazy" }) : element("span", { class: "portrait quiet small" }, photo ? "photo not kept" : "no photo: nobody is known by this name");
    const button = (name, run, kind = null) => element("button", { type: "button", class: kind, "aria-label": `${name}: ${person.name}`, onclick: () => run(person).catch(this.told.refused) }, name);
    const buttons = maySubmit() ? [button("Add photos", () => this.#addPhotos(person)), button("Forget", () => this.#forget(person), "danger")] : [];
    const photos = element("details", {}, element("summary", {}, person.photos.length === 1 ? "1 photo" : `${count(person.photos.length)} photos`), element("ul", { class: "plain row" }, person.photos.map((one, place) => this.#photo(person, one, place + 1))));
    return element("li", { class: "card person", "data-person": person.person_id }, face, element("div", {}, element("h3", {}, person.name), element("p", { class: "quiet small" }, `since ${moment(person.created_at)}`), photos, element("div", { class: "row buttons" }, buttons)));
  }

  #photo(person, photo, place) {
    const told = `${photo.face_size} pixels, added ${moment(photo.added_at)}`;
    const picture = photo.picture_url ? element("img", { src: photo.picture_url, alt: `Photo ${place} of ${person.name}`, title: told, class: "portrait small", loading: "lazy" }) : element("span", { class: "quiet small" }, told);
    const drop = maySubmit() ? element("button", { type: "button", "aria-label": `Remove photo ${place} of ${person.name}`, onclick: () => this.#dropPhoto(person, photo).catch(this.told.refused) }, "Remove") : null;
    return element("li", { class: "stack buttons" }, picture, drop);
  }

  #put(person) {
    const before = this.list.querySelector(`[data-person="${person.person_id}"]`);
    const made = this.#card(person);
    made.querySelector("details").open = before?.querySelector("details").open ?? false;
    before?.replaceWith(made);
    made.querySelector("summary").focus();
  }

  async #add() {
    const name = element("input", { name: "who", required: true, maxlength: 100, autocomplete: "off" });
    const photos = photoField("photos", true);
    const { name: collection } = this.collections.current;
    const person = await asked("Add a person", "Add", [field("who", "Name", name), field("photos", "Photos", photos, HINT)], () => sendPhotos("/people", photos.files, { name: name.value, collection })).catch(this.told.refused);
    if (!person) return;
    toast(`“${person.name}” is known from now on`);
    await this.told.changed();
  }

  async #addPhotos(person) {
    const photos = photoField("photos", true);
    const known = await asked(`Photos of “${person.name}”`, "Add", [field("photos", "Photos", photos, HINT)], () => sendPhotos(`/people/${person.person_id}/photos`, photos.files));
    if (known) this.#put(known);
  }

  async #dropPhoto(person, photo) {
    if (!(await confirmed("Remove this photo?", `“${person.name}” is not known by it any more. Names that were found by it stay.`, "Remove"))) return;
    this.#put(await remove(`/people/${person.person_id}/photos/${photo.photo_id}`));
  }

  async #forget(person) {
    const receipt = await erasePerson(person);
    if (!receipt) return;
    this.told.erased(receipt);
    await this.told.changed();
  }
}
