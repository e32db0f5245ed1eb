// What the tests of the deck measure in its page. A finding is a line of text: what, and where.

const measure = (globalThis.measure = {});

// Goes to every slide in turn and collects what the measures, `overflow` say, find on each.
measure.onEverySlide = async ({ids, looks, ...options}) => {
    const found = Object.fromEntries(looks.map((look) => [look, []]));
    const reveal = document.querySelector(".reveal");
    for (const id of ids) {
        const slide = document.getElementById(id);
        if (!slide.classList.contains("present")) {
            const changed = new Promise((done) =>
                reveal.addEventListener("slidechanged", done, {once: true}));
            location.hash = `#/${id}`;
            await changed;
        }
        for (const look of looks) {
            found[look].push(...measure[look](slide, options).map((what) => `${id}: ${what}`));
        }
    }
    return found;
};

// What sticks out of the slide, of the window, or of a box that would clip it or make it scroll.
measure.overflow = (slide) => {
    const named = (e) => `${e.tagName.toLowerCase()}.${e.getAttribute("class") ?? ""} ` +
        JSON.stringify(e.textContent.trim().slice(0, 40));
    const found = [];
    const frame = slide.getBoundingClientRect();
    if (frame.left < -1 || frame.top < -1 || frame.right > innerWidth + 1 ||
        frame.bottom > innerHeight + 1) found.push("the slide is larger than the window");
    for (const e of [slide, ...slide.querySelectorAll("*:not(aside.notes, aside.notes *)")]) {
        if (e.closest("svg") && e.tagName !== "svg") continue;
        const box = e.getBoundingClientRect();
        if (!box.width || !box.height) continue;
        const out = Math.max(frame.left - box.left, frame.top - box.top,
                             box.right - frame.right, box.bottom - frame.bottom);
        if (out > 1 && !e.closest(".recording .log")) {
            found.push(`${out.toFixed()} px outside: ${named(e)}`);
        }
        // The log of a recorded run is made to scroll.
        if (e.matches(".recording .log") || e.tagName === "svg" || e.tagName === "IFRAME") continue;
        if (getComputedStyle(e).overflow === "visible") continue;
        const [high, wide] = [e.scrollHeight - e.clientHeight, e.scrollWidth - e.clientWidth];
        if (high > 1 || wide > 1) found.push(`clipped by ${wide} x ${high} px: ${named(e)}`);
    }
    return found;
};

// Text that is smaller on the screen than `least` pixels.
measure.small = (slide, {least}) => {
    const scale = slide.getBoundingClientRect().width / slide.offsetWidth;
    const found = [];
    const walk = document.createTreeWalker(slide, NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) {
        const e = walk.currentNode.parentElement;
        if (!walk.currentNode.data.trim() || e.closest("aside.notes, title, desc, style")) continue;
        if (!e.checkVisibility()) continue;
        const zoom = e instanceof SVGElement ? e.getScreenCTM().a : scale;
        const size = parseFloat(getComputedStyle(e).fontSize) * zoom;
        if (size < least - 0.05) {
            found.push(`${size.toFixed(1)} px: ${walk.currentNode.data.trim().slice(0, 40)}`);
        }
    }
    return found;
};

// Contrast of each text with what is behind it, where that is a plain colour (WCAG 2.2, 1.4.3).
measure.faint = (slide) => {
    const known = new Map();
    const channels = (text) => {
        if (!known.has(text)) known.set(text, painted(text));
        return known.get(text);
    };
    const painted = (text) => {
        const canvas = document.createElement("canvas");
        canvas.width = canvas.height = 1;
        const pen = canvas.getContext("2d", {willReadFrequently: true});
        pen.fillStyle = text;
        pen.fillRect(0, 0, 1, 1);
        return [...pen.getImageData(0, 0, 1, 1).data];
    };
    const luminance = (rgb) => {
        const [r, g, b] = rgb.map((each) => each / 255).map((each) =>
            each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const behind = (e) => {
        for (let each = e; each; each = each.parentElement) {
            const [r, g, b, alpha] = channels(getComputedStyle(each).backgroundColor);
            if (alpha === 255) return [r, g, b];
        }
        throw new Error("nothing is behind the text");
    };
    const found = new Set();
    for (const e of slide.querySelectorAll("*:not(svg, svg *, aside.notes, aside.notes *)")) {
        const own = [...e.childNodes].some((each) => each.nodeType === 3 && each.data.trim());
        if (!own || !e.checkVisibility()) continue;
        const style = getComputedStyle(e);
        const [a, b] = [luminance(channels(style.color).slice(0, 3)), luminance(behind(e))];
        const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
        const size = parseFloat(style.fontSize);
        const isLarge = size >= 24 || (size >= 18.66 && parseInt(style.fontWeight) >= 700);
        if (contrast < (isLarge ? 3 : 4.5)) {
            found.add(`${contrast.toFixed(2)}: ${e.className || e.tagName} ${style.color}`);
        }
    }
    return [...found];
};
