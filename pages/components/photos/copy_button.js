// A button that copies the reading to the clipboard.

const DONE_MS = 1500;

export default function ({ data, parentElement }) {
  const button = parentElement.querySelector("button") ?? make(parentElement);
  button.onclick = async () => {
    button.textContent = (await copy(data.text)) ? "Copied" : "Cannot copy";
    setTimeout(() => (button.textContent = "Copy text"), DONE_MS);
  };
}

function make(parent) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Copy text";
  button.style.cssText =
    "font: inherit; font-size: 0.875rem; padding: 0.45rem 0.9rem; border-radius: var(--st-button-radius, 0.6rem); cursor: pointer;" +
    "color: inherit; background: none; border: 1px solid var(--st-border-color, gray); min-width: 7rem;";
  parent.append(button);
  return button;
}

// Browsers offer the clipboard only to pages from this machine or by https.
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}
