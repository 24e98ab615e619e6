// A session of trading: the band goes round on the audio clock, the visitor plays a call, the server's answer starts on
// the bar line. If no answer is there by then, the band plays on alone until the visitor's next turn.

import { DRUMS } from "./live_bank.js";
import { Clock, HORIZON_S, TICKS_PER_BAR, TICKS_PER_BEAT } from "./live_clock.js";
import { Desk } from "./live_desk.js";
import { callOf, exchangeAt, leadTicks } from "./live_turns.js";

const START_S = 0.2; // from the button to the first click
const LATEST_S = 0.005; // what would begin later than this after its time is left out
const LONGEST_S = 300; // a page has to hold the whole session's sound to save it
const [SIDE_STICK, CLICK_VELOCITY] = [37, 100];
const SHORTEST = 0.5; // ticks of a recorded note
const FULL = `${LONGEST_S / 60} minutes are full. Save them if you like, and start again.`;
const LATE = "The answer came too late, so the band plays on alone. Your turn comes next.";
const LOST = "The server does not answer, so the band plays on alone. It is asked again after your next turn.";

export class Session extends EventTarget {
  // Events: "turn" when the count-in, the visitor, the network or, without an answer, the band alone begins; "missed" when
  // there is no answer (its detail is a sentence); "state" when the session ends.
  playing = true;
  exchanges = []; // {number, start, middle, end, answer: notes or null, margin: seconds that it had left}
  played = []; // the visitor's notes: {start, duration, pitch, velocity}, in fractions of ticks
  skipped = 0; // notes that could not be handed over in time
  ended = 0; // tick
  words = ""; // why it ended by itself
  #context;
  #bank;
  #desk;
  #band;
  #ask;
  #next = 0; // of the band's notes, counted on from lap to lap
  #pending = []; // of an answer: [start, duration, pitch, velocity], ticks of the session
  #held = new Map(); // pitch -> note
  #took = 0; // seconds from the last call to its answer

  // band: {notes: [[start, duration, pitch, velocity, instrument], ...], length} in ticks; settings: {bars, tempo,
  // network, ...}; ask: sends a call and promises {notes} or {fault}, or undefined if the server is
  // out of reach.
  constructor(context, bank, band, settings, ask) {
    super();
    [this.#context, this.#bank, this.#band, this.settings, this.#ask] = [context, bank, band, settings, ask];
    this.#desk = new Desk(context, settings.bandVolume);
    const countIn = (settings.tempo > 120 ? 2 : 1) * TICKS_PER_BAR; // one bar alone is over before hands are on keys
    const seconds = (60 / settings.tempo / TICKS_PER_BEAT) * countIn;
    this.clock = new Clock(context, settings.tempo, context.currentTime + START_S + seconds);
    for (let tick = -countIn; tick < 0; tick += TICKS_PER_BEAT) {
      this.#sound(DRUMS, DRUMS, [tick, TICKS_PER_BEAT, SIDE_STICK, CLICK_VELOCITY]);
    }
  }

  start() {
    this.#say("turn", "count-in");
    this.clock.run(() => this.#advance());
  }

  // words: why, if nobody pressed Stop.
  pause(words = "") {
    if (!this.playing) return;
    [this.playing, this.words] = [false, words];
    this.ended = this.clock.tick;
    this.clock.stop();
    [...this.#held.keys()].forEach((pitch) => this.release(pitch, performance.now()));
    this.#desk.close();
    this.#say("state");
  }

  get exchange() {
    return this.exchanges.at(-1) ?? null;
  }

  set bandVolume(gain) {
    this.#desk.bandVolume = gain;
  }

  // Record the visitor's keys where the visitor heard them; stamp: performance.now() of the event.
  press(pitch, velocity, stamp) {
    this.release(pitch, stamp);
    const note = { start: this.clock.heardAt(stamp), duration: null, pitch, velocity };
    this.played.push(note);
    this.#held.set(pitch, note);
  }

  release(pitch, stamp) {
    const note = this.#held.get(pitch);
    if (!note) return;
    this.#held.delete(pitch);
    note.duration = Math.max(this.clock.heardAt(stamp) - note.start, SHORTEST);
  }

  // The band's notes that begin from tick 0 up to `end`, over all laps.
  *bandNotes(end) {
    for (let n = 0; ; n++) {
      const note = this.#bandNote(n);
      if (note[0] >= end) return;
      yield note;
    }
  }

  #bandNote(n) {
    const { notes, length } = this.#band;
    const [start, ...rest] = notes[n % notes.length];
    return [start + Math.floor(n / notes.length) * length, ...rest];
  }

  #advance() {
    if (!this.playing) return;
    this.#turn(this.clock.tick);
    const horizon = this.clock.tickAt(this.#context.currentTime + HORIZON_S);
    for (; this.#bandNote(this.#next)[0] < horizon; this.#next++) {
      const note = this.#bandNote(this.#next);
      this.#sound(note[4], note[4], note);
    }
    while (this.#pending.length && this.#pending[0][0] < horizon) {
      this.#sound("network", this.settings.network, this.#pending.shift());
    }
  }

  #sound(place, instrument, [start, duration, pitch, velocity]) {
    const at = this.clock.timeOf(start);
    if (at < this.#context.currentTime - LATEST_S) return void this.skipped++;
    this.#bank.sound(this.#desk.input(place), instrument, pitch, velocity, at)(this.clock.timeOf(start + duration));
  }

  // Whatever the clock says is due: a new exchange, the sending of its call, the network's turn, the end.
  #turn(now) {
    if (now < 0) return;
    if (!this.exchange || now >= this.exchange.end) {
      if (now * this.clock.secondsPerTick > LONGEST_S) return this.pause(FULL);
      const number = Math.floor(now / exchangeAt(0, this.settings.bars).end);
      this.exchanges.push({ ...exchangeAt(number, this.settings.bars), turn: "you", answer: null, sent: false });
      this.#say("turn", "you");
    }
    const { exchange } = this;
    const lead = leadTicks(this.settings.bars, this.clock.secondsPerTick, this.#took);
    if (!exchange.sent && now >= exchange.middle - lead) this.#send(exchange);
    if (exchange.turn === "you" && now >= exchange.middle) {
      exchange.turn = exchange.answer === null ? "band" : "network";
      if (exchange.answer === null) this.#miss(exchange, LATE);
      this.#say("turn", exchange.turn);
    }
  }

  async #send(exchange) {
    exchange.sent = true;
    const { form, key, style, bars, seed } = this.settings;
    const notes = callOf(this.played, exchange);
    const call = { form, key, style, bars, first_bar: exchange.middle / TICKS_PER_BAR, seed: seed + exchange.number, notes };
    const sent = this.#context.currentTime;
    const reply = (await this.#ask(call)) ?? { fault: LOST };
    if (!this.playing) return;
    this.#took = this.#context.currentTime - sent;
    exchange.margin = this.clock.timeOf(exchange.middle) - this.#context.currentTime;
    if (reply.fault || exchange.margin < 0) this.#miss(exchange, reply.fault ?? LATE);
    else this.#plan(exchange, reply.notes);
  }

  #plan(exchange, notes) {
    exchange.answer = notes.map(([start, ...rest]) => [exchange.middle + start, ...rest]);
    this.#pending = [...exchange.answer];
    this.#advance();
  }

  #miss(exchange, sentence) {
    if (exchange.missed) return;
    exchange.missed = true;
    this.#say("missed", sentence);
  }

  #say(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
