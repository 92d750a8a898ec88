// Reports the stroke under way, which the canvas tells only after the pen is up.

const RETRY_MS = 20;
const PATIENCE_MS = 1000; // an answer that takes longer is taken for lost
const MIN_STEP = 1.5; // canvas px between two points

const listeners = new WeakMap();

export default function ({ data, parentElement, setStateValue }) {
  if (!listeners.has(parentElement)) listeners.set(parentElement, new Listener());
  const listener = listeners.get(parentElement);
  listener.answer(data, (message) => setStateValue("ink", message));
  return () => {
    listener.stop();
    listeners.delete(parentElement);
  };
}

function findCanvas() {
  for (const element of document.querySelectorAll(".st-key-pad *")) {
    const canvas = element.shadowRoot?.querySelector("canvas.upper-canvas");
    if (canvas) return canvas;
  }
  return null;
}

class Listener {
  sheet = null;
  strokes = [];
  current = null; // the stroke under way, also the last of strokes
  pointer = null;
  changed = false;
  sent = 0;
  sentAt = 0;
  answered = 0;
  gone = new AbortController();

  constructor() {
    this.attach();
  }

  attach() {
    if (this.gone.signal.aborted) return;
    this.canvas = findCanvas();
    if (!this.canvas) return void setTimeout(() => this.attach(), RETRY_MS);
    hideToolbar(this.canvas);
    const options = { signal: this.gone.signal, capture: true };
    this.canvas.addEventListener("pointerdown", (event) => this.down(event), options);
    // On the window, because a stroke may leave the canvas and come back.
    window.addEventListener("pointermove", (event) => this.move(event), options);
    window.addEventListener("pointerup", (event) => this.up(event), options);
    window.addEventListener("pointercancel", (event) => this.up(event), options);
    this.changed = true; // the first message says that the pad is there
    if (this.send) this.report();
  }

  stop() {
    this.gone.abort();
  }

  // Called with every answer of the server.
  answer({ sheet, answered, pen_width, color }, send) {
    this.send = send;
    this.pen = { strokeWidth: pen_width, stroke: color };
    this.answered = answered;
    if (this.sent < answered) this.sent = answered; // a component mounted anew goes on counting
    if (sheet !== this.sheet) this.turn(sheet);
    if (this.changed) this.report();
  }

  // On a new sheet everything drawn so far belongs to the sheet, except the stroke under way.
  turn(sheet) {
    if (this.sheet !== null) this.changed = this.current !== null;
    this.sheet = sheet;
    this.strokes = this.current ? [this.current] : [];
  }

  down(event) {
    if (event.button !== 0 || this.current) return;
    this.pointer = event.pointerId;
    this.current = { ...this.pen, points: [] };
    this.strokes.push(this.current);
    this.add(event);
  }

  move(event) {
    if (!this.current || event.pointerId !== this.pointer) return;
    this.add(event);
  }

  up(event) {
    if (!this.current || event.pointerId !== this.pointer) return;
    this.add(event, 0);
    this.current = null;
    this.report(true);
  }

  add(event, step = MIN_STEP) {
    const box = this.canvas.getBoundingClientRect();
    const x = round(((event.clientX - box.left) * this.canvas.width) / box.width);
    const y = round(((event.clientY - box.top) * this.canvas.height) / box.height);
    const points = this.current.points;
    const last = points.at(-1);
    if (last && Math.hypot(x - last[0], y - last[1]) <= step) return;
    points.push([x, y]);
    this.changed = true;
    this.report();
  }

  // The next message goes when the last was answered; the end of a stroke does not wait.
  report(now = false) {
    const waiting = this.sent > this.answered && performance.now() - this.sentAt < PATIENCE_MS;
    if (!this.changed || (waiting && !now)) return;
    this.changed = false;
    this.sent += 1;
    this.sentAt = performance.now();
    this.send({ sheet: this.sheet, message: this.sent, objects: this.strokes.map(fabricPath) });
  }
}

function round(value) {
  return Math.round(value * 10) / 10;
}

// The path that Fabric's own pencil makes of these points: curves from the middle of one step to that of the next.
function fabricPath({ points, stroke, strokeWidth }) {
  const [first, last] = [points[0], points.at(-1)];
  const path = [["M", ...first]];
  for (let i = 1; i < points.length - 1; i++) {
    const [[x, y], [nextX, nextY]] = [points[i], points[i + 1]];
    path.push(["Q", x, y, (x + nextX) / 2, (y + nextY) / 2]);
  }
  path.push(["L", ...last]);
  return { type: "Path", path, stroke, strokeWidth, fill: null, strokeLineCap: "round", strokeLineJoin: "round" };
}

// The page has its own buttons; the invisible toolbar would catch the finger in the upper right corner.
function hideToolbar(canvas) {
  const style = document.createElement("style");
  style.textContent = ".dc-toolbar { visibility: hidden; }";
  canvas.getRootNode().append(style);
}
