import { EventEmitter } from 'node:events';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { Apps, NoRoomError, SessionGoneError } from './apps.js';

interface Started {
  readonly key: string | undefined;
  isClosed: boolean;
  close(): Promise<void>;
}

/** Apps of at most `max` upstreams that are closed when `closing` is. */
function someApps(max = 2, closing: Promise<void> = Promise.resolve()) {
  const started: Started[] = [];
  const variables = [
    { header: 'x-key', variable: 'KEY' },
    { header: 'x-other', variable: 'OTHER' },
  ];
  const start = (env: Readonly<Record<string, string>>): Promise<Started> => {
    const app: Started = {
      key: env['KEY'],
      isClosed: false,
      close: async () => {
        await closing;
        app.isClosed = true;
      },
    };
    started.push(app);
    return Promise.resolve(app);
  };
  return { apps: new Apps<Started>(variables, start, max), started };
}

function requestWith(headers: Record<string, string>): IncomingMessage {
  return Object.assign(new IncomingMessage(new Socket()), { headers });
}

const anEnd = (): Duplex => new EventEmitter() as Duplex;

async function opened(apps: Apps<Started>, session: string, headers: Record<string, string>) {
  const req = requestWith(headers);
  const res = new ServerResponse(req);
  const app = await apps.of(req, res);
  res.writeHead(200, ['Mcp-Session-Id', session]);
  res.emit('close');
  return app;
}

describe('the upstreams of translate', () => {
  it('start one for requests with the same new values at the same time', async () => {
    let closed: () => void = () => undefined;
    const { apps, started } = someApps(2, new Promise((resolve) => (closed = resolve)));
    await apps.first();
    await opened(apps, 's', { 'x-key': 'old' });
    const both = ['new', 'new'].map((key) => apps.of(requestWith({ 'x-key': key }), anEnd()));
    closed();
    const [one, two] = await Promise.all(both);
    expect(one).toBe(two);
    expect(started.map(({ key }) => key)).toEqual([undefined, 'old', 'new']);
  });

  it('are never more than allowed, and never closed under a request', async () => {
    let closed: () => void = () => undefined;
    const { apps, started } = someApps(2, new Promise((resolve) => (closed = resolve)));
    await opened(apps, 's1', { 'x-key': 'a' });
    await opened(apps, 's2', { 'x-key': 'b' });
    const taken = ['c', 'd', 'e'].map((key) =>
      apps.of(requestWith({ 'x-key': key }), anEnd()).catch((e: unknown) => e),
    );
    closed();
    const [c, d, e] = await Promise.all(taken);
    expect(e).toBeInstanceOf(NoRoomError);
    expect([c, d]).toMatchObject([
      { key: 'c', isClosed: false },
      { key: 'd', isClosed: false },
    ]);
    expect(started.filter(({ isClosed }) => !isClosed)).toHaveLength(2);
    await apps.close();
    expect(started.every(({ isClosed }) => isClosed)).toBe(true);
    await expect(apps.first()).rejects.toBeInstanceOf(NoRoomError);
  });

  it('know a session by its id, unless its headers say otherwise', async () => {
    const { apps } = someApps(5);
    const mine = await opened(apps, 's', { 'x-key': 'mine', 'x-other': 'too' });
    const again = (headers: Record<string, string>) =>
      apps.of(requestWith({ 'mcp-session-id': 's', ...headers }), anEnd());
    expect(await again({})).toBe(mine);
    expect(await again({ 'x-key': 'mine' })).toBe(mine);
    expect(await again({ 'x-key': 'theirs' })).toMatchObject({ key: 'theirs' });
    expect(await again({ 'x-key': 'mine', 'x-other': 'another' })).not.toBe(mine);
  });

  it('give the session of one that made room to no other', async () => {
    const { apps } = someApps(1);
    await opened(apps, 's', { 'x-key': 'mine' });
    await opened(apps, 't', { 'x-key': 'other' });
    const bare = requestWith({ 'mcp-session-id': 's' });
    await expect(apps.of(bare, anEnd())).rejects.toBeInstanceOf(SessionGoneError);
    const full = requestWith({ 'mcp-session-id': 's', 'x-key': 'mine' });
    expect(await apps.of(full, anEnd())).toMatchObject({ key: 'mine' });
  });
});
