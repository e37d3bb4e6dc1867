const counts = new Map();

/** Numbers beyond double precision, keys out of order, members nobody knows, escapes as written. */
export const EXACT_RESULT =
  '{"structuredContent":{"z":1,"a":12345678901234567890,"f":1.0,"e":1e2,"neg":-0,"nested":{"b":null,"a":[]}},' +
  '"x-unknown":{"keep":"me"},"content":[{"type":"text","text":"\\u0041\\/\\ud83d\\ude00","annotations":{"priority":0.10}}],' +
  '"isError":false,"_meta":{"vendor.example/n":9007199254740993}}';

export const plain = {
  ok: (call) => call.text('ok'),
  echo: (call) => call.text(String(call.args.message ?? '')),
  get_system_time: (call) => call.text(`12:00 ${call.args.timezone ?? 'UTC'}`),
  count(call) {
    const n = (counts.get(call.nonce) ?? 0) + 1;
    counts.set(call.nonce, n);
    call.text(String(n));
  },
  echolate: (call) => call.after(call.args.ms ?? 100, () => call.text(call.args.message)),
  slow: (call) => call.after(call.args.ms ?? 1000, () => call.text('slow')),
  progress(call) {
    const total = call.args.n ?? 3;
    const step = (n) => {
      if (call.cancelled) return;
      if (n > total) return call.text('done');
      call.progress(n, total);
      call.after(call.args.everyMs ?? 20, () => step(n + 1));
    };
    step(1);
  },
  blob: (call) => call.text('x'.repeat(call.args.bytes ?? 1024)),
  /** Progress and answer in one array, on an event stream when something `precedes` it. */
  bundled(call) {
    if (call.args.precedes) call.progress(1, 3);
    const progressToken = call.params._meta?.progressToken;
    const params = { progressToken, progress: 2, total: 3 };
    const result = { content: [{ type: 'text', text: 'bundled' }] };
    call.out.final(
      JSON.stringify([
        { jsonrpc: '2.0', method: 'notifications/progress', params },
        { jsonrpc: '2.0', id: call.id, result },
      ]),
    );
  },
  structured: (call) => call.result(EXACT_RESULT),
  iserror: (call) => call.result({ content: [{ type: 'text', text: 'it failed' }], isError: true }),
  rpcerror: (call) => call.error(call.args.code ?? -32050, 'as you wished', { nonce: call.nonce }),
};
