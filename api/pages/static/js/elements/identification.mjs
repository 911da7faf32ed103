// Owns asking whether faces are to be named: why, by which collections of people, and whether it can be searched later.

import { collections } from "../people/known.mjs";
import { field } from "./asking.mjs";
import { element, fill } from "./element.mjs";

const TASK = "faces_identification";

/** What asks for it; `known` is what a video before had asked for. Without a collection it leads to where one is made. */
export function identificationChoice(known = null) {
  const place = element("div", { class: "identification" });
  collections().then((found) => offer(place, found, known)).catch(() => {}); // without it the rest of the form is whole
  return place;
}

/** What was chosen, as the service takes it; undefined where nobody is to be identified. */
export function identification(form) {
  if (!form.querySelector(`input[value=${TASK}]:checked`)) return undefined;
  const place = form.querySelector(".identification");
  return {
    purpose: place.querySelector("[name=identification]").value.trim(),
    collections: [...place.querySelectorAll("[name=people]:checked")].map((box) => box.value),
    search: place.querySelector("[name=search]").checked,
  };
}

/** What is wrong with what was chosen; null for what can be sent. */
export function wrongIdentification(form) {
  const asked = identification(form);
  if (!asked) return null;
  if (asked.purpose.length < 3) return "Say why people are identified, in words that they could be told.";
  return asked.collections.length ? null : "Tick one collection at least.";
}

function offer(place, found, known) {
  if (!found.length) {
    fill(place, element("p", { class: "quiet small" }, "People can be named once you have a collection of them: ", element("a", { href: "/identities" }, "make one"), "."));
    return;
  }
  const hint = element("span", { class: "hint", id: `finds-${TASK}` }, "whose face it is, of people that you have added");
  const box = element("input", { type: "checkbox", name: "modelsToRun", value: TASK, "aria-describedby": hint.id, "aria-controls": "identification", checked: known !== null });
  const more = details(found, known);
  more.hidden = !box.checked;
  box.addEventListener("change", () => (more.hidden = !box.checked));
  fill(place, element("label", { class: "choice" }, box, element("span", {}, "People", hint)), more);
}

function details(found, known) {
  const purpose = element("input", { name: "identification", maxlength: 500, autocomplete: "off", value: known?.purpose ?? (found.length === 1 ? found[0].purpose : null) });
  const chosen = known?.collections ?? [found[0].name];
  const boxes = found.map((one) => element("label", { class: "tick" }, element("input", { type: "checkbox", name: "people", value: one.name, checked: chosen.includes(one.name) }), `${one.name}: ${one.purpose}`));
  const search = element("input", { type: "checkbox", name: "search", checked: known?.search ?? false });
  return element(
    "div",
    { id: "identification", class: "stack" },
    field("identification-purpose", "Purpose", purpose, "Why people are identified here. It is kept with the video."),
    element("fieldset", {}, element("legend", {}, "Compare with"), boxes),
    element("label", { class: "tick" }, search, "Keep one vector a face, so that it can be searched by face later"),
    element("p", { class: "wrong", role: "alert", id: "wrong-identification", hidden: true }),
  );
}
