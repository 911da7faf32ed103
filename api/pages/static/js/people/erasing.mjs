// Owns forgetting somebody: saying what will happen, and the receipt of what was removed.

import { get, remove } from "../api.mjs";
import { asked, field } from "../elements/asking.mjs";
import { element, fill, setText } from "../elements/element.mjs";
import { count, moment } from "../format.mjs";
import { repeated } from "../repeated.mjs";
import { fillFacts } from "../tables.mjs";
import { photoField, sendPhotos } from "./photos.mjs";

const AGAIN_MS = 2000;
const FRAMES = { blur: "hide all faces in them", delete: "delete them", keep: "keep them as they are" };
const REMOVED = {
  people: "People",
  photos: "Photos",
  vectors: "Vectors of photos",
  rows: "Names in results",
  tracks: "Names of tracks",
  frames_blurred: "Frames blurred",
  frames_deleted: "Frames deleted",
  track_vectors: "Vectors of tracks",
  raw_vectors: "Vectors of frames",
  search_entries: "Entries in the search",
};

/** Ask whether a person is to be forgotten; resolves to the receipt, or null when it was left. */
export function erasePerson(person) {
  const parts = [told(), choice()];
  return asked(`Forget “${person.name}”?`, "Forget for good", parts, (form) => remove(`/people/${person.person_id}?frames=${form.elements.frames.value}`), { dangerous: true, leave: "Keep it as it is" });
}

/** Ask for a photo of somebody who is to be forgotten. */
export function eraseByPhoto() {
  const photo = photoField("photo", false);
  const parts = [element("p", {}, "Everybody who has this face is forgotten, whether they were added here or not. The photo is not kept."), field("erase-photo", "Photo", photo), told(), choice()];
  return asked("Forget whoever is on a photo?", "Forget for good", parts, (form) => sendPhotos("/people/erase", photo.files, { frames: form.elements.frames.value }), { dangerous: true, leave: "Keep it as it is" });
}

const told = () =>
  element(
    "div",
    {},
    element("p", {}, "Photos and vectors go at once, and within seconds nobody is named any more. Names in results, tracks and search go within a minute, also in videos that run."),
    element("p", {}, "Nothing brings them back. A receipt says what was removed, and what cannot be promised."),
  );

function choice() {
  const radios = Object.entries(FRAMES).map(([value, text]) => element("label", { class: "choice" }, element("input", { type: "radio", name: "frames", value, checked: value === "blur" }), text));
  return element("fieldset", { class: "stack" }, element("legend", {}, "Stored frames in which the person was found"), radios);
}

/** Shows receipts, and asks again until all is erased. */
export class Receipt {
  #stop = () => {};

  constructor(place, onProblem) {
    this.place = place;
    this.onProblem = onProblem;
  }

  /** Show the receipt at an address of the service. */
  follow(path) {
    this.#stop();
    this.#stop = repeated(AGAIN_MS, async () => {
      try {
        const receipt = await get(path);
        this.#show(receipt);
        if (receipt.state === "erased") this.#stop();
      } catch (error) {
        this.#stop();
        this.onProblem(error);
      }
    });
  }

  #show(receipt) {
    const done = receipt.state === "erased";
    const first = this.place.hidden;
    this.place.hidden = false;
    const state = this.place.querySelector(".state");
    setText(state, done ? "erased" : "being erased");
    state.dataset.state = done ? "done" : "processing";
    const removed = Object.entries(REMOVED).map(([name, text]) => [text, count(receipt.removed[name] ?? 0)]);
    fillFacts(this.place.querySelector("dl"), [["Asked for", moment(receipt.requested_at)], ["Erased", moment(receipt.erased_at) || "–"], ...removed]);
    const again = receipt.looks_again_at ? ` What comes late is looked for again at ${moment(receipt.looks_again_at)}.` : "";
    setText(this.place.querySelector("#receipt-told"), `It holds no personal data.${again}`);
    setText(this.place.querySelector("code"), receipt.digest);
    fill(this.place.querySelector("details ul"), receipt.not_promised.map((text) => element("li", {}, text)));
    if (first) this.place.focus();
  }
}
