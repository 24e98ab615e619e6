// A worker's timer: browsers slow the timers of a hidden page down, but not a worker's.

const EVERY_MS = 25;

setInterval(() => postMessage(null), EVERY_MS);
