// Sounds and how they begin and end. Every edge that a player makes itself (start, pause, switch, loop) is a raised
// cosine of 5 ms: ITU-R BS.1534-3 asks for it, and it does not click.

export const FADE_S = 0.005;
export const SHORTEST_LOOP_S = 0.5; // BS.1534-3
const POINTS = 64; // of a curve that the browser joins by straight lines: off by less than 0.0004
const FADE_OUT = Float32Array.from({ length: POINTS }, (_, i) => falling(i / (POINTS - 1)));
const FADE_IN = FADE_OUT.slice().reverse();

// x from 0 to 1: the gain of a fade-out.
function falling(x) {
  return 0.5 + 0.5 * Math.cos(Math.PI * x);
}

export function fadeOut(level = 1) {
  return FADE_OUT.map((value) => value * level);
}

export function fadeIn(level = 1) {
  return FADE_IN.map((value) => value * level);
}

export async function decoded(context, url) {
  const response = await fetch(url);
  if (!response.ok) {
    const error = new Error(`The sound could not be loaded (${response.status}).`);
    throw Object.assign(error, { final: response.status === 404 }); // it will not come back
  }
  return context.decodeAudioData(await response.arrayBuffer());
}

// The part of a sound that goes round and round, in seconds: a copy, with both edges faded.
export function loopOf(buffer, { from, to }) {
  const [first, end] = [from, to].map((seconds) => Math.round(seconds * buffer.sampleRate));
  const { numberOfChannels, sampleRate } = buffer;
  const loop = new AudioBuffer({ length: end - first, numberOfChannels, sampleRate });
  const edge = Math.round(FADE_S * sampleRate);
  for (let channel = 0; channel < numberOfChannels; channel++) {
    const samples = buffer.getChannelData(channel).slice(first, end);
    for (let i = 0; i < edge; i++) {
      const gain = falling(1 - (i + 0.5) / edge);
      samples[i] *= gain;
      samples[samples.length - 1 - i] *= gain;
    }
    loop.copyToChannel(samples, channel);
  }
  return loop;
}
