// Owns making elements: texts are always texts, never markup.

/** An element with attributes (a function is a listener; null and false leave it out) and children. */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(key.replace(/^on/, ""), value);
    else if (value === true) made.setAttribute(key, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(key, value);
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

/** Put new children in place of the old ones. */
export const fill = (place, ...children) => place.replaceChildren(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));

/** Change an element's text only when it differs, so that nothing is said or painted twice. */
export function setText(place, text) {
  if (place.textContent !== text) place.textContent = text;
}

/** Whether the page may offer what changes something. */
export const maySubmit = () => document.querySelector('meta[name="may-submit"]')?.content === "yes";
