import { type AddressInfo, type Server, type Socket, createServer } from 'node:net';
import type { Dispatcher } from 'undici';
import { eventually } from '../../../test/drive/wait.js';
import { loadConfig } from '../../config/load-config.js';
import { createLogger } from '../log/log.js';
import { EgressPolicy } from './egress-policy.js';
import { type ReadHold, connectionBeingRead } from './read-hold.js';
import { SafeClient } from './safe-client.js';

const config = loadConfig({ LOG_LEVEL: 'error' }, { cwd: __dirname });
const CHUNK = 'x'.repeat(1000);
const head = (...lines: string[]): string =>
  ['HTTP/1.1 200 OK', 'transfer-encoding: chunked', ...lines, '', ''].join('\r\n');
const chunk = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`;

describe('ReadHold', () => {
  let server: Server;
  const client = new SafeClient(config, new EgressPolicy(config), createLogger(config));
  const sockets: Socket[] = [];

  const serve = async (answer: (socket: Socket) => void): Promise<URL> => {
    server = createServer((socket) => {
      sockets.push(socket);
      socket.on('error', () => undefined);
      socket.on('data', () => {
        answer(socket);
      });
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    return new URL(`http://127.0.0.1:${String((server.address() as AddressInfo).port)}/`);
  };

  /** A request whose answer is held as soon as some of it is there. */
  const held = (url: URL) => {
    const seen = { text: '', end: '', hold: null as ReadHold | null };
    const handler: Dispatcher.DispatchHandler = {
      onRequestStart: () => undefined,
      onResponseStart: () => undefined,
      onResponseData: (_controller, data) => {
        seen.text += data.toString();
        if (seen.hold !== null) return;
        seen.hold = connectionBeingRead();
        seen.hold?.hold();
      },
      onResponseEnd: () => (seen.end = 'ended'),
      onResponseError: (_controller, error) => (seen.end = error.message),
    };
    const { pool } = client.lease(url, { connections: 1 });
    pool.dispatch({ path: '/', method: 'GET' }, handler);
    return seen;
  };

  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    await client.close();
    await new Promise((done) => server.close(done));
  });

  it('makes the far end wait, and loses nothing', async () => {
    let written = 0;
    const total = 20_000;
    const url = await serve((socket) => {
      socket.write(head());
      const more = (): void => {
        while (written < total) {
          written++;
          if (!socket.write(chunk(`${String(written).padStart(8)}${CHUNK}`))) break;
        }
        if (written < total) socket.once('drain', more);
        else socket.end('0\r\n\r\n');
      };
      more();
    });
    const seen = held(url);
    let before = -1;
    await eventually('the far end is stuck', async () => {
      await new Promise((resolve) => setImmediate(resolve));
      const isStuck = written === before && seen.hold !== null && written > 0;
      before = written;
      return isStuck && sockets[0]?.writableNeedDrain;
    });
    expect(seen.text.length).toBeLessThan(200_000);
    seen.hold?.release();
    await eventually('all of it', () => seen.end === 'ended', 15_000);
    const numbers = seen.text.match(/ +\d+(?=x)/g)?.map(Number) ?? [];
    expect(numbers).toEqual(Array.from({ length: total }, (_, i) => i + 1));
  });

  it.each([
    ['resets', (socket: Socket) => socket.resetAndDestroy()],
    ['ends', (socket: Socket) => socket.end()],
  ])('survives a far end that %s meanwhile, though it said that it would close', async (_, end) => {
    const url = await serve((socket) => socket.write(head('connection: close') + chunk('hello')));
    const seen = held(url);
    await eventually('it is held', () => seen.hold !== null);
    end(sockets[0] as Socket);
    await eventually('the end is told', () => seen.end);
    expect(seen.end).not.toBe('ended');
  });

  it('leaves a connection that was let go fit for the next request', async () => {
    const url = await serve((socket) => socket.write(`${head()}${chunk('hello')}0\r\n\r\n`));
    const first = held(url);
    await eventually('the answer', () => first.end === 'ended');
    first.hold?.release();
    const second = held(url);
    await eventually('the next answer', () => second.end === 'ended');
    expect(sockets.length).toBe(1);
  });
});
