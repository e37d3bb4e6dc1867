import { Buffer } from 'node:buffer';

const good = (call) =>
  JSON.stringify({
    jsonrpc: '2.0',
    id: call.id,
    result: { content: [{ type: 'text', text: 'ok' }] },
  });

/** Sends a body as it is: with length and JSON type, or as one line into a pipe. */
function body(call, bytes, { status = 200, type = 'application/json' } = {}) {
  const { res, write } = call.out;
  const data = Buffer.from(bytes);
  if (!res) return write(Buffer.concat([data, Buffer.from('\n')]));
  res.writeHead(status, { 'content-type': type, 'content-length': data.length });
  res.end(data);
}

/** An answer with these members, as one event where `isStreamed`. */
function answered(call, members) {
  const text = JSON.stringify({ jsonrpc: '2.0', id: call.id, ...members });
  if (call.args.isStreamed !== true || !call.out.res) return body(call, text);
  body(call, `data: ${text}\n\n`, { type: 'text/event-stream' });
}

export const answer = {
  half: (call) => body(call, good(call).slice(0, 30)),
  garbage: (call) => body(call, '}{ not json at all'),
  html502: (call) =>
    body(call, '<html><h1>Bad gateway</h1>/srv/secret/path</html>', {
      status: 502,
      type: 'text/html',
    }),
  dup(call) {
    const other = good(call).replace('"ok"', '"second"');
    if (!call.out.res) return body(call, `${good(call)}\n${other}`);
    body(call, `data: ${good(call)}\n\ndata: ${other}\n\n`, { type: 'text/event-stream' });
  },
  wrongid: (call) =>
    body(call, JSON.stringify({ jsonrpc: '2.0', id: 987654, result: { content: [] } })),
  stringid: (call) =>
    body(
      call,
      JSON.stringify({
        jsonrpc: '2.0',
        id: String(call.id),
        result: { content: [], x: 'stringid' },
      }),
    ),
  array: (call) => body(call, `[${good(call)}]`),
  noresult: (call) => body(call, JSON.stringify({ jsonrpc: '2.0', id: call.id })),
  numberresult: (call) => answered(call, { result: 5 }),
  numbererror: (call) => answered(call, { error: 5 }),
  badutf8(call) {
    const [head, tail] = good(call).split('"ok"');
    const parts = [
      Buffer.from(`${head}"`),
      Buffer.from([0xff, 0xfe, 0xc0]),
      Buffer.from(`"${tail}`),
    ];
    body(call, Buffer.concat(parts));
  },
  newlines(call) {
    const text = 'a\r\nb\u2028c\u2029d';
    call.text(text);
  },
  huge: (call) => call.text('h'.repeat(call.args.bytes ?? 20 * 1024 * 1024)),
  deep(call) {
    const n = call.args.n ?? 10000;
    call.result(`{"content":[],"deep":${'['.repeat(n)}${']'.repeat(n)}}`);
  },
};
