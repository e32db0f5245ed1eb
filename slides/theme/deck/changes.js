// While the talk is written: load the page again when it was built again, where one was.

export function listen(address) {
  const events = new EventSource(address);
  events.addEventListener("failure", (event) => fail(JSON.parse(event.data)));
  events.addEventListener("reload", reload);
  addEventListener("pagehide", () => events.close());
}

// By its place and not by its name: a slide whose heading was changed has another one.
function reload() {
  const stack = document.querySelector(".presenting .slides > section.present");
  const slide = stack?.querySelector("section.present");
  if (slide) history.replaceState(null, "", `#/${place(stack)}/${place(slide)}`);
  location.reload();
}

function place(section) {
  return [...section.parentElement.children].indexOf(section);
}

function fail(text) {
  document.querySelector(".failure")?.remove();
  const overlay = document.createElement("pre");
  overlay.className = "failure";
  overlay.setAttribute("role", "alert");
  overlay.textContent = text;
  document.body.append(overlay);
}
