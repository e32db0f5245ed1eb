// While the talk is written: load the page again when it was built again, where one was.

export function listen(address) {
  const events = new EventSource(address);
  events.addEventListener("failure", (event) => fail(event.data));
  events.addEventListener("reload", () => location.reload());
  events.addEventListener("message", () => location.reload());
  addEventListener("pagehide", () => events.close());
}

function fail(text) {
  document.querySelector(".failure")?.remove();
  const overlay = document.createElement("pre");
  overlay.className = "failure";
  overlay.setAttribute("role", "alert");
  overlay.textContent = text;
  document.body.append(overlay);
}
