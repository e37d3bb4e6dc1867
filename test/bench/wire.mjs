import net from 'node:net';

const HEAD_END = Buffer.from('\r\n\r\n');

/** Reads one chunked body; `undefined` while it is incomplete. */
function dechunk(buffer, from) {
  const parts = [];
  let at = from;
  for (;;) {
    const lineEnd = buffer.indexOf('\r\n', at);
    if (lineEnd < 0) return undefined;
    const size = parseInt(buffer.toString('latin1', at, lineEnd), 16);
    const start = lineEnd + 2;
    if (buffer.length < start + size + 2) return undefined;
    if (size === 0) return { body: Buffer.concat(parts), end: start + 2 };
    parts.push(buffer.subarray(start, start + size));
    at = start + size + 2;
  }
}

/** Reads one response off the front of `buffer`; `undefined` while it is incomplete. */
function readResponse(buffer) {
  const headEnd = buffer.indexOf(HEAD_END);
  if (headEnd < 0) return undefined;
  const head = buffer.toString('latin1', 0, headEnd);
  const status = Number(head.slice(9, 12));
  const start = headEnd + 4;
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  if (length === undefined && /\r\ntransfer-encoding: *chunked/i.test(head)) {
    const chunked = dechunk(buffer, start);
    return chunked && { status, head, body: chunked.body, end: chunked.end };
  }
  const end = start + Number(length ?? 0);
  if (buffer.length < end) return undefined;
  return { status, head, body: buffer.subarray(start, end), end };
}

/** One keep-alive connection with one request in flight: far cheaper than any HTTP client. */
export class Wire {
  constructor(url) {
    this.url = new URL(url);
    this.rest = null;
    this.waiting = null;
    this.socket = net.connect(Number(this.url.port), this.url.hostname).setNoDelay(true);
    this.socket.on('data', (chunk) => this.receive(chunk));
    const fail = (why) => {
      const waiting = this.waiting;
      this.waiting = null;
      waiting?.({ status: 0, head: why, body: Buffer.alloc(0) });
    };
    this.socket.on('error', (e) => fail(e.message));
    this.socket.on('close', () => fail('connection closed'));
  }

  receive(chunk) {
    const buffer = this.rest === null ? chunk : Buffer.concat([this.rest, chunk]);
    const response = readResponse(buffer);
    if (response === undefined) {
      this.rest = buffer;
      return;
    }
    this.rest = response.end < buffer.length ? buffer.subarray(response.end) : null;
    const waiting = this.waiting;
    this.waiting = null;
    waiting?.(response);
  }

  /** `headers` is a block of header lines, each ended by CRLF. */
  post(headers, body, done) {
    this.waiting = done;
    this.socket.write(
      `POST ${this.url.pathname} HTTP/1.1\r\nhost: ${this.url.host}\r\n${headers}` +
        `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    );
  }

  close() {
    this.socket.destroy();
  }
}
