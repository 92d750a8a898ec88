// Fits the canvas of boxes to the screen, switches it between drawing and changing boxes, and deletes boxes.
// The canvas's own toolbar offers the same, but shows only under a mouse, and above the picture.

const LOOK_AGAIN_MS = 150; // Streamlit may replace the canvas at any time
const REPORT_MS = 300; // the canvas reports a change 200 ms after it was made

const MOUSE = { touchstart: "mousedown", touchmove: "mousemove", touchend: "mouseup", touchcancel: "mouseup" };

let wanted = false;
let reportedAt = 0; // when the canvas will have reported everything that was done on it

export default function ({ data, parentElement }) {
  wanted = data.edit;
  const button = deleteButton(parentElement);
  const refresh = () => sync(button);
  const timer = setInterval(refresh, LOOK_AGAIN_MS);
  const gone = new AbortController();
  window.addEventListener("keydown", (event) => deleteByKey(event), { signal: gone.signal });
  window.addEventListener("pointerup", (event) => notePen(event), { signal: gone.signal, capture: true });
  window.addEventListener("click", (event) => holdUndo(event), { signal: gone.signal, capture: true });
  for (const kind of Object.keys(MOUSE)) {
    window.addEventListener(kind, (event) => touchAsMouse(event), { signal: gone.signal, capture: true, passive: false });
  }
  refresh();
  return () => {
    clearInterval(timer);
    gone.abort();
  };
}

function findCanvas() {
  for (const element of document.querySelectorAll(".st-key-boxes *")) {
    const root = element.shadowRoot?.querySelector(".dc-root");
    if (root) return root;
  }
  return null;
}

function tool(root, name) {
  return root.querySelector(`button[aria-label="${name}"]`);
}

function sync(button) {
  const root = findCanvas();
  button.hidden = !wanted;
  if (!root) return;
  if (!root.querySelector("style.helper")) hideToolbar(root);
  fit(root);
  const edit = tool(root, "Edit");
  if ((edit.getAttribute("aria-pressed") === "true") !== wanted) edit.click();
  button.disabled = tool(root, "Delete selected").disabled;
}

function hideToolbar(root) {
  const style = document.createElement("style");
  style.className = "helper";
  style.textContent = ".dc-toolbar { visibility: hidden; } .dc-root { max-width: none !important; }";
  root.append(style);
}

// Scale the canvas by CSS: Fabric takes the size on the screen into account.
function fit(root) {
  const canvas = root.querySelector(".dc-container");
  const room = document.querySelector(".st-key-boxes").clientWidth;
  const scale = Math.min(room / canvas.offsetWidth, 1);
  root.style.transformOrigin = "0 0";
  root.style.transform = scale < 1 ? `scale(${scale})` : "";
  root.style.marginBottom = `${Math.round(canvas.offsetHeight * (scale - 1))}px`;
  root.style.marginRight = `${Math.round(canvas.offsetWidth * (scale - 1))}px`;
}

function deleteButton(parent) {
  let button = parent.querySelector("button");
  if (!button) {
    button = document.createElement("button");
    button.type = "button";
    button.textContent = "Delete box";
    button.style.cssText =
      "font: inherit; font-size: 0.875rem; padding: 0.35rem 0.9rem; border-radius: var(--st-button-radius, 0.6rem); cursor: pointer;" +
      "color: inherit; background: none; border: 1px solid var(--st-border-color, gray);";
    button.addEventListener("click", deleteSelected);
    parent.append(button);
  }
  return button;
}

function deleteSelected() {
  const root = findCanvas();
  if (!wanted || !root) return;
  tool(root, "Delete selected").click();
  reportedAt = performance.now() + REPORT_MS;
}

function notePen(event) {
  if (findCanvas()?.contains(event.composedPath()[0])) reportedAt = performance.now() + REPORT_MS;
}

// An undo is meant for the box that was just drawn, so the click waits until the canvas has reported the box.
function holdUndo(event) {
  const undo = event.composedPath()[0].closest?.(".st-key-undo_photo button");
  const wait = reportedAt - performance.now();
  if (!undo || wait <= 0) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  // Looked up again: a run of the page may have replaced the button meanwhile.
  setTimeout(() => document.querySelector(".st-key-undo_photo button")?.click(), wait);
}

function deleteByKey(event) {
  const isTyping = event.composedPath()[0].closest?.("input, textarea, [contenteditable], .stDataFrame");
  if (!isTyping && (event.key === "Delete" || event.key === "Backspace")) deleteSelected();
}

// The canvas draws boxes with the left mouse button only, which a finger does not have.
function touchAsMouse(event) {
  const canvas = event.composedPath()[0];
  if (wanted || event.touches.length > 1 || !findCanvas()?.contains(canvas)) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  const { clientX, clientY } = event.changedTouches[0];
  const place = { clientX, clientY, button: 0, buttons: 1, bubbles: true, composed: true };
  canvas.dispatchEvent(new MouseEvent(MOUSE[event.type], place));
}
