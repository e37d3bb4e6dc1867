export const time = {
  hang() {
    // never answers
  },
  late: (call) => call.after(call.args.ms ?? 2000, () => call.text('late')),
  headers_then_hang(call) {
    call.out.res?.writeHead(200, { 'content-type': 'application/json' });
    call.out.res?.flushHeaders();
  },
  /** Answers right, but some bytes at a time. */
  drip(call) {
    const body = Buffer.from(
      JSON.stringify({
        jsonrpc: '2.0',
        id: call.id,
        result: { content: [{ type: 'text', text: 'x'.repeat(call.args.bytes ?? 64) }] },
      }),
    );
    const perTick = Math.max(1, Math.round((call.args.bytesPerS ?? 1000) / 20));
    const { res, write } = call.out;
    res?.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length });
    const push = (from) => {
      const slice = body.subarray(from, from + perTick);
      if (res) res.write(slice);
      else write(slice);
      if (from + perTick < body.length) return call.after(50, () => push(from + perTick));
      if (res) res.end();
      else write('\n');
    };
    push(0);
  },
};
