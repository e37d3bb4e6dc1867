// Preloaded into a gateway (`NODE_OPTIONS=--require`): on SIGUSR2 it says how much of its heap is alive.
const { runInNewContext } = require('node:vm');
const { setFlagsFromString } = require('node:v8');

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc');

process.on('SIGUSR2', () => {
  collect();
  collect();
  process.stdout.write(`heap-alive ${process.memoryUsage().heapUsed}\n`);
});
