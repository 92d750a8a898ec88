// Hears the pen on the canvas. While it is down, the live socket is asked for answers; when it is up, Streamlit is given
// the drawing. The strokes are kept here, Python edits them (drawing.py), and the canvas shows them.

const MIN_STEP = 1.5; // canvas px between two points
const MAX_UNDER_WAY = 6; // live messages that are not answered yet: a slow line costs delay, not rate
const RECONNECT_MS = [500, 1000, 2000, 5000, 10000]; // growing pauses

// Called with every run of the page.
export default function ({ data, setStateValue }) {
  const send = (drawing) => setStateValue("drawing", drawing);
  pad.update(data, send);
  hideToolbar();
  return () => pad.forget(send);
}

// Asks for answers, and shows them in place of those of Streamlit's last run.
class Live {
  socket = null;
  target = null; // the model that reads, and the socket's path
  sent = 0; // number of the last message
  answered = 0;
  settled = 0; // answers up to this message are older than what Streamlit shows
  failures = 0;

  connect(target) {
    this.target = target;
    if (this.socket) return;
    const url = new URL(target.path, window.location.href);
    url.protocol = url.protocol.replace("http", "ws");
    this.socket = new WebSocket(url);
    this.socket.onopen = () => (this.failures = 0);
    this.socket.onmessage = ({ data }) => this.show(JSON.parse(data));
    this.socket.onclose = () => {
      this.answered = this.sent;
      const pause = RECONNECT_MS[Math.min(this.failures++, RECONNECT_MS.length - 1)];
      setTimeout(() => {
        this.socket = null;
        this.connect(this.target);
      }, pause);
    };
  }

  get isOpen() {
    return this.socket?.readyState === WebSocket.OPEN;
  }

  get isReady() {
    return this.sent - this.answered < MAX_UNDER_WAY;
  }

  ask(objects) {
    if (!this.isOpen) return;
    this.sent += 1;
    this.socket.send(JSON.stringify({ id: this.sent, model: this.target.model, objects }));
  }

  settle() {
    this.settled = this.sent;
  }

  show({ id, parts }) {
    this.answered = Math.max(this.answered, id);
    if (id <= this.settled) return;
    this.settled = id;
    for (const [key, html] of Object.entries(parts)) {
      const place = document.querySelector(`.st-key-${key} [data-testid="stHtml"]`);
      if (place) place.innerHTML = html;
    }
  }
}

class Pad {
  live = new Live();
  strokes = []; // the drawing
  count = 0; // of all strokes that were ever begun; the number of the last one
  current = null; // the stroke under way, also the last of strokes
  pointer = null; // whose stroke it is
  edits = null; // of the drawing by Python: how many are made here too
  isNews = false; // the drawing has changed since Streamlit was given it
  isOverwritten = false; // the canvas does not show all of it
  frame = null; // the animation frame in which the drawing is sent to the live socket
  send = null; // null while the component is not mounted
  isSending = false; // Streamlit sends what it is given from a timer

  update({ edits, known, kept, pen_width, color, live }, send) {
    this.send = send;
    this.pen = { strokeWidth: pen_width, stroke: color };
    if (edits !== this.edits) this.edit(edits, known, kept);
    this.live.connect(live);
    if (known === this.count) this.live.settle();
    else {
      this.isNews = true; // the last message is under way, or was for a session that has ended with its server
      this.askSoon();
    }
    this.report();
  }

  // Streamlit may unmount the component and mount it again between two runs.
  forget(send) {
    if (send === this.send) this.send = null;
  }

  // The canvas loads the strokes that Python keeps, and with them overwrites those that Python does not know yet.
  edit(edits, known, kept) {
    this.edits = edits;
    this.strokes = this.strokes.filter(({ number }) => number > known || kept.includes(number));
    this.isNews = this.isOverwritten = this.strokes.some(({ number }) => number > known);
  }

  down(event) {
    const canvas = event.composedPath()[0];
    if (event.button !== 0 || !event.isPrimary || !isPad(canvas)) return;
    if (this.current) this.strokes.pop(); // its end was lost: the canvas drops it as well
    this.canvas = canvas;
    this.pointer = event.pointerId;
    this.current = { ...this.pen, number: ++this.count, points: [] };
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
    this.isNews = true;
    this.live.ask(this.objects);
    this.report();
  }

  add(event, step = MIN_STEP) {
    if (!this.canvas.isConnected) return; // the visitor has left for another page
    const box = this.canvas.getBoundingClientRect();
    const x = round(((event.clientX - box.left) * this.canvas.width) / box.width);
    const y = round(((event.clientY - box.top) * this.canvas.height) / box.height);
    const points = this.current.points;
    const last = points.at(-1);
    if (last && Math.hypot(x - last[0], y - last[1]) <= step) return;
    points.push([x, y]);
    this.askSoon();
  }

  // Ask with the next frame of the browser, or when one of the messages under way is answered.
  askSoon() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      if (this.live.isReady) this.live.ask(this.objects);
      else this.askSoon();
    });
  }

  // The message holds all of the drawing, so that one that is lost or ignored is made up for by the next.
  report() {
    if (!this.isNews || this.current || !this.send) return;
    const { edits, count, isOverwritten, objects } = this;
    this.isNews = this.isOverwritten = false;
    this.send({ edits, count, overwritten: isOverwritten, objects });
    this.isSending = true;
    setTimeout(() => (this.isSending = false)); // Streamlit's own timer comes before it
  }

  // A message that is sent after the click on a link runs a part of the page that was left, and Streamlit then shows an
  // empty page. So the click comes after it.
  click(event) {
    const link = this.isSending && event.composedPath().find((part) => part.href);
    if (!link) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    setTimeout(() => link.click());
  }

  get objects() {
    return this.strokes.map(fabricPath);
  }
}

function isPad(element) {
  return element.matches?.("canvas.upper-canvas") && element.getRootNode().host?.closest(".st-key-pad");
}

function round(value) {
  return Math.round(value * 10) / 10;
}

// The path that Fabric's own pencil makes of these points: curves from the middle of one step to that of the next.
// Strokes travel as paths although the server flattens them to points again (fabric_paths.py): the ink that is read must
// agree with the canvas's pixel for pixel, and after an undo the canvas loads these objects.
function fabricPath({ points, ...stroke }) {
  const path = [["M", ...points[0]]];
  for (let i = 0; i < points.length - 1; i++) {
    const [[x, y], [nextX, nextY]] = [points[i], points[i + 1]];
    path.push(["Q", x, y, (x + nextX) / 2, (y + nextY) / 2]);
  }
  path.push(["L", ...points.at(-1)]);
  return { ...stroke, type: "Path", path, fill: null, strokeLineCap: "round", strokeLineJoin: "round" };
}

// The page has its own buttons, and the toolbar would catch a finger in the upper right corner.
function hideToolbar() {
  const hosts = [...document.querySelectorAll(".st-key-pad *")];
  const toolbar = hosts.map((host) => host.shadowRoot?.querySelector(".dc-toolbar")).find(Boolean);
  if (toolbar) toolbar.style.visibility = "hidden";
  else if (pad.send) requestAnimationFrame(hideToolbar); // the canvas is not there yet
}

const pad = new Pad();
// On the window, because a stroke may begin before the first run of the page is over, and may leave the canvas.
for (const kind of ["down", "move", "up", "cancel"]) {
  window.addEventListener(`pointer${kind}`, (event) => pad[kind](event), { capture: true });
}
window.addEventListener("click", (event) => pad.click(event), { capture: true });
