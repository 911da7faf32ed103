// Owns what is asked: the form, the page's address, and the parameters of the service are three forms of it.

const form = document.getElementById("asking");
const TASKS = 4;
export const zone = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";

/** The parameters of the service, by what stands in the form. */
export function asked() {
  const last = form.last.value;
  const tasks = [...form.querySelectorAll('input[name="task"]:checked')].map((box) => box.value);
  return {
    from: last ? new Date(Date.now() - 1000 * last).toISOString() : moment(form.from.value),
    to: last ? "" : moment(form.to.value),
    timezone: zone,
    step: form.step.value,
    label: form.label.value.split(",").map((label) => label.trim()).filter(Boolean),
    model: form.model.value,
    tag: form.tag.value.trim(),
    live: form.live.value,
    min_confidence: form.confidence.value > 0 ? form.confidence.value / 100 : "",
    task: tasks.length === TASKS ? tasks : tasks.length === 3 && !tasks.includes("color_detection") ? [] : tasks,
  };
}

const moment = (local) => (local ? new Date(local).toISOString() : "");
const FIELDS = ["last", "from", "to", "step", "label", "model", "tag", "live", "confidence"];

/** Write the form into the page's address, so that it can be kept and sent. */
export function toAddress() {
  const values = new URLSearchParams();
  for (const name of FIELDS) {
    const field = form[name];
    const first = field.tagName === "SELECT" ? [...field.options].find((option) => option.defaultSelected)?.value ?? field.options[0].value : field.defaultValue;
    if (field.value !== first) values.set(name, field.value);
  }
  const tasks = [...form.querySelectorAll('input[name="task"]')];
  if (tasks.some((box) => box.checked !== box.defaultChecked)) for (const box of tasks.filter(({ checked }) => checked)) values.append("task", box.value);
  history.replaceState(null, "", values.size ? `?${values}` : location.pathname);
}

/** Fill the form from the page's address. */
export function fromAddress() {
  const values = new URLSearchParams(location.search);
  for (const name of FIELDS) {
    if (!values.has(name)) continue;
    const value = values.get(name);
    if (name === "model" && ![...form.model.options].some((option) => option.value === value)) form.model.add(new Option(value));
    form[name].value = value;
  }
  if (values.has("task")) for (const box of form.querySelectorAll('input[name="task"]')) box.checked = values.getAll("task").includes(box.value);
  showSpan();
}

/** Show the fields that the form's choices need. */
export function showSpan() {
  for (const field of form.querySelectorAll("[data-span]")) field.hidden = form.last.value !== "";
  document.getElementById("sure").textContent = `${form.confidence.value} %`;
}
