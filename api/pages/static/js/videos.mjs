// Owns the page of all videos: search, filters, paging; what is asked stands in the address.

import { count } from "./format.mjs";
import { setText } from "./elements/element.mjs";
import { showProblem } from "./elements/messages.mjs";
import { VideoList } from "./elements/video_list.mjs";

const PAGE = 25;
const TYPING_MS = 250;
const form = document.getElementById("filters");
const more = document.getElementById("more");
const problem = document.getElementById("problem");
const told = document.getElementById("told");
const empty = document.getElementById("empty");

const list = new VideoList(document.getElementById("videos"), {
  shown(rows, hasMore) {
    setText(told, rows === 1 ? "1 video" : `${count(rows)} videos${hasMore ? " so far" : ""}`);
    empty.hidden = rows > 0;
    empty.querySelector("[data-none]").hidden = isFiltered();
    empty.querySelector("[data-filtered]").hidden = !isFiltered();
    more.hidden = !hasMore;
  },
  refused: (error) => showProblem(problem, error),
});

const asked = () => ({ search: form.search.value.trim(), status: form.status.value });
const isFiltered = () => asked().search !== "" || asked().status !== "all";

function show() {
  const { search, status } = asked();
  const values = new URLSearchParams(Object.entries({ search, status: status === "all" ? "" : status }).filter(([, value]) => value));
  history.replaceState(null, "", values.size ? `?${values}` : location.pathname);
  return list.show({ search, status, limit: PAGE });
}

function fromAddress() {
  const values = new URLSearchParams(location.search);
  form.search.value = values.get("search") || "";
  const status = form.querySelector(`input[name="status"][value="${CSS.escape(values.get("status") || "all")}"]`);
  (status || form.querySelector('input[value="all"]')).checked = true;
}

let typing = null;
form.addEventListener("input", () => {
  clearTimeout(typing);
  typing = setTimeout(show, TYPING_MS);
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  clearTimeout(typing);
  show();
});
more.addEventListener("click", async () => {
  more.disabled = true;
  await list.more();
  more.disabled = false;
});
fromAddress();
show();
