import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import WebSocket from 'ws';
import type { RpcMessage } from '../drive/http-client.js';
import { ROOT } from '../drive/gateway-process.cjs';
import { SseReader } from '../drive/sse.js';
import { claimed, inRounds, initialize, resultOf } from './peer.js';
import type { Asking, Era, Peer, Said } from './peer.js';

/** A channel that all messages share. */
interface Pipe {
  send(text: string): void | Promise<void>;
  close(): Promise<void>;
}

interface Waiting {
  readonly notices: RpcMessage[];
  readonly asked: string[];
  readonly asking: Asking;
  done(said: Said): void;
}

/**
 * A peer over a pipe. One request at a time: what is said meanwhile belongs to it.
 */
class PipePeer implements Peer {
  private lastId = 0;
  private waiting: Waiting | null = null;
  private pipe!: Pipe;

  constructor(readonly era: Era) {}

  async open(pipe: Pipe): Promise<this> {
    this.pipe = pipe;
    if (this.era === 'modern') return this;
    await this.ask('initialize', initialize, {});
    await pipe.send('{"jsonrpc":"2.0","method":"notifications/initialized"}');
    return this;
  }

  request(method: string, params: object = {}, asking: Asking = {}): Promise<Said> {
    if (this.era === 'modern')
      return inRounds(params, asking, (next) =>
        this.ask(method, claimed(next, asking.meta) as object, asking),
      );
    const body = asking.meta === undefined ? params : { ...params, _meta: asking.meta };
    return this.ask(method, body, asking);
  }

  close(): Promise<void> {
    return this.pipe.close();
  }

  private async ask(method: string, params: object, asking: Asking): Promise<Said> {
    const id = ++this.lastId;
    const answered = new Promise<Said>((done) => {
      this.waiting = { notices: [], asked: [], asking, done };
    });
    await this.pipe.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
    return answered;
  }

  hear(text: string): void {
    const message = JSON.parse(text) as RpcMessage;
    const { waiting } = this;
    if (waiting === null) return;
    if (message.method === undefined) {
      if (message.id !== this.lastId) return;
      this.waiting = null;
      const { notices, asked } = waiting;
      waiting.done({ answer: message, result: resultOf(text), notices, asked: asked.sort() });
    } else if (message.id === undefined) waiting.notices.push(message);
    else {
      waiting.asked.push(message.method);
      const result: unknown = waiting.asking.answering?.(message.method, message.params);
      void this.pipe.send(JSON.stringify({ jsonrpc: '2.0', id: message.id, result }));
    }
  }
}

/** WebSocket, subprotocol `mcp`. */
export async function ws(url: string, token: string, era: Era): Promise<Peer> {
  const peer = new PipePeer(era);
  const socket = new WebSocket(url.replace(/^http/, 'ws'), 'mcp', {
    headers: { authorization: `Bearer ${token}` },
  });
  socket.on('message', (data: Buffer) => {
    peer.hear(data.toString('utf8'));
  });
  await once(socket, 'open');
  return peer.open({
    send: (text) => {
      socket.send(text);
    },
    close: async () => {
      const closed = once(socket, 'close');
      socket.close();
      await closed;
    },
  });
}

/** HTTP+SSE of 2024-11-05. */
export async function sse(url: string, token: string): Promise<Peer> {
  const peer = new PipePeer('legacy');
  const abort = new AbortController();
  const authorization = `Bearer ${token}`;
  const response = await fetch(url, {
    headers: { authorization, accept: 'text/event-stream' },
    signal: abort.signal,
  });
  if (response.body === null) throw new Error(`no stream: ${String(response.status)}`);
  const events = new SseReader(response.body);
  const first = await events.next();
  if (first?.event !== 'endpoint') throw new Error(`no endpoint: ${JSON.stringify(first)}`);
  const endpoint = new URL(first.data, url);
  void (async () => {
    for (let e = await events.next(); e !== undefined; e = await events.next()) peer.hear(e.data);
  })();
  return peer.open({
    send: async (body) => {
      const headers = { authorization, 'content-type': 'application/json' };
      await (await fetch(endpoint, { method: 'POST', headers, body })).text();
    },
    close: async () => {
      abort.abort();
      await events.closed;
    },
  });
}

/** An editor over `mcpgateway-wrapper`. */
export async function stdio(url: string, token: string, era: Era): Promise<Peer> {
  const peer = new PipePeer(era);
  const child = spawn(process.execPath, [join(ROOT, 'dist/cli/wrapper.js'), '--url', url], {
    env: { PATH: process.env['PATH'], MCP_AUTH: `Bearer ${token}` },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  createInterface({ input: child.stdout }).on('line', (line) => {
    peer.hear(line);
  });
  return peer.open({
    send: (text) => {
      child.stdin.write(`${text}\n`);
    },
    close: async () => {
      const closed = once(child, 'close');
      child.stdin.end();
      await closed;
    },
  });
}
