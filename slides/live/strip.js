// The strip of event-loop lag: the browser scrolls it by its own clock, the kernel only sends ticks.
// A blocked loop sends none, so that the time it is blocked shows as a gap while it lasts.
"use strict";

class LagStrip {
  static SPAN = 10000; // milliseconds from edge to edge
  static INTERVAL = 50; // milliseconds between ticks
  static BLOCKED = 200; // milliseconds without a tick that count as a gap
  static LATE = 20; // milliseconds of lag that are drawn as hot
  static OFFSETS = 200; // ticks over which the two clocks are compared
  static NARROW = 56; // pixels that hold a gap's seconds
  static WIDE = 168; // pixels that hold the word as well
  static QUIET_STEP = 500; // milliseconds between drawings where motion is not wanted

  constructor({ chart, canvas, reading, said }) {
    Object.assign(this, { chart, canvas, reading, said });
    this.ticks = []; // {at, lag}: milliseconds of the browser's clock, milliseconds
    this.gaps = []; // {from, to, label}: `to` is null while the gap grows
    this.offsets = [];
    this.last = null;
    this.isConnected = false;
    this.drawnAt = 0;
    this.readAt = 0;
    this.stillness = matchMedia("(prefers-reduced-motion: reduce)");
    requestAnimationFrame((now) => this.frame(now));
  }

  // The fastest message tells best how the kernel's clock and the browser's differ.
  toBrowserClock(kernelSeconds) {
    const kernel = kernelSeconds * 1000;
    this.offsets.push(performance.now() - kernel);
    if (this.offsets.length > LagStrip.OFFSETS) this.offsets.shift();
    return kernel + Math.min(...this.offsets);
  }

  tick(kernelSeconds, lag) {
    const at = this.toBrowserClock(kernelSeconds);
    this.ticks.push({ at, lag });
    this.last = at;
    const open = this.gaps.find((gap) => gap.to === null);
    if (lag >= LagStrip.BLOCKED) {
      this.closeGap(open ?? this.openGap(at - lag), at - lag, at);
    } else if (open) {
      this.dropGap(open); // the kernel was never late: the messages were
    }
  }

  openGap(from) {
    const label = document.createElement("span");
    label.className = "gap";
    this.chart.append(label);
    const gap = { from, to: null, label };
    this.gaps.push(gap);
    return gap;
  }

  closeGap(gap, from, to) {
    Object.assign(gap, { from, to });
    this.said.textContent = `The event loop was blocked for ${((to - from) / 1000).toFixed(1)} seconds.`;
  }

  dropGap(gap) {
    gap.label.remove();
    this.gaps.splice(this.gaps.indexOf(gap), 1);
  }

  static said(milliseconds, room = Infinity) {
    const seconds = `${(milliseconds / 1000).toFixed(1)} s`;
    return room < LagStrip.WIDE ? seconds : `blocked ${seconds}`;
  }

  connect() {
    this.isConnected = true;
    this.offsets = [];
    this.last = null;
  }

  disconnect() {
    this.isConnected = false;
    this.last = null;
    const open = this.gaps.find((gap) => gap.to === null);
    if (open) this.dropGap(open);
    this.reading.textContent = "–";
    this.reading.className = "";
  }

  frame(now) {
    requestAnimationFrame((next) => this.frame(next));
    const pause = this.stillness.matches ? LagStrip.QUIET_STEP : 0;
    if (now - this.drawnAt < pause) return;
    // After a frame that was late the messages are late as well: let them come first.
    const wasAway = pause === 0 && now - this.drawnAt > LagStrip.BLOCKED;
    this.drawnAt = now;
    if (!wasAway) this.watch(now);
    this.forget(now);
    this.draw(now);
    this.read(now);
  }

  watch(now) {
    if (!this.isConnected || this.last === null) return;
    const due = this.last + LagStrip.INTERVAL;
    let open = this.gaps.find((gap) => gap.to === null);
    if (!open && now - due > LagStrip.BLOCKED) {
      open = this.openGap(due);
      this.said.textContent = "The event loop is blocked.";
    }
  }

  forget(now) {
    const edge = now - LagStrip.SPAN;
    while (this.ticks.length && this.ticks[0].at < edge) this.ticks.shift();
    for (const gap of [...this.gaps]) {
      if (gap.to !== null && gap.to < edge) this.dropGap(gap);
    }
  }

  draw(now) {
    const { clientWidth: width, clientHeight: height } = this.chart;
    const ratio = devicePixelRatio || 1;
    const pixels = [Math.round(width * ratio), Math.round(height * ratio)];
    if (this.canvas.width !== pixels[0] || this.canvas.height !== pixels[1]) {
      [this.canvas.width, this.canvas.height] = pixels;
    }
    const style = getComputedStyle(this.chart);
    const accent = style.getPropertyValue("--accent");
    const hot = style.getPropertyValue("--hot");
    const pen = this.canvas.getContext("2d");
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, width, height);
    const scale = width / LagStrip.SPAN;
    const x = (at) => width - (now - at) * scale;
    const bar = Math.max(2, LagStrip.INTERVAL * scale * 0.6);
    for (const { at, lag } of this.ticks) {
      const tall = LagStrip.height(lag, height);
      pen.fillStyle = lag >= LagStrip.LATE ? hot : accent;
      pen.fillRect(x(at) - bar, height - tall, bar, tall);
    }
    for (const gap of this.gaps) this.drawGap(pen, gap, x, now, width, height, hot);
  }

  drawGap(pen, gap, x, now, width, height, hot) {
    const left = Math.max(0, x(gap.from));
    const right = Math.min(width, x(gap.to ?? now));
    pen.fillStyle = hot;
    pen.fillRect(left, 0, right - left, height);
    const room = right - left;
    gap.label.hidden = room < LagStrip.NARROW;
    gap.label.textContent = LagStrip.said((gap.to ?? now) - gap.from, room);
    gap.label.style.left = `${left}px`;
    gap.label.style.width = `${room}px`;
  }

  // A logarithmic height: a tenth of a millisecond can be seen, and a hundred milliseconds fill the strip.
  static height(lag, height) {
    const part = Math.log10(1 + lag * 10) / Math.log10(1 + 1000);
    return Math.max(3, Math.min(1, part) * height);
  }

  read(now) {
    const open = this.gaps.find((gap) => gap.to === null);
    if (open) {
      this.show(LagStrip.said(now - open.from), "hot");
    } else if (this.isConnected && this.ticks.length && now - this.readAt > 250) {
      this.readAt = now;
      const recent = this.ticks.slice(-5).map((tick) => tick.lag);
      const worst = Math.max(...recent);
      this.show(`${worst < 10 ? worst.toFixed(1) : worst.toFixed(0)} ms`, worst >= LagStrip.LATE ? "hot" : "");
    }
  }

  show(text, kind) {
    this.reading.textContent = text;
    this.reading.className = kind;
  }
}
