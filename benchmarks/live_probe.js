// Looks over the shoulder of "Trade fours": a stand-in for a MIDI keyboard, and a record of what the page plays when.
// Times with an s are seconds of the AudioContext, those with ms of performance.now().

window.probe = {
  context: null, // the page's one AudioContext
  sounds: [], // {at: s it shall begin, now: s when it was handed over, ms likewise, offset: s into the note bank, struck}
  turns: [], // {turn, margin, skipped}: what the page says at each turn
};

let striking = false; // a key is being struck: what begins now is its sound
const begin = AudioBufferSourceNode.prototype.start;
AudioBufferSourceNode.prototype.start = function (at = 0, offset = 0, ...rest) {
  const { context } = this;
  if (context instanceof AudioContext) {
    probe.context = context;
    probe.sounds.push({ at, now: context.currentTime, ms: performance.now(), offset, struck: striking });
  }
  return begin.call(this, at, offset, ...rest);
};

const keyboard = { id: "probe", name: "Probe keyboard", state: "connected", onmidimessage: null };
const access = { inputs: new Map([[keyboard.id, keyboard]]), onstatechange: null };
navigator.requestMIDIAccess = async () => access;

// Send what a MIDI keyboard sends: data [status, pitch, velocity], ms when it was struck.
probe.send = (data, timeStamp) => {
  striking = true;
  keyboard.onmidimessage({ data, timeStamp });
  striking = false;
};

// Play notes {at: s when they are heard, seconds, pitch, velocity} as somebody does who listens to the loudspeaker.
probe.play = (notes) => {
  const { contextTime, performanceTime } = probe.context.getOutputTimestamp();
  const sendAt = (heard, data) => {
    const stamp = performanceTime + 1000 * (heard - contextTime);
    setTimeout(() => probe.send(data, stamp), stamp - performance.now());
  };
  for (const { at, seconds, pitch, velocity } of notes) {
    sendAt(at, [0x90, pitch, velocity]);
    sendAt(at + seconds, [0x80, pitch, 0]);
  }
};

new MutationObserver((changes) => {
  for (const { target } of changes) {
    const { turn, margin, skipped } = target.dataset;
    probe.turns.push({ turn, margin: margin ? Number(margin) : null, skipped: Number(skipped ?? 0) });
  }
}).observe(document, { subtree: true, attributes: true, attributeFilter: ["data-turn"] });
