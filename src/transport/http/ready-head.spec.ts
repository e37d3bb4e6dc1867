import { createServer, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { ReadyHead } from './ready-head.js';

const CONSTANT = ['x-frame-options', 'DENY', 'content-type', 'application/json'];
const MORE = ['x-request-id', 'r-1', 'content-length', '2'];

/** All bytes that a server sends for two requests on one connection, but for the date. */
async function sent(write: (res: ServerResponse) => void): Promise<string> {
  const server = createServer((_req, res) => {
    write(res);
    res.end('{}');
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const host = 'GET / HTTP/1.1\r\nhost: x\r\n';
  socket.write(`${host}\r\n${host}connection: close\r\n\r\n`);
  const all = await text(socket);
  await new Promise((done) => server.close(done));
  return all.replaceAll(/^Date: .*$/gim, 'Date: now');
}

describe('ReadyHead', () => {
  it('writes what writeHead writes', async () => {
    const ready = new ReadyHead(CONSTANT);
    const ours = await sent((res) => {
      ready.write(res, MORE);
    });
    expect(ours.split('HTTP/1.1 200 OK')).toHaveLength(3);
    expect(ours).toBe(await sent((res) => res.writeHead(200, [...CONSTANT, ...MORE])));
  });

  it('goes through a writeHead that was put on the response', async () => {
    const heads: unknown[][] = [];
    await sent((res) => {
      const writeHead = res.writeHead.bind(res) as (...args: unknown[]) => ServerResponse;
      res.writeHead = (...args: unknown[]): ServerResponse => {
        heads.push(args);
        return writeHead(...args);
      };
      new ReadyHead(CONSTANT).write(res, MORE);
    });
    expect(heads[0]).toEqual([200, [...CONSTANT, ...MORE]]);
  });

  it('throws where a head was sent', async () => {
    let fault: unknown;
    await sent((res) => {
      res.flushHeaders();
      try {
        new ReadyHead(CONSTANT).write(res, []);
      } catch (e) {
        fault = e;
      }
    });
    expect(fault).toMatchObject({ code: 'ERR_HTTP_HEADERS_SENT' });
  });
});
