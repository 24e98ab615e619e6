// An element with its attributes and its children, made in one go.
export function node(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

export const button = (className, text, attributes = {}) =>
  node("button", { type: "button", class: className, ...attributes }, text);

export const press = (pressed, on) => pressed.setAttribute("aria-pressed", String(on));
