// The slides in their order, as the build knows them, and the steps between them.

export class Road {
  constructor(slides) {
    this.slides = slides;
    this.places = new Map(slides.map(({ id }, place) => [id, place]));
    this.seconds = slides.reduce((sum, { deep, seconds }) => sum + (deep ? 0 : seconds), 0);
  }

  // Of the slides before this one that belong to no deep dive.
  secondsBefore(slide) {
    const before = this.slides.slice(0, this.places.get(slide));
    return before.reduce((sum, { deep, seconds }) => sum + (deep ? 0 : seconds), 0);
  }

  // A step is { slide, fragment }: the slide's name, and its last fragment that is shown, or -1.
  get first() {
    return this.#start(0);
  }

  get last() {
    return this.#end(this.slides.length - 1);
  }

  has(slide) {
    return this.places.has(slide);
  }

  slideAt({ slide }) {
    return this.slides[this.places.get(slide) ?? 0];
  }

  // Null at the end.
  after({ slide, fragment }) {
    const place = this.places.get(slide) ?? 0;
    if (fragment + 1 < this.slides[place].fragments) return { slide, fragment: fragment + 1 };
    return this.#start(place + 1);
  }

  before({ slide, fragment }) {
    const place = this.places.get(slide) ?? 0;
    return fragment >= 0 ? { slide, fragment: fragment - 1 } : this.#end(place - 1);
  }

  #start(place) {
    return place < this.slides.length ? { slide: this.slides[place].id, fragment: -1 } : null;
  }

  #end(place) {
    if (place < 0) return null;
    return { slide: this.slides[place].id, fragment: this.slides[place].fragments - 1 };
  }
}
