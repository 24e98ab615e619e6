// A session as a take to save: everything that sounded between the count-in and the end, one track per player.

import { DRUMS } from "./live_bank.js";

// programs: General MIDI program of each instrument.
export function takeOf(session, band, programs) {
  const { settings, ended } = session;
  const track = (name, place, instrument, notes) => ({
    name,
    place,
    instrument,
    program: instrument === DRUMS ? null : programs[instrument],
    notes: notes.flatMap((note) => within(note, ended)),
  });
  const yours = session.played.map(({ start, duration, pitch, velocity }) => [start, duration, pitch, velocity]);
  const answers = session.exchanges.flatMap((exchange) => exchange.answer ?? []);
  const played = [...session.bandNotes(ended)];
  const names = new Set(band.notes.map((note) => note[4]));
  return {
    tempo: settings.tempo,
    length: ended,
    bandVolume: settings.bandVolume,
    tracks: [
      track("You", "you", settings.you, yours),
      track("Network", "network", settings.network, answers),
      ...[...names].map((name) => track(name, name, name, played.filter((note) => note[4] === name))),
    ],
  };
}

// The note, cut where the take begins and ends, in a list; or an empty list.
function within([start, duration, pitch, velocity], end) {
  const from = Math.max(start, 0);
  const to = Math.min(start + duration, end);
  return to > from ? [[from, to - from, pitch, velocity]] : [];
}
