const { createHmac } = require('node:crypto');
const { existsSync, mkdtempSync, rmSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join, resolve } = require('node:path');
const { startChild } = require('./child.cjs');

const ROOT = resolve(__dirname, '../..');
const MAIN = join(ROOT, 'dist/main.js');
const SECRET = 'acceptance-key-0123456789-0123456789';

const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A JWT made by hand, so that wrong ones can be made as well. */
function signToken(claims, { secret = SECRET, header = { alg: 'HS256', typ: 'JWT' } } = {}) {
  const body = `${encode(header)}.${encode(claims)}`;
  return `${body}.${createHmac('sha256', secret).update(body).digest('base64url')}`;
}

/** A token as the command would make it: `alice`, good for an hour. */
function token(username = 'alice', more = {}) {
  const now = Math.floor(Date.now() / 1000);
  return signToken({ sub: username, iat: now, exp: now + 3600, jti: `${username}-1`, ...more });
}

async function answersReady(url) {
  try {
    const answer = await fetch(`${url}/ready`);
    await answer.arrayBuffer();
    return answer.status === 200;
  } catch {
    return false;
  }
}

/**
 * Starts `dist/main.js` on a free port with an empty folder of its own and waits for `/ready`.
 * The folder is removed by `dispose()`; `start` again with the same `dir` to restart on its data.
 */
async function startGateway(options = {}) {
  if (!existsSync(MAIN)) throw new Error('dist/main.js is missing: run `npm run build` first');
  const dir = options.dir ?? mkdtempSync(join(tmpdir(), 'mcpgateway-'));
  const env = {
    PATH: process.env.PATH,
    HOME: dir,
    TZ: 'UTC',
    HOST: '127.0.0.1',
    PORT: '0',
    DATABASE_URL: `sqlite:///${join(dir, 'mcp.db')}`,
    JWT_SECRET_KEY: SECRET,
    MAX_TOOL_CALLS_PER_MINUTE: '0',
    MCPGATEWAY_SECRETS_FILE: join(dir, 'secrets.json'),
    ...options.env,
  };
  const startedAt = performance.now();
  const [command, ...prefix] = options.prefix ?? [process.execPath];
  const args = [...prefix, ...(options.prefix ? [process.execPath] : []), MAIN];
  const started = await startChild(command, args, {
    env,
    cwd: dir,
    ready: (line) => /\bhttps?:\/\/(?:127\.0\.0\.1|localhost|\[::1\]):([1-9]\d*)/.exec(line)?.[1],
  });
  const url = `http://127.0.0.1:${started.value}`;
  const deadline = performance.now() + 15_000;
  while (!(await answersReady(url))) {
    if (performance.now() > deadline) {
      await started.stop('SIGKILL');
      throw new Error(`gateway is not ready\n${started.output()}`);
    }
    await new Promise((next) => setTimeout(next, 10));
  }
  return {
    ...started,
    url,
    port: Number(started.value),
    dir,
    readyMs: performance.now() - startedAt,
    async dispose() {
      await started.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

module.exports = { startGateway, signToken, token, ROOT, SECRET };
