// Starts classic RISE once it, the notebook and its kernel are there: its own autolaunch may come
// too early to see the notebook. A notebook extension for nbclassic, loaded as it is.

define(["base/js/namespace", "base/js/events"], (Jupyter, events) => {
  const SLIDESHOW = "RISE:slideshow";

  // nbclassic does not tell a kernel which notebook it belongs to, so the set-up is run from here.
  function setUp() {
    for (const cell of Jupyter.notebook.get_cells()) {
      const type = cell.metadata.slideshow?.slide_type;
      if (cell.cell_type === "code" && type === "skip") cell.execute();
    }
  }

  // The way on: the last slide's text gets a link to the next chapter, which starts as this one.
  function addLink() {
    const { next } = Jupyter.notebook.metadata.talk ?? {};
    const last = [...document.querySelectorAll(".slides > section > section")].at(-1);
    if (!next || !last) return;
    const link = document.createElement("a");
    link.className = "next-chapter";
    link.href = next.file;
    link.textContent = `Next: ${next.title} →`;
    last.append(link);
  }

  function start() {
    if (Jupyter.actions.exists(SLIDESHOW) && Jupyter.notebook.kernel?.is_connected()) {
      setUp();
      Jupyter.actions.call(SLIDESHOW);
      setTimeout(addLink, 1000);
    } else {
      setTimeout(start, 100);
    }
  }

  return {
    load_ipython_extension() {
      if (Jupyter.notebook._fully_loaded) start();
      else events.on("notebook_loaded.Notebook", start);
    },
  };
});
