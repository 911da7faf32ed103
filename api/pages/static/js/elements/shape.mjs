// Owns making shapes of SVG; texts in them are texts.

const SVG = "http://www.w3.org/2000/svg";

/** A shape with attributes (null leaves one out) and children. */
export function shape(name, attributes, ...children) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) if (value !== null && value !== undefined) made.setAttribute(key, value);
  made.append(...children.flat());
  return made;
}
