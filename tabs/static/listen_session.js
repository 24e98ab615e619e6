// The listener's side of a session. The resume code, and an answer until the server has acknowledged it, live in
// localStorage: a reload, a lost connection or a server that cannot write loses nothing.

const CODE = "listening-room.resume-code";
const UNSENT = "listening-room.unsent-answer";

export class Refusal extends Error {
  constructor(status, sentence) {
    super(sentence);
    this.status = status; // 0: no answer from the server
  }
  // The server has decided; sending the same again would change nothing.
  get final() {
    return [404, 409, 422].includes(this.status);
  }
}

export class Session {
  #storage = availableStorage();
  #study = "";

  get begun() {
    return this.#storage.getItem(CODE) !== null;
  }

  async study() {
    const { studies } = await request("listen/studies");
    if (studies.length === 0) return { state: "failed" };
    this.#study = `listen/${studies[0].name}`;
    return request(`${this.#study}/study`);
  }

  async begin() {
    const { code } = await request(`${this.#study}/session`, { method: "POST" });
    this.#storage.setItem(CODE, code);
  }

  // The trial to show, or the receipt when all are answered. What was not sent yet goes first.
  async current() {
    await this.#send();
    try {
      return await request(`${this.#study}/trial`, { headers: this.#headers });
    } catch (error) {
      if (error.status === 404) this.#storage.removeItem(CODE);
      throw error;
    }
  }

  async answer(rating) {
    this.#storage.setItem(UNSENT, JSON.stringify({ uuid: uuid(), ...rating }));
    await this.#send();
  }

  async #send() {
    const body = this.#storage.getItem(UNSENT);
    if (body === null) return;
    try {
      const headers = { ...this.#headers, "Content-Type": "application/json" };
      await request(`${this.#study}/answer`, { method: "POST", headers, body });
    } catch (error) {
      if (!error.final) throw error;
      this.#storage.removeItem(UNSENT);
      throw error;
    }
    this.#storage.removeItem(UNSENT);
  }

  get #headers() {
    return { "X-Resume-Code": this.#storage.getItem(CODE) };
  }
}

async function request(path, options = {}) {
  let response;
  try {
    response = await fetch(new URL(path, document.baseURI), { cache: "no-store", ...options });
  } catch {
    throw new Refusal(0, "The server does not answer. Nothing is lost: check the connection and try again.");
  }
  const content = await response.json().catch(() => ({}));
  if (!response.ok) throw new Refusal(response.status, sentence(content.detail ?? `the server said ${response.status}`));
  return content;
}

function sentence(text) {
  const whole = text[0].toUpperCase() + text.slice(1);
  return whole.endsWith(".") ? whole : `${whole}.`;
}

// crypto.randomUUID exists only on https and localhost.
function uuid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40; // version 4
  bytes[8] = (bytes[8] & 0x3f) | 0x80; // RFC 9562
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

// A browser may forbid storage inside a frame of another site; the session then lasts as long as the page.
function availableStorage() {
  try {
    localStorage.getItem(CODE);
    return localStorage;
  } catch {
    const kept = new Map();
    return {
      getItem: (key) => kept.get(key) ?? null,
      setItem: (key, value) => kept.set(key, value),
      removeItem: (key) => kept.delete(key),
    };
  }
}
