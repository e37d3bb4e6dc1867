import { appendFileSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { hrtime, pid } from 'node:process';

/** Milliseconds of the monotonic clock, comparable between processes of one machine. */
export const monotonicMs = () => Number(hrtime.bigint() / 1000n) / 1000;

/**
 * What really arrived, one JSON line per event, written before anything is done about it, so that a
 * crash of this program loses nothing. Tests believe this file, never the gateway's own numbers.
 */
export class Journal {
  constructor(file) {
    this.file = file;
    this.events = [];
    this.n = 0;
  }

  write(event) {
    const line = { n: ++this.n, pid, tMono: monotonicMs(), ...event };
    if (this.file) appendFileSync(this.file, `${JSON.stringify(line)}\n`);
    else this.events.push(line);
  }

  /** One JSON-RPC message that arrived. */
  message(from, message, text) {
    const params = message.params ?? {};
    const kind =
      message.method === undefined ? 'response' : message.id === undefined ? 'notify' : 'request';
    const isCancel = message.method === 'notifications/cancelled';
    this.write({
      event: isCancel ? 'cancel' : kind,
      conn: from.conn,
      session: from.session ?? null,
      method: message.method ?? null,
      id: (isCancel ? params.requestId : message.id) ?? null,
      tool: message.method === 'tools/call' ? params.name : undefined,
      nonce: params.arguments?.nonce,
      reason: isCancel ? params.reason : undefined,
      credential: from.credential ?? null,
      headers: from.headers,
      argsSha:
        params.arguments === undefined
          ? undefined
          : createHash('sha256').update(JSON.stringify(params.arguments)).digest('hex'),
      bytes: text,
    });
  }

  reset() {
    this.events = [];
    if (this.file) writeFileSync(this.file, '');
  }
}
