/** Memory that an idle session holds, without a stream, with one, and on a WebSocket (RELIABILITY.md O5). */
import { once } from 'node:events';
import http from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import { rssMb } from './procfs.mjs';
import { authorization, HELLO, initialized } from './kit.mjs';
import { ROOT, startGateway, startScript } from './rig.mjs';

const PROBE = join(ROOT, 'test/fakes/heap-probe.cjs');
const OPTIONS = { NODE_OPTIONS: `--require=${PROBE}` };
const ENV = { ...OPTIONS, MAX_STREAMS_PER_PRINCIPAL: '100000', MAX_TOOL_CALLS_PER_MINUTE: '0' };
const AT_ONCE = 16;

async function stream(url, headers) {
  const request = http.get(url, {
    agent: false,
    headers: { accept: 'text/event-stream', ...headers },
  });
  const [answer] = await once(request, 'response');
  if (answer.statusCode !== 200) throw new Error(`GET answered ${answer.statusCode}`);
  answer.on('error', () => undefined).resume();
}

async function socket(url, headers) {
  const opened = new WebSocket(url.replace(/^http/, 'ws').replace(/mcp$/, 'ws'), { headers });
  await once(opened, 'open');
  opened.on('error', () => undefined).send(HELLO);
  await once(opened, 'message');
}

/** How a client of each kind opens one session, at the gateway and at the floor. */
const KINDS = {
  'without a stream': { gateway: initialized, floor: null },
  'with an event stream': {
    gateway: async (url) =>
      stream(url, { authorization, 'mcp-session-id': await initialized(url) }),
    floor: (url) => stream(url, {}),
  },
  'on a WebSocket': {
    gateway: (url) => socket(url, { authorization }),
    floor: (url) => socket(url, {}),
  },
};

async function openMany(count, open) {
  let left = count;
  const worker = async () => {
    while (left-- > 0) await open();
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

/** Resident memory once everything that can go has gone. */
async function settledMb({ pid, output, child }) {
  const said = () => output().split('heap-alive').length;
  const before = said();
  child.kill('SIGUSR2');
  while (said() === before) await pause(20);
  return rssMb(pid);
}

/** KiB a session: what `count` more cost, so that what the first ones bring does not count. */
async function slope(subject, count, open) {
  await openMany(count, () => open(subject.url));
  const before = await settledMb(subject);
  await openMany(count, () => open(subject.url));
  return (((await settledMb(subject)) - before) * 1024) / count;
}

/** @returns KiB an idle session by kind: of the gateway, and of a bare server where there is one */
export async function benchSessions(count) {
  const found = {};
  for (const [kind, { gateway: open, floor: openBare }] of Object.entries(KINDS)) {
    const gateway = await startGateway({ env: ENV });
    const subject = { ...gateway, url: `${gateway.url}/mcp` };
    const kib = await slope(subject, count, open).finally(() => gateway.dispose());
    found[kind] = { kib, floorKib: null };
    if (openBare === null) continue;
    const bare = await startScript('holding.mjs', OPTIONS, []);
    const floorKib = await slope({ ...bare, url: bare.value }, count, openBare).finally(() =>
      bare.stop(),
    );
    found[kind] = { kib, floorKib };
  }
  return found;
}
