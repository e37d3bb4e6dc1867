import type { ServerResponse } from 'node:http';
import { BridgeRig, stream } from '../../../test/drive/bridge-rig.js';
import type { ExchangeHooks, Sent } from './exchange.js';
import { OldPair } from './old-pair.js';
import { outcomeOf } from './pair-request.js';

let rig: BridgeRig;
/** The streams that were opened, latest last. */
let streams: ServerResponse[];
let endpoint: string;
beforeEach(async () => {
  streams = [];
  endpoint = '/message?session_id=1';
  rig = await BridgeRig.start();
  rig.behave = ({ method, path, body }, res) => {
    if (method === 'GET' && path === '/sse') {
      streams.push(res);
      res.writeHead(200, { 'content-type': 'text/event-stream' });
      res.write(`event: endpoint\ndata: ${endpoint}\n\n`);
    } else if (method === 'POST' && path === '/message?session_id=1') {
      res.writeHead(202).end('Accepted');
      if (body.method === 'initialize')
        say({
          id: body.id,
          result: { protocolVersion: '2024-11-05', capabilities: { tools: {} } },
        });
      if (body.method === 'tools/list') say({ id: body.id, result: { tools: [] } });
    } else res.writeHead(404).end();
  };
});
afterEach(() => rig.end());

const say = (message: object): void => {
  stream(streams.at(-1) as ServerResponse, message);
};
const initialize = { id: 0, method: 'initialize', params: { protocolVersion: '2025-11-25' } };

async function initialized(): Promise<void> {
  rig.send(initialize);
  expect(await rig.line(/"id":0/)).toContain('"protocolVersion":"2024-11-05"');
  rig.send({ method: 'notifications/initialized' });
  await rig.request('notifications/initialized');
}

describe('a server that speaks HTTP+SSE only', () => {
  it('is spoken to so, once a POST was refused', async () => {
    await initialized();
    rig.send({ id: 1, method: 'tools/list' });
    expect(await rig.line(/"id":1/)).toBe('{"jsonrpc":"2.0","id":1,"result":{"tools":[]}}');
    const seen = rig.seen.map(({ method, path }) => `${method} ${path}`);
    expect(seen.slice(0, 3)).toEqual(['POST /mcp', 'GET /sse', 'POST /message?session_id=1']);
    expect(new Set(seen.slice(3))).toEqual(new Set(['POST /message?session_id=1']));
    expect(rig.seen.map(({ headers }) => headers.authorization)).not.toContain(undefined);
  });

  it('says what it likes, and is answered', async () => {
    await initialized();
    say({ method: 'notifications/tools/list_changed' });
    expect(await rig.line(/list_changed/)).toBeDefined();
    say({ id: 'q', method: 'roots/list' });
    await rig.line(/roots\/list/);
    rig.send({ id: 'q', result: { roots: [] } });
    for (;;) {
      const answer = rig.seen.find(({ body }) => body.id === 'q');
      if (answer !== undefined) break;
      await new Promise(setImmediate);
    }
  });

  it('ends the session with its stream: what is open fails, the next goes on anew', async () => {
    await initialized();
    rig.send({ id: 1, method: 'hangs' });
    await rig.request('hangs');
    streams[0]?.destroy();
    expect(await rig.line(/"id":1/)).toContain('outcome is unknown');
    await rig.request('initialize', 3);
    rig.send({ id: 2, method: 'tools/list' });
    expect(await rig.line(/"id":2/)).toContain('"tools":[]');
    expect(streams).toHaveLength(2);
    expect(rig.lines.filter((line) => line.includes('2024-11-05'))).toHaveLength(1);
  });

  it.each(['', '/servers/dev', '/mcp'])('is found below %j', async (path) => {
    const { behave } = rig;
    await rig.end();
    // The stream says where to post by a path alone: the origin that was given does not matter here.
    rig = await BridgeRig.start({ given: new URL(`http://far.test${path}`) });
    const below = `${path.replace('/mcp', '')}/sse`;
    rig.behave = (posted, res) => {
      behave(posted.path === below ? { ...posted, path: '/sse' } : posted, res);
    };
    await initialized();
    const seen = rig.seen.map((one) => `${one.method} ${one.path}`);
    expect(seen.slice(0, 3)).toEqual([
      'POST /mcp',
      `GET ${path === '' ? '/' : path}`,
      `GET ${below}`,
    ]);
  });

  it('gets no token at another origin', async () => {
    endpoint = 'http://127.0.0.1:1/message';
    rig.send(initialize);
    expect(await rig.line(/"id":0/)).toContain('neither Streamable HTTP nor HTTP+SSE');
  });

  it('is hung up on where it names another origin later', async () => {
    await initialized();
    endpoint = 'http://127.0.0.1:1/message';
    rig.send({ id: 1, method: 'hangs' });
    await rig.request('hangs');
    streams[0]?.destroy();
    // The session is opened anew, and cannot be.
    while (streams.length < 2) await new Promise(setImmediate);
    await rig.seen.filter(({ path }) => path === '/sse')[1]?.hungUp;
    expect(rig.seen.map(({ path }) => path)).not.toContain('/message');
  });
});

describe('a pair whose far end answers late', () => {
  const answer = '{"jsonrpc":"2.0","id":1,"result":{}}';
  const nobody = { isFull: false, onceDrained: () => undefined };
  const sent = (done: Sent['done']): Sent => ({
    ...{ done, isSent: true, sessionId: null },
    abort: () => undefined,
  });

  it('keeps no request that was given up', async () => {
    let said: ExchangeHooks['onText'] = () => undefined;
    const pair = new OldPair(new URL('http://far.test/sse'), {
      open: ({ onText }) => {
        said = onText;
        return sent(new Promise(() => undefined));
      },
      post: () => sent(Promise.resolve(outcomeOf({ status: 202, wasSent: true }))),
    });
    const opens = pair.opens();
    said('/message', 'endpoint');
    expect(await opens).toBe(true);
    const heard: string[] = [];
    const ask = () =>
      pair.post('{"jsonrpc":"2.0","id":1,"method":"hangs"}', {
        onText: (text) => heard.push(text),
        reader: nobody,
      });
    const given = ask();
    await new Promise(setImmediate);
    given.abort();
    await given.done;
    said(answer);
    pair.listen({ onText: (text) => heard.push(text), reader: nobody });
    await new Promise(setImmediate);
    expect(heard).toEqual([]);
    const next = ask();
    await new Promise(setImmediate);
    said(answer);
    said(answer);
    expect(await next.done).toMatchObject({ status: 200 });
    expect(heard).toEqual([answer]);
    pair.hangUp();
  });
});
