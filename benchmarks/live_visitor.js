// A visitor who never rests: a MIDI keyboard that plays by itself, and an ear that tells every note from every other.
// Goes with live_probe.js.

probe.keys = []; // ms from a key to its sound being handed over
probe.onsets = []; // s when a note came out of the loudspeaker

// The keyboard is played from a worker, so that its keys wait for a busy page as those of a real one do.
const pianist = `
  const BLUES = [60, 63, 65, 66, 67, 70, 72], EVERY_MS = 173, HELD_MS = 120;
  let count = 0;
  const send = (status, pitch) => postMessage({ data: [status, pitch, 90], at: performance.timeOrigin + performance.now() });
  setInterval(() => {
    const pitch = BLUES[(count++ * 5) % BLUES.length];
    send(0x90, pitch);
    setTimeout(() => send(0x80, pitch), HELD_MS);
  }, EVERY_MS);
`;
probe.improvise = () => {
  const worker = new Worker(URL.createObjectURL(new Blob([pianist])));
  worker.onmessage = ({ data: { data, at } }) => {
    const timeStamp = at - performance.timeOrigin;
    const before = probe.sounds.length;
    probe.send(data, timeStamp);
    if (probe.sounds.length > before) probe.keys.push(probe.sounds.at(-1).ms - timeStamp);
  };
};

// Notes that overlap cannot be told apart, so each is replaced by a click: the bank is silence but for a millisecond
// where a note begins.
const CLICK_S = 0.001;
const begun = AudioBufferSourceNode.prototype.start;
const silenced = new WeakSet();
AudioBufferSourceNode.prototype.start = function (at, offset, ...rest) {
  const samples = this.buffer.getChannelData(0);
  if (!silenced.has(this.buffer)) samples.fill(0);
  silenced.add(this.buffer);
  const { sampleRate } = this.buffer;
  samples.fill(1, Math.floor(offset * sampleRate), Math.ceil((offset + CLICK_S) * sampleRate));
  return begun.call(this, at, offset, ...rest);
};

const ear = `
  const LOUD = 1e-4, QUIET_S = 0.0002;
  registerProcessor("ear", class extends AudioWorkletProcessor {
    quiet = Infinity;
    process([[samples]]) {
      samples?.forEach((value, i) => {
        if (Math.abs(value) < LOUD) return this.quiet++;
        if (this.quiet > QUIET_S * sampleRate) this.port.postMessage((currentFrame + i) / sampleRate);
        this.quiet = 0;
      });
      return true;
    }
  });
`;
const connect = AudioNode.prototype.connect;
AudioNode.prototype.connect = function (target, ...rest) {
  if (target instanceof AudioDestinationNode && target.context instanceof AudioContext) {
    const { context } = target;
    context.ear ??= context.audioWorklet.addModule(URL.createObjectURL(new Blob([ear], { type: "text/javascript" }))).then(() => {
      const node = new AudioWorkletNode(context, "ear");
      node.port.onmessage = ({ data }) => probe.onsets.push(data);
      return node;
    });
    context.ear.then((node) => connect.call(this, node));
  }
  return connect.call(this, target, ...rest);
};
