// Owns asking who is known: collections, and the people of one page by page.

import { get, query } from "../api.mjs";

const PAGE = 100;

/** All collections, by name. */
export const collections = async () => (await get("/people/collections")).items;

/** A page of a collection's people, newest first: `{items, next_cursor}`. */
export const people = (collection, cursor = null, limit = PAGE) => get(query("/people", { collection, limit, cursor }));

/** The newest of a collection's people, `most` of them. */
export async function newest(collection, most = 500) {
  const found = [];
  for (let cursor = null; ;) {
    const page = await people(collection, cursor);
    found.push(...page.items);
    cursor = page.next_cursor;
    if (cursor === null || found.length >= most) return found;
  }
}
