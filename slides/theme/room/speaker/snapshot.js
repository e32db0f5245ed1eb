// A page as it is to be seen now, as HTML that does nothing: what was typed and drawn is in it.

export function snapshot(page) {
  const copy = page.documentElement.cloneNode(true);
  const pairs = (selector) => {
    const copies = copy.querySelectorAll(selector);
    return [...page.querySelectorAll(selector)].map((each, place) => [each, copies[place]]);
  };
  for (const [field, twin] of pairs("input")) {
    if (field.type === "password" || field.type === "file") continue;
    twin.setAttribute("value", field.value);
    twin.toggleAttribute("checked", field.checked);
  }
  for (const [field, twin] of pairs("textarea")) twin.textContent = field.value;
  for (const [option, twin] of pairs("option")) twin.toggleAttribute("selected", option.selected);
  for (const [canvas, twin] of pairs("canvas")) twin.replaceWith(drawn(canvas, twin));
  for (const element of copy.querySelectorAll("script, link, noscript")) element.remove();
  return `<!doctype html>${copy.outerHTML}`;
}

function drawn(canvas, twin) {
  const image = canvas.ownerDocument.createElement("img");
  for (const { name, value } of twin.attributes) image.setAttribute(name, value);
  try {
    image.src = canvas.toDataURL();
  } catch {
    image.alt = "A drawing that cannot be copied";
  }
  return image;
}
