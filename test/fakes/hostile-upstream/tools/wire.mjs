import { gzipSync } from 'node:zlib';

const okText = (call) =>
  JSON.stringify({
    jsonrpc: '2.0',
    id: call.id,
    result: { content: [{ type: 'text', text: 'ok' }] },
  });

const refused = new Map();

/** When the far end has read, or is gone. */
const taken = (res) =>
  new Promise((resolve) => {
    const done = () => {
      res.off('drain', done).off('close', done);
      resolve();
    };
    res.on('drain', done).on('close', done);
  });

/** The bare socket under a response, for bytes that node:http would refuse to send. */
const socketOf = (call) => call.out.res.socket;

/** Faults of the bytes below the message; they exist over HTTP only. */
export const wire = {
  close: (call) => socketOf(call).destroy(),
  rst(call) {
    const { afterBytes = 0 } = call.args;
    const socket = socketOf(call);
    if (afterBytes === 0) return socket.resetAndDestroy();
    socket.write(
      `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 5000\r\n\r\n`,
    );
    socket.write('{'.padEnd(afterBytes, ' '), () => socket.resetAndDestroy());
  },
  badchunk(call) {
    const head =
      'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n';
    socketOf(call).end(`${head}zz\r\n${okText(call)}\r\n0\r\n\r\n`);
  },
  wrongtype(call) {
    call.out.res.writeHead(200, { 'content-type': 'text/plain' });
    call.out.res.end(okText(call));
  },
  slices(call) {
    const { res } = call.out;
    const event = Buffer.from(
      `event: message\r\ndata: ${okText(call).replace('"ok"', '"häß😀"')}\r\n\r\n`,
    );
    res.writeHead(200, { 'content-type': 'text/event-stream' });
    const push = (at) => {
      if (at >= event.length) return res.end();
      res.write(event.subarray(at, at + 1), () => setImmediate(push, at + 1));
    };
    push(0);
  },
  gzipbomb(call) {
    const bomb = gzipSync(Buffer.alloc(call.args.bytes ?? 50 * 1024 * 1024, 0x20));
    call.out.res.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' });
    call.out.res.end(bomb);
  },
  /** A stream that says nothing but comments. */
  comments(call) {
    const { res } = call.out;
    res.writeHead(200, { 'content-type': 'text/event-stream' });
    const tick = () => {
      res.write(': still here\n\n');
      call.after(call.args.everyMs ?? 20, tick);
    };
    tick();
  },
  /** Refuses the first `times` calls of a nonce with a status, then answers. */
  refuse(call) {
    const { code = 429, headers = { 'retry-after': '1' }, times = 1 } = call.args;
    const n = (refused.get(call.nonce) ?? 0) + 1;
    refused.set(call.nonce, n);
    if (n > times) return call.text('ok');
    call.out.res.writeHead(code, headers);
    call.out.res.end('come back');
  },
  /**
   * Says `n` log messages of `bytes` each, as fast as its reader takes them, and writes down how far it
   * came.
   */
  async torrent(call) {
    const { n = 50, bytes = 1_000_000, everyMs = 0 } = call.args;
    const { res } = call.out;
    for (let i = 1; i <= n && !res.destroyed; i++) {
      const data = { i, text: 'x'.repeat(bytes) };
      call.notify('notifications/message', { level: 'info', logger: 'torrent', data });
      const isStuck = res.writableNeedDrain;
      call.world.journal.write({ event: 'said', nonce: call.nonce, count: i, isStuck });
      if (isStuck) await taken(res);
      if (everyMs > 0) await new Promise((resolve) => call.after(everyMs, resolve));
    }
    call.text('all said');
  },
  redirect(call) {
    call.out.res.writeHead(call.args.code ?? 307, { location: call.args.to ?? '/elsewhere' });
    call.out.res.end();
  },
  status(call) {
    call.out.res.writeHead(call.args.code ?? 500, call.args.headers ?? {});
    call.out.res.end('status on demand');
  },
  bigheader(call) {
    call.out.res.writeHead(200, {
      'content-type': 'application/json',
      'x-big': 'h'.repeat(call.args.bytes ?? 64 * 1024),
    });
    call.out.res.end(okText(call));
  },
};
