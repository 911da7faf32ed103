// Owns forms that ask in a dialog: what was refused is said within, and the focus comes back to where it was.

import { element } from "./element.mjs";
import { problemPlace, showProblem, shown } from "./messages.mjs";

/** Show a form of these parts; `answered(form)` does what it asks for, and throws the Problem of a refusal.
 *
 * Resolves to what `answered` gave, or null when it was left.
 */
export function asked(title, action, parts, answered, { dangerous = false, leave = "Leave it" } = {}) {
  const problem = problemPlace();
  const go = element("button", { class: dangerous ? "danger" : "primary" }, action);
  const no = element("button", { type: "button", onclick: () => dialog.close() }, leave);
  const form = element("form", { class: "stack" }, element("h2", { id: "asked" }, title), parts, problem, element("div", { class: "row" }, no, go));
  const dialog = element("dialog", { "aria-labelledby": "asked" }, form);
  let answer = null;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (go.ariaBusy === "true") return;
    go.ariaBusy = "true";
    showProblem(problem, null);
    try {
      answer = await answered(form);
      dialog.close();
    } catch (refused) {
      showProblem(problem, refused);
    } finally {
      go.ariaBusy = null;
    }
  });
  return shown(dialog, () => answer);
}

/** A field with its label and a hint. */
export function field(id, label, input, hint = null) {
  input.id = id;
  if (hint) input.setAttribute("aria-describedby", `hint-${id}`);
  return element("div", { class: "field" }, element("label", { for: id }, label), input, hint ? element("span", { class: "hint", id: `hint-${id}` }, hint) : null);
}
