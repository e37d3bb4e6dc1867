const { spawn } = require('node:child_process');

/** Processes still running: ended with the one that started them, whatever ends it. */
const running = new Set();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/**
 * Starts a process and waits until `ready(line)` of one of its output lines gives a value.
 * Shared by the suites (TypeScript) and the scripts (ES modules): that is why it is CommonJS.
 */
async function startChild(command, args, options) {
  const { env, cwd, ready, timeoutMs = 30_000 } = options;
  const child = spawn(command, args, { env, cwd, stdio: ['pipe', 'pipe', 'pipe'] });
  running.add(child);
  let output = '';
  const exited = new Promise((resolve) => {
    child.once('exit', (code, signal) => {
      running.delete(child);
      resolve({ code, signal });
    });
  });
  const value = await new Promise((resolve, reject) => {
    const fail = (why) => reject(new Error(`${command} ${args.join(' ')}: ${why}\n${output}`));
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      fail(`not ready after ${timeoutMs} ms`);
    }, timeoutMs);
    const hear = (stream) => {
      let rest = '';
      stream.setEncoding('utf8').on('data', (chunk) => {
        if (output.length < 5_000_000) output += chunk;
        const lines = (rest + chunk).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) {
          const found = ready(line);
          if (found === undefined) continue;
          clearTimeout(timer);
          resolve(found);
        }
      });
    };
    hear(child.stdout);
    hear(child.stderr);
    child.once('error', (e) => fail(e.message));
    void exited.then(({ code, signal }) => {
      clearTimeout(timer);
      fail(`ended early (${code ?? signal})`);
    });
  });

  async function stop(signal = 'SIGTERM', graceMs = 10_000) {
    if (!running.has(child)) return exited;
    child.kill(signal);
    const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
    const info = await exited;
    clearTimeout(timer);
    return info;
  }
  return { child, pid: child.pid, value, exited, stop, output: () => output };
}

module.exports = { startChild };
