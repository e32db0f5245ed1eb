// The strip of event-loop lag, by the page's clock: a loop that does not answer shows as a gap that
// grows while it lasts.

const SPAN = 10_000; // milliseconds from edge to edge
const STEP = 50; // milliseconds between answers
const BLOCKED = 200; // milliseconds of silence that are a gap
const LATE = 20; // milliseconds of lag that are drawn as hot
const NARROW = 56; // pixels that hold a gap's seconds
const QUIET_STEP = 500; // milliseconds between drawings where motion is not wanted

export class Strip {
  #canvas;
  #reading;
  #process = null;
  #ticks = []; // { at, ms }
  #drawnAt = 0;
  #isDrawing = false;
  #stillness = matchMedia("(prefers-reduced-motion: reduce)");

  constructor(element) {
    this.#canvas = element.querySelector("canvas");
    this.#reading = element.querySelector("output");
  }

  watch(process) {
    this.#process = process;
    this.#ticks = [];
    process.addEventListener("lag", ({ at, ms }) => this.#ticks.push({ at, ms }));
    process.ended.then(() => {
      if (this.#process === process) this.#process = null;
    });
    if (!this.#isDrawing) requestAnimationFrame((now) => this.#frame(now));
    this.#isDrawing = true;
  }

  #frame(now) {
    const isOver = !this.#process && this.#ticks.length === 0;
    this.#isDrawing = !isOver;
    if (!isOver) requestAnimationFrame((next) => this.#frame(next));
    if (now - this.#drawnAt < (this.#stillness.matches ? QUIET_STEP : 0)) return;
    this.#drawnAt = now;
    this.#ticks = this.#ticks.filter(({ at }) => at > now - SPAN);
    if (this.#canvas.clientWidth) this.#draw(now);
    this.#read();
  }

  #read() {
    const silence = this.#process?.silence ?? 0;
    const last = this.#ticks.at(-1);
    let text = "–";
    if (silence > BLOCKED) text = `blocked ${(silence / 1000).toFixed(1)} s`;
    else if (this.#process && last) text = `${last.ms.toFixed(1)} ms`;
    if (text !== this.#reading.value) this.#reading.value = text;
    this.#reading.classList.toggle("hot", silence > BLOCKED);
  }

  #draw(now) {
    const { clientWidth: width, clientHeight: height } = this.#canvas;
    const ratio = devicePixelRatio || 1;
    const [wide, high] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (this.#canvas.width !== wide) this.#canvas.width = wide;
    if (this.#canvas.height !== high) this.#canvas.height = high;
    const style = getComputedStyle(this.#canvas);
    const [accent, hot] = ["--accent", "--hot"].map((name) => style.getPropertyValue(name));
    const pen = this.#canvas.getContext("2d");
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, width, height);
    const scale = width / SPAN;
    const gap = (from, to) => drawGap(pen, { from, to, now, scale, width, height, hot });
    for (const { at, ms } of this.#ticks) {
      if (ms >= BLOCKED) gap(at - ms, at);
      else {
        const tall = Math.max(2, Math.min(height, (Math.log10(1 + ms) / Math.log10(1 + BLOCKED)) * height));
        pen.fillStyle = ms >= LATE ? hot : accent;
        pen.fillRect(width - (now - at) * scale - STEP * scale, height - tall, STEP * scale * 0.6, tall);
      }
    }
    const silence = this.#process?.silence ?? 0;
    if (silence > BLOCKED) gap(now - silence, now);
  }
}

function drawGap(pen, { from, to, now, scale, width, height, hot }) {
  const left = Math.max(0, width - (now - from) * scale);
  const right = width - (now - to) * scale;
  pen.fillStyle = hot;
  pen.fillRect(left, 0, right - left, height);
  if (right - left < NARROW) return;
  pen.fillStyle = "#ffffff";
  pen.font = `600 ${Math.round(height * 0.5)}px system-ui`;
  pen.textBaseline = "middle";
  pen.fillText(`${((to - from) / 1000).toFixed(1)} s`, left + 8, height / 2);
}
