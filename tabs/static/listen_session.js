// The listener's side of a session. The resume code, the volume, and an answer until the server has acknowledged it,
// live in localStorage: a reload, a lost connection or a server that cannot write loses nothing.

import { say } from "./texts.js";

const PREFIX = "listening-room.";
const LAST_STUDY = `${PREFIX}study`;
const ARENA_CODE = `${PREFIX}arena`;
const KEYS = ["code", "volume", "unsent"];

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

export async function studies() {
  const { studies } = await request("listen/studies");
  return studies;
}

// The name of the study that this browser was at, or null.
export function lastStudy() {
  return storage.getItem(LAST_STUDY);
}

export function rememberStudy(name) {
  if (name === null) storage.removeItem(LAST_STUDY);
  else storage.setItem(LAST_STUDY, name);
}

export class Session {
  #study;

  constructor(study) {
    this.#study = study;
  }

  get code() {
    return this.#kept("code");
  }
  get begun() {
    return this.code !== null;
  }
  // What the listener set before the first trial, or null.
  get volume() {
    const kept = this.#kept("volume");
    return kept === null ? null : Number(kept);
  }
  set volume(gain) {
    this.#keep("volume", gain);
  }

  study() {
    return this.#request("study");
  }

  async begin(entry) {
    const { code } = await this.#request("session", { body: entry });
    this.#keep("code", code);
  }

  // Go on with a session that was begun in another browser.
  async resume(code) {
    await request(`listen/${this.#study}/session`, { code });
    this.#keep("code", code);
  }

  // The steps that the server waits for before the first trial. What was not sent yet goes first.
  async missing() {
    await this.#send();
    try {
      const { missing } = await this.#request("session");
      return missing;
    } catch (error) {
      if (error.status === 404) this.forget();
      throw error;
    }
  }

  answerQuestionnaire(answers) {
    return this.#request("questionnaire", { body: { answers } });
  }
  answerHeadphones(test, choices) {
    return this.#request("headphones", { body: { test, choices } });
  }
  sound(path) {
    return soundRequest(path, this.code);
  }
  headphoneSound(name) {
    return this.sound(`listen/${this.#study}/headphones/${name}.wav`);
  }

  // The trial to show, or receipt and debrief when all are answered.
  trial() {
    return this.#request("trial");
  }

  async answer(rating) {
    this.#keep("unsent", JSON.stringify({ uuid: uuid(), ...rating }));
    await this.#send();
  }

  async withdraw() {
    await this.#request("withdraw", { body: {} });
    this.forget();
  }

  forget() {
    KEYS.forEach((key) => storage.removeItem(this.#key(key)));
  }

  async #send() {
    const unsent = this.#kept("unsent");
    if (unsent === null) return;
    try {
      await this.#request("answer", { body: JSON.parse(unsent) });
    } catch (error) {
      if (error.final) storage.removeItem(this.#key("unsent"));
      throw error;
    }
    storage.removeItem(this.#key("unsent"));
  }

  #request(path, options = {}) {
    return request(`listen/${this.#study}/${path}`, { code: this.code, ...options });
  }
  #kept(key) {
    return storage.getItem(this.#key(key));
  }
  #keep(key, text) {
    storage.setItem(this.#key(key), text);
  }
  #key(key) {
    return `${PREFIX}${this.#study}.${key}`;
  }
}

// A visitor of the arena, who needs no session: a code made here tells the own battle from other people's.
export class Visitor {
  #code = storage.getItem(ARENA_CODE) ?? uuid();

  constructor() {
    storage.setItem(ARENA_CODE, this.#code);
  }

  battle() {
    return request("listen/arena/battle", { code: this.#code });
  }
  sound(path) {
    return soundRequest(path, this.#code);
  }
  leaderboard() {
    return request("listen/arena/leaderboard");
  }
  // The same vote, however often it has to be sent.
  vote(battle, preferred, heardMs) {
    const body = { uuid: uuid(), battle, preferred, heard_ms: heardMs.map(Math.round) };
    return () => request("listen/arena/vote", { code: this.#code, body });
  }
}

// What fetches a sound, as opaque as its address.
function soundRequest(path, code) {
  return new Request(new URL(path, document.baseURI), { cache: "no-store", headers: headersOf(code) });
}

// A GET, or a POST where there is a body.
async function request(path, { code = null, body = null } = {}) {
  const options = { cache: "no-store", headers: headersOf(code) };
  if (body !== null) {
    Object.assign(options, { method: "POST", body: JSON.stringify(body) });
    options.headers["Content-Type"] = "application/json";
  }
  let response;
  try {
    response = await fetch(new URL(path, document.baseURI), options);
  } catch {
    throw new Refusal(0, say("unanswered"));
  }
  const content = await response.json().catch(() => ({}));
  if (!response.ok) throw new Refusal(response.status, sentence(content.detail ?? say("refused", { status: response.status })));
  return content;
}

function headersOf(code) {
  return code === null ? {} : { "X-Resume-Code": code };
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
    localStorage.getItem(LAST_STUDY);
    return localStorage;
  } catch {
    const kept = new Map();
    return {
      getItem: (key) => kept.get(key) ?? null,
      setItem: (key, value) => kept.set(key, String(value)),
      removeItem: (key) => kept.delete(key),
    };
  }
}

const storage = availableStorage();
