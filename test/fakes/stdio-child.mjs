// A small MCP server on stdio whose tools misbehave as their names say. Argument: how it starts.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';

const mode = process.argv[2] ?? '';
const seen = [];
let waiting = null;
let counted = 0;

const send = (message) =>
  process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
const reply = (id, result) => send({ id, result });
const text = (id, value) => reply(id, { content: [{ type: 'text', text: value }] });

const TOOLS = {
  echo: (id, a) => text(id, a.text ?? ''),
  seen: (id) => reply(id, { seen }),
  env: (id) => reply(id, { env: process.env, cwd: process.cwd() }),
  count: (id) => text(id, String(++counted)),
  silent: () => undefined,
  slow: (id, a) => setTimeout(() => text(id, 'done'), a.ms),
  exit: (id, a) => process.exit(a.code),
  stderr: (id, a) => process.stderr.write(`${'e'.repeat(a.bytes)}\n`, () => text(id, 'written')),
  complain: (id, a) => process.stderr.write(a.text, () => text(id, 'written')),
  noise: (id) => {
    process.stdout.write('Listening on port 3000\n\n[1,2]\n');
    text(id, 'quiet again');
  },
  frames: (id) => {
    // BOM, CRLF, and an answer cut within its characters.
    const bytes = Buffer.from(
      `\ufeff${JSON.stringify({ jsonrpc: '2.0', id, result: { text: 'grüße €😀' } })}\r\n`,
    );
    const at = bytes.indexOf(Buffer.from('€')) + 1;
    process.stdout.write(bytes.subarray(0, at), () => {
      setImmediate(() => process.stdout.write(bytes.subarray(at)));
    });
  },
  flood: (id, a) => {
    const block = Buffer.alloc(1024 * 1024, 0x78);
    for (let i = 0; i < a.mib; i++) process.stdout.write(block);
    process.stdout.write('\n');
  },
  /** Asks without reading answers until it cannot write any more, then reads on, unless it is deaf for good. */
  deaf: async (id, a) => {
    let blocked = false;
    process.stdin.pause();
    for (let n = 0; n < a.pings; n++) {
      const ping = { jsonrpc: '2.0', id: `${n}${'p'.repeat(4000)}`, method: 'ping' };
      if (process.stdout.write(`${JSON.stringify(ping)}\n`)) continue;
      const stuck = setTimeout(() => {
        blocked = true;
        if (a.isForGood !== true) process.stdin.resume();
      }, 500);
      await new Promise((resolve) => process.stdout.once('drain', resolve));
      clearTimeout(stuck);
    }
    process.stdin.resume();
    reply(id, { blocked });
  },
  ids: (id) => {
    for (const wrong of [id + 1000, String(id)]) reply(wrong, { wrong: true });
    reply(id, { right: true });
    reply(id, { twice: true });
  },
  ask: (id) => {
    waiting = (answer) => reply(id, { answer });
    send({ id: 'q-1', method: 'elicitation/create', params: { message: 'who?' } });
  },
  progress: (id, a, meta) => {
    for (const progress of [1, 2])
      send({
        method: 'notifications/progress',
        params: { progressToken: meta.progressToken, progress },
      });
    text(id, 'done');
  },
  grandchild: (id) => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)'], {
      stdio: 'inherit',
    });
    reply(id, { pid: child.pid });
  },
};

/** `lists:FILE`: one tool more once that file is there. */
const names = () => [
  ...Object.keys(TOOLS),
  ...(mode.startsWith('lists:') && existsSync(mode.slice(6)) ? ['more'] : []),
];
const tool = (name) => ({ name, inputSchema: { type: 'object' } });

function answer({ id, method, params, result, error }) {
  if (method === undefined) {
    waiting?.(result ?? error);
    return;
  }
  seen.push({ id, method, params });
  if (method === 'initialize') initialize(id);
  else if (method === 'tools/call') TOOLS[params.name](id, params.arguments ?? {}, params._meta);
  else if (method === 'tools/list') reply(id, { tools: names().map(tool) });
  else if (id !== undefined) reply(id, {});
}

function initialize(id) {
  if (mode === 'mute') return;
  if (mode === 'dies') {
    process.stderr.write('no configuration\n');
    process.exit(7);
  }
  if (mode === 'refuses') {
    send({ id, error: { code: -32602, message: 'no' } });
    return;
  }
  const protocolVersion = mode.startsWith('speaks:') ? mode.slice(7) : '2025-06-18';
  const serverInfo = { name: 'stdio-child', version: '1' };
  reply(id, { protocolVersion, capabilities: { tools: {} }, serverInfo });
}

if (mode === 'stubborn') process.on('SIGTERM', () => undefined);
createInterface({ input: process.stdin }).on('line', (line) => {
  answer(JSON.parse(line));
});
