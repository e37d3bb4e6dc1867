/** The load: a process of its own that hears over IPC what to send where, and checks every answer. */
import { Wire } from './wire.mjs';

const BASE = 'content-type: application/json\r\naccept: application/json, text/event-stream\r\n';
let calls = 0;

/** 64 bytes, different each time. */
const payloadOf = (n) => `${n}:`.padEnd(64, 'abcdefghijklmnopqrstuvwxyz');

const KINDS = {
  call: {
    message: (n, payload, tool) =>
      `{"jsonrpc":"2.0","id":${n},"method":"tools/call","params":{"name":"${tool}","arguments":{"payload":"${payload}","n":${n}}}}`,
    isRight: (answer, n, payload) =>
      answer.id === n && answer.result?.content?.[0]?.text === payload,
  },
  list: {
    message: (n) => `{"jsonrpc":"2.0","id":${n},"method":"tools/list","params":{}}`,
    isRight: null,
  },
};

function ask(wire, headers, body) {
  return new Promise((resolve) => wire.post(headers, body, resolve));
}

/** Opens a connection with a session of its own. */
async function open(url, authorization) {
  const wire = new Wire(url);
  const credential = authorization ? `authorization: ${authorization}\r\n` : '';
  const hello = {
    jsonrpc: '2.0',
    id: 0,
    method: 'initialize',
    params: {
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name: 'bench', version: '1' },
    },
  };
  const answer = await ask(wire, BASE + credential, JSON.stringify(hello));
  if (answer.status !== 200)
    throw new Error(`initialize answered ${answer.status}: ${answer.head}\n${answer.body}`);
  const session = /\r\nmcp-session-id: *([^\r]+)/i.exec(answer.head)?.[1];
  const headers =
    BASE +
    credential +
    (session ? `mcp-session-id: ${session}\r\nmcp-protocol-version: 2025-11-25\r\n` : '');
  await ask(wire, headers, '{"jsonrpc":"2.0","method":"notifications/initialized"}');
  return { wire, headers };
}

/**
 * Asks one after the other on one connection until the time is over; with `spec.rate`, so many a second
 * over all connections, each call when it is due or as soon after as the one before it is answered.
 */
function drive({ wire, headers }, spec, { from, until, tally }) {
  const kind = KINDS[spec.kind];
  const everyMs = spec.rate ? (1000 * spec.connections) / spec.rate : 0;
  let due = from;
  return new Promise((resolve) => {
    const next = () => {
      if (performance.now() >= until) return resolve();
      const wait = due - performance.now();
      due += everyMs;
      if (spec.rate && wait > 0) setTimeout(ask, wait);
      else ask();
    };
    const ask = () => {
      const n = ++calls;
      const payload = payloadOf(n);
      const sentAt = performance.now();
      wire.post(headers, kind.message(n, payload, spec.tool), (answer) => {
        tally.latencies.push(performance.now() - sentAt);
        check(answer, n, payload);
        next();
      });
    };
    const check = (answer, n, payload) => {
      const text = answer.body.toString();
      let right = answer.status === 200;
      if (right && kind.isRight) right = kind.isRight(JSON.parse(text), n, payload);
      else right &&= text.startsWith(`{"jsonrpc":"2.0","id":${n},`) && text.length >= spec.minBytes;
      if (right) return;
      tally.wrong++;
      tally.example ??= `${answer.status} ${answer.head.slice(0, 200)} ${text.slice(0, 300)}`;
    };
    next();
  });
}

const quantile = (sorted, q) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))];

async function run(spec) {
  const lines = await Promise.all(
    Array.from({ length: spec.connections }, () => open(spec.url, spec.authorization)),
  );
  const tally = { latencies: [], wrong: 0, example: undefined };
  process.send({ event: 'begin' });
  const startedAt = performance.now();
  const until = startedAt + spec.ms;
  const phase = spec.rate ? 1000 / spec.rate : 0;
  await Promise.all(
    lines.map((line, i) => drive(line, spec, { from: startedAt + i * phase, until, tally })),
  );
  const seconds = (performance.now() - startedAt) / 1000;
  for (const { wire } of lines) wire.close();
  const sorted = Float64Array.from(tally.latencies).sort();
  return {
    calls: sorted.length,
    wrong: tally.wrong,
    example: tally.example,
    perSecond: sorted.length / seconds,
    p50Ms: quantile(sorted, 0.5),
    p99Ms: quantile(sorted, 0.99),
  };
}

process.on('message', (spec) => {
  run(spec).then(
    (figures) => process.send({ event: 'end', figures }),
    (e) => process.send({ event: 'failed', message: String(e.stack ?? e) }),
  );
});
process.send({ event: 'ready' });
