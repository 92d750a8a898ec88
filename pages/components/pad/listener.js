// Reports the stroke under way; the canvas reports a stroke only after the pen is up.

const RETRY_MS = 20;
const PATIENCE_MS = 1000; // an answer that takes longer counts as lost
const MIN_STEP = 1.5; // canvas px between two points

// Streamlit may unmount the component and mount it again between two runs: its strokes are kept meanwhile.
export default function ({ data, parentElement, setStateValue }) {
  listener.start(parentElement);
  listener.answer(data, (message) => setStateValue("strokes", message));
  return () => listener.stop(parentElement);
}

function findCanvas() {
  for (const element of document.querySelectorAll(".st-key-pad *")) {
    const canvas = element.shadowRoot?.querySelector("canvas.upper-canvas");
    if (canvas) return canvas;
  }
  return null;
}

class Listener {
  loadNumber = null; // counts the drawings that the canvas had to load
  strokes = []; // drawn since the canvas loaded the last one
  current = null; // the stroke under way, also the last of strokes
  pointer = null; // whose stroke it is
  changed = false;
  overwritten = false; // the canvas has loaded a drawing over these strokes
  sent = 0;
  sentAt = 0;
  answered = 0;
  place = null; // where the component is mounted
  leaving = false; // the visitor is on the way to another page

  start(place) {
    if (place === this.place) return;
    this.stop(this.place);
    this.place = place;
    this.gone = new AbortController();
    // On the window, because a stroke may leave the canvas and come back.
    const options = { signal: this.gone.signal, capture: true };
    for (const kind of ["down", "move", "up", "cancel"]) {
      window.addEventListener(`pointer${kind}`, (event) => this[kind](event), options);
    }
    this.attach();
  }

  stop(place) {
    if (place !== this.place) return;
    this.place = null;
    this.gone?.abort();
    clearTimeout(this.retry);
    clearTimeout(this.later);
  }

  // A message that is sent after the click on a link runs a part of the page that was left, and Streamlit then shows an
  // empty page. So no more are sent, and the click waits for one that is under way: Streamlit's timer sends those.
  // What is not reported yet is reported by the listener of the next page, or with the next stroke on this one.
  leave(event) {
    const link = event.composedPath().find((part) => part.href && !part.download);
    if (!link || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey) return;
    this.leaving = true;
    if (performance.now() - this.sentAt > RETRY_MS) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    setTimeout(() => link.click(), RETRY_MS + 1);
  }

  // Find the canvas, now or later, and again when it has been replaced.
  attach() {
    if (this.canvas?.isConnected) return;
    this.canvas = findCanvas();
    clearTimeout(this.retry);
    if (!this.canvas) return void (this.retry = setTimeout(() => this.attachLater(), RETRY_MS));
    this.leaving = false;
    hideToolbar(this.canvas);
  }

  attachLater() {
    this.attach();
    this.report();
  }

  // Called with every answer of the server.
  answer({ load_number, last_message_before_load, answered, pen_width, color }, send) {
    this.send = send;
    this.pen = { strokeWidth: pen_width, stroke: color };
    this.answered = answered;
    if (this.sent < answered) this.sent = answered; // a new listener continues the count of the one before it
    if (load_number !== this.loadNumber) this.startLoad(load_number, last_message_before_load);
    if (this.changed) this.report();
  }

  // The canvas loads the strokes that the server knew of, and overwrites the later ones.
  startLoad(loadNumber, lastMessage) {
    this.loadNumber = loadNumber;
    this.strokes = this.strokes.filter((stroke) => stroke === this.current || stroke.message > lastMessage);
    this.changed = this.overwritten = this.strokes.length > 0;
  }

  // A stroke that began before the listener found the canvas is left to the canvas, which reports all of it.
  down(event) {
    this.attach();
    if (event.button !== 0 || !event.isPrimary || event.composedPath()[0] !== this.canvas) return;
    this.leaving = false;
    if (this.current) this.strokes.pop(); // its end was lost: the canvas drops it as well
    this.pointer = event.pointerId;
    this.current = { ...this.pen, points: [], message: this.sent + 1 };
    this.strokes.push(this.current);
    this.add(event);
  }

  move(event) {
    if (event.pointerId !== this.pointer) return;
    if (event.buttons & 1) return this.add(event);
    // The event of the pen's coming up was lost; the canvas missed it too and would go on drawing.
    document.dispatchEvent(new MouseEvent("mouseup", { clientX: event.clientX, clientY: event.clientY }));
    this.end();
  }

  up(event) {
    if (event.pointerId !== this.pointer) return;
    this.add(event, 0);
    this.end();
  }

  // The canvas drops a cancelled stroke, but only when the next one begins.
  cancel(event) {
    if (event.pointerId !== this.pointer) return;
    this.canvas.getContext("2d").clearRect(0, 0, this.canvas.width, this.canvas.height);
    this.strokes.pop();
    this.end();
  }

  end() {
    this.current = this.pointer = null;
    this.changed = true;
    this.report();
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

  // The next message is sent when the last one was answered: of two runs at once, Streamlit shows half of each.
  report() {
    clearTimeout(this.later);
    if (!this.changed || this.leaving) return;
    const patience = this.sent > this.answered ? this.sentAt + PATIENCE_MS - performance.now() : 0;
    if (patience > 0) return void (this.later = setTimeout(() => this.report(), patience));
    this.changed = false;
    this.sent += 1;
    this.sentAt = performance.now();
    const objects = this.strokes.map(fabricPath);
    const overwritten = this.overwritten && !this.current;
    this.send({ load_number: this.loadNumber, message: this.sent, objects, overwritten });
  }
}

function round(value) {
  return Math.round(value * 10) / 10;
}

// The path that Fabric's own pencil makes of these points: curves from the middle of one step to that of the next.
// The listener sends paths although the server flattens them to points again (fabric_paths.py): its ink must agree with
// the canvas's pixel for pixel, whichever of the two reports a stroke, and an undo gives the objects back to the canvas.
function fabricPath({ points, stroke, strokeWidth }) {
  const path = [["M", ...points[0]]];
  for (let i = 0; i < points.length - 1; i++) {
    const [[x, y], [nextX, nextY]] = [points[i], points[i + 1]];
    path.push(["Q", x, y, (x + nextX) / 2, (y + nextY) / 2]);
  }
  path.push(["L", ...points.at(-1)]);
  return { type: "Path", path, stroke, strokeWidth, fill: null, strokeLineCap: "round", strokeLineJoin: "round" };
}

// The page has its own buttons, and the invisible toolbar would catch a finger in the upper right corner.
function hideToolbar(canvas) {
  const style = document.createElement("style");
  style.textContent = ".dc-toolbar { visibility: hidden; }";
  canvas.getRootNode().append(style);
}

const listener = new Listener();
// Not with the other events: a visitor may click while the component is not mounted, between two runs.
window.addEventListener("click", (event) => listener.leave(event), { capture: true });
window.addEventListener("popstate", () => (listener.leaving = true));
