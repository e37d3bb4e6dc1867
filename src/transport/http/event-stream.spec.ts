import { type Server, type ServerResponse, createServer } from 'node:http';
import { type AddressInfo, type Socket, connect } from 'node:net';
import { createParser } from 'eventsource-parser';
import fc from 'fast-check';
import { EventStream, encodeEvent } from './event-stream.js';

describe('encodeEvent', () => {
  it('reaches the reader as exactly one event with equal JSON, for any string (P3)', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        fc.constantFrom('', ' ', '\n', '\r\n', '\r'),
        (s, blank) => {
          const events: string[] = [];
          const parser = createParser({ onEvent: (e) => events.push(e.data) });
          const message = `{"a":${blank}${JSON.stringify(s)}}`;
          parser.feed(encodeEvent(message));
          expect(events.length).toBe(1);
          expect(JSON.parse(events[0] as string)).toEqual({ a: s });
        },
      ),
      { numRuns: 1000 },
    );
  });
});

describe('EventStream', () => {
  let server: Server;
  let socket: Socket;
  const limits = { keepaliveMs: 60_000, maxQueueBytes: 100_000, stallMs: 60_000 };

  /** A response to a reader that reads only when it is told to. */
  const opened = async (): Promise<ServerResponse> => {
    const res = new Promise<ServerResponse>((resolve) => {
      server = createServer((_req, response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        resolve(response);
      }).listen(0, '127.0.0.1', () => {
        socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
        socket.pause();
        socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
      });
    });
    return res;
  };

  afterEach(() => {
    socket.destroy();
    server.close();
    server.closeAllConnections();
  });

  it('closes a reader that does not read before its queue grows without end', async () => {
    const res = await opened();
    const stream = new EventStream(res, limits);
    const closed = new Promise((resolve) => res.on('close', resolve));
    let sent = 0;
    while (stream.send('x'.repeat(10_000)) && sent < 10_000) sent++;
    await closed;
    expect(sent).toBeLessThan(2000);
    expect(stream.send('more')).toBe(false);
  });

  it('sends its last message before the end', async () => {
    const res = await opened();
    const stream = new EventStream(res, limits);
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
    const ended = new Promise((resolve) => res.on('finish', resolve));
    stream.send('{"n":1}');
    stream.end(encodeEvent('{"n":2}'));
    socket.resume();
    await ended;
    await new Promise((resolve) => {
      const look = (): void => {
        if (text.includes('"n":2')) resolve(null);
        else socket.once('data', look);
      };
      look();
    });
    expect(text.indexOf('"n":1')).toBeLessThan(text.indexOf('"n":2'));
  });

  it('holds back who has more to say from half of its queue on, until all is read', async () => {
    const res = await opened();
    const stream = new EventStream(res, limits);
    let told = 0;
    const caughtUp = (): void => {
      told++;
    };
    expect(stream.behind(caughtUp)).toBe(false);
    let sent = 0;
    while (!stream.behind(caughtUp)) sent += Number(stream.send('x'.repeat(10_000)));
    expect(stream.send('{"still":"taken"}')).toBe(true);
    expect([sent >= 5, told]).toEqual([true, 0]);
    const drained = new Promise((resolve) => res.once('drain', resolve));
    socket.resume();
    await drained;
    expect([told, stream.behind(caughtUp)]).toEqual([1, false]);
  });

  it('holds nobody back any more once its reader is gone', async () => {
    const res = await opened();
    const stream = new EventStream(res, limits);
    let told = 0;
    const caughtUp = (): void => {
      told++;
    };
    while (!stream.behind(caughtUp)) stream.send('x'.repeat(10_000));
    const closed = new Promise((resolve) => res.on('close', resolve));
    socket.destroy();
    await closed;
    expect([told, stream.behind(caughtUp)]).toEqual([1, false]);
  });

  it.each([false, true])(
    'ends a reader that takes nothing for too long (over: %s)',
    async (over) => {
      const res = await opened();
      const stream = new EventStream(res, { ...limits, maxQueueBytes: 1e9, stallMs: 50 });
      const closed = new Promise((resolve) => res.on('close', resolve));
      for (let i = 0; i < 1000; i++) stream.send('x'.repeat(20_000));
      if (over) stream.end();
      await closed;
      const cut = new Promise((resolve) => socket.on('close', resolve));
      socket.resume();
      await cut;
      expect(socket.bytesRead).toBeLessThan(20_000_000);
    },
  );

  it('lets a reader take its time that takes little at a time', async () => {
    const res = await opened();
    const stream = new EventStream(res, { ...limits, maxQueueBytes: 1e9, stallMs: 2000 });
    for (let i = 0; i < 800; i++) stream.send('x'.repeat(10_000));
    stream.end();
    const ended = new Promise((resolve) => socket.on('end', resolve));
    // So slowly that all of it takes longer than it may take nothing.
    const reading = setInterval(() => socket.read(), 25);
    await ended;
    clearInterval(reading);
    expect(socket.bytesRead).toBeGreaterThan(8_000_000);
  }, 20_000);

  it('lets a reader take its time that has read everything', async () => {
    const res = await opened();
    const stream = new EventStream(res, { ...limits, stallMs: 20 });
    await new Promise((resolve) => res.socket?.once('timeout', resolve));
    expect(stream.send('{}')).toBe(true);
  });

  it('kills a reader that has not read between two probes', async () => {
    const res = await opened();
    const stream = new EventStream(res, { ...limits, maxQueueBytes: 1e9 });
    const closed = new Promise((resolve) => res.on('close', resolve));
    for (let i = 0; i < 500; i++) stream.send('x'.repeat(10_000));
    stream.probe();
    stream.probe();
    await closed;
  });
});
