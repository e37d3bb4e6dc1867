import { parentPort, threadId } from 'node:worker_threads';

/** A thread that does what the job says: `{ say }`, `{ hang: true }`, `{ fail: true }`, `{ fill: true }`. */
parentPort.on('message', (job) => {
  if (job.hang) for (;;);
  if (job.fail) throw new Error('told to fail');
  if (job.fill) {
    const kept = [];
    for (;;) kept.push(new Array(1_000_000).fill(kept.length));
  }
  parentPort.postMessage({ said: job.say, threadId });
});
parentPort.postMessage('up');
