// A session on paper and as sound, made in the page from what was played: a MIDI file with a track per player, and a WAV
// file that the note bank renders offline. A take is {tempo, length, bandVolume, tracks: [{name, place, instrument,
// program, notes}]} with notes [start, duration, pitch, velocity] in ticks, fractions allowed; place is the desk's, and
// program null is the drum kit.

import { TICKS_PER_BEAT } from "./live_clock.js";
import { Desk } from "./live_desk.js";

const RESOLUTION = 480; // MIDI ticks per beat
const DRUM_CHANNEL = 9;
const SAMPLE_RATE = 44100;
const TAIL_S = 1.5;

export function midiFile(take) {
  const tempo = Math.round(60e6 / take.tempo); // microseconds per beat
  const signature = [0, 0xff, 0x58, 4, 4, 2, 24, 8];
  const conductor = [0, 0xff, 0x51, 3, ...bytes(tempo, 3), ...signature];
  const tracks = [chunk(conductor), ...take.tracks.map((track, channel) => chunk(trackOf(track, channel)))];
  const header = [...ascii("MThd"), ...bytes(6, 4), ...bytes(1, 2), ...bytes(tracks.length, 2), ...bytes(RESOLUTION, 2)];
  return new Blob([Uint8Array.from(header), ...tracks], { type: "audio/midi" });
}

function trackOf({ name, program, notes }, number) {
  const channel = program === null ? DRUM_CHANNEL : number;
  const title = ascii(name);
  const content = [0, 0xff, 0x03, title.length, ...title];
  if (program !== null) content.push(0, 0xc0 | channel, program);
  let now = 0;
  for (const [at, on, pitch, velocity] of eventsOf(notes)) {
    content.push(...variable(at - now), (on ? 0x90 : 0x80) | channel, pitch, velocity);
    now = at;
  }
  return content;
}

// [MIDI tick, 1 on or 0 off, pitch, velocity] in order; where a note ends as the same begins, off comes first.
function eventsOf(notes) {
  const events = notes.flatMap(([start, duration, pitch, velocity]) => {
    const [from, to] = [start, start + duration].map((tick) => Math.round((tick / TICKS_PER_BEAT) * RESOLUTION));
    return [[from, 1, pitch, velocity], [Math.max(to, from + 1), 0, pitch, 0]];
  });
  return events.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
}

function chunk(content) {
  return Uint8Array.from([...ascii("MTrk"), ...bytes(content.length + 4, 4), ...content, 0, 0xff, 0x2f, 0]);
}

const ascii = (text) => [...text].map((letter) => letter.charCodeAt(0));
const bytes = (number, count) => Array.from({ length: count }, (_, i) => (number >>> (8 * (count - 1 - i))) & 0xff);

// A number in MIDI's variable length: seven bits a byte, all but the last with the eighth set.
function variable(number) {
  const groups = [number & 0x7f];
  while ((number >>>= 7)) groups.unshift((number & 0x7f) | 0x80);
  return groups;
}

export async function wavFile(take, bank) {
  const perTick = 60 / take.tempo / TICKS_PER_BEAT;
  const frames = Math.ceil((take.length * perTick + TAIL_S) * SAMPLE_RATE);
  const context = new OfflineAudioContext(2, frames, SAMPLE_RATE);
  const desk = new Desk(context, take.bandVolume);
  for (const { place, instrument, notes } of take.tracks) {
    for (const [start, duration, pitch, velocity] of notes) {
      bank.sound(desk.input(place), instrument, pitch, velocity, start * perTick)((start + duration) * perTick);
    }
  }
  return wavOf(await context.startRendering());
}

function wavOf(buffer) {
  const channels = Array.from({ length: buffer.numberOfChannels }, (_, i) => buffer.getChannelData(i));
  const samples = new Int16Array(buffer.length * channels.length);
  channels.forEach((channel, i) => {
    channel.forEach((value, frame) => {
      samples[frame * channels.length + i] = Math.round(Math.min(Math.max(value, -1), 1) * 32767);
    });
  });
  const little = (number, count) => bytes(number, count).reverse();
  const format = [1, channels.length].flatMap((field) => little(field, 2)); // PCM
  const rate = [...little(SAMPLE_RATE, 4), ...little(SAMPLE_RATE * channels.length * 2, 4), ...little(channels.length * 2, 2), ...little(16, 2)];
  const head = [...ascii("RIFF"), ...little(36 + samples.byteLength, 4), ...ascii("WAVEfmt "), ...little(16, 4), ...format, ...rate];
  return new Blob([Uint8Array.from([...head, ...ascii("data"), ...little(samples.byteLength, 4)]), samples], { type: "audio/wav" });
}
