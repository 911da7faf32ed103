// Owns how a page speaks: problems where they belong, short notices, questions before something is done.

import { element } from "./element.mjs";

const SHOWN_MS = 6000;

/** A short notice that goes by itself; screen readers say it. */
export function toast(text) {
  const shown = element("div", { class: "toast" }, text);
  document.getElementById("toasts").append(shown);
  setTimeout(() => shown.remove(), SHOWN_MS);
}

/** Show an error in an element (role alert); hide it when there is none. */
export function showProblem(place, error) {
  place.hidden = !error;
  place.replaceChildren();
  if (!error) return;
  const title = error.title && error.title !== error.message ? [element("strong", {}, `${error.title}: `)] : [];
  const wait = error.retryAfter ? ` Try again in ${error.retryAfter} s.` : "";
  place.append(...title, `${error.message}${wait}`);
}

/** A place for problems. */
export const problemPlace = () => element("div", { class: "problem", role: "alert", hidden: true });

/** Ask before something is done; resolves to whether it was agreed to. Focus comes back to where it was. */
export function confirmed(title, text, action, dangerous = true) {
  const yes = element("button", { class: dangerous ? "danger" : "primary", value: "yes" }, action);
  const no = element("button", { value: "no", autofocus: true }, "Keep it as it is");
  const heading = element("h2", { id: "question" }, title);
  const form = element("form", { method: "dialog", class: "stack" }, heading, element("p", {}, text), element("div", { class: "row" }, no, yes));
  const dialog = element("dialog", { "aria-labelledby": "question" }, form);
  return shown(dialog, () => dialog.returnValue === "yes");
}

/** Show a dialog until it is closed; resolves to what `answer()` says then. Focus comes back to where it was. */
export function shown(dialog, answer) {
  const before = document.activeElement;
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      if (before?.isConnected) before.focus();
      resolve(answer());
    });
  });
}
