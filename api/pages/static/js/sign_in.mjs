// Owns who comes by a link from another site: the browser did not send the key along then, and does when we ask again.

const TRIED = "sign-in tried";
const form = document.querySelector("form[action='/sign-in']");

if (!form.querySelector("#wrong") && !sessionStorage.getItem(TRIED)) {
  sessionStorage.setItem(TRIED, "once");
  location.replace(form.next.value);
}
