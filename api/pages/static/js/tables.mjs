// Owns small tables and lists of facts that are filled again and again.

import { element, fill } from "./elements/element.mjs";

/** Fill a table. Columns are names; one that begins with "#" holds numbers. Without rows it says `none`. */
export function fillTable(table, columns, rows, none = "Nothing yet") {
  const kinds = columns.map((column) => (column.startsWith("#") ? "number" : null));
  const head = columns.map((column, i) => element("th", { scope: "col", class: kinds[i] }, column.replace(/^#/, "")));
  const body = rows.map((row) => element("tr", {}, row.map((cell, i) => element("td", { class: kinds[i] }, cell ?? "–"))));
  const empty = element("tr", {}, element("td", { colspan: columns.length, class: "quiet" }, none));
  fill(table, element("thead", {}, element("tr", {}, head)), element("tbody", {}, rows.length ? body : empty));
}

/** Fill a `dl` with names and values. */
export const fillFacts = (list, facts) => fill(list, facts.map(([name, value]) => element("div", {}, element("dt", {}, name), element("dd", {}, value ?? "–"))));

/** A number with one digit, or a dash for what is not known. */
export const rate = (value) => (value === null || value === undefined ? "–" : value.toFixed(value < 10 ? 1 : 0));
