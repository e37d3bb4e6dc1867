import { BridgeRig, json } from '../../../test/drive/bridge-rig.js';

let rig: BridgeRig;
type Behaviour = BridgeRig['behave'];
const behaveAs = (behave: Behaviour): void => {
  rig.behave = (posted, res) => {
    if (posted.method === 'DELETE') res.writeHead(204).end();
    else if (posted.body.method === 'initialize')
      json(res, {
        id: posted.body.id,
        result: { protocolVersion: '2025-06-18', capabilities: {} },
      });
    else behave(posted, res);
  };
};

beforeEach(async () => {
  rig = await BridgeRig.start();
  behaveAs((_posted, res) => res.writeHead(202).end());
});
afterEach(() => rig.end());

const send = (message: object): void => {
  rig.send(message);
};
const line = (matching: RegExp): Promise<string> => rig.line(matching);

async function initialized(): Promise<void> {
  send({ id: 0, method: 'initialize', params: { protocolVersion: '2025-06-18' } });
  await line(/"id":0/);
}

const ok = (id: number): string => `{"jsonrpc":"2.0","id":${String(id)},"result":{}}`;

describe('the bridge', () => {
  it('answers who waits for a new session when the tries for it are over, not after more', async () => {
    await initialized();
    rig.behave = ({ body }, res) => {
      const isOpening = body.method === 'initialize';
      res.writeHead(isOpening ? 503 : 404).end();
    };
    send({ id: 1, method: 'tools/list' });
    await line(/"id":1/);
    await rig.request('initialize', 3);
    send({ id: 2, method: 'tools/list' });
    expect(await line(/"id":2/)).toContain('503');
    expect(rig.seen.filter(({ body }) => body.method === 'initialize')).toHaveLength(1 + 5);
  }, 15_000);

  it('carries credential, session and revision', async () => {
    behaveAs(({ body }, res) => {
      json(res, { id: body.id, result: {} });
    });
    await initialized();
    send({ id: 1, method: 'tools/list' });
    await line(/"id":1/);
    expect(rig.seen[0]?.headers).toMatchObject({ authorization: 'Bearer t' });
    expect(rig.seen[0]?.headers).not.toHaveProperty('mcp-session-id');
    expect(rig.seen[1]?.headers).toMatchObject({
      'mcp-session-id': 's1',
      'mcp-protocol-version': '2025-06-18',
    });
  });

  it('reads JSON lines, and JSON over several lines as one', async () => {
    behaveAs(({ body }, res) => {
      if (body.id === 1) {
        res.writeHead(200, { 'content-type': 'application/x-ndjson' });
        res.end(`{"jsonrpc":"2.0","method":"notifications/x"}\n${ok(1)}\n`);
      } else {
        res.writeHead(200, { 'content-type': 'application/json; charset=utf-8' });
        res.end('{\r\n  "jsonrpc": "2.0",\n  "id": 2,\n  "result": {}\n}');
      }
    });
    await initialized();
    send({ id: 1, method: 'a' });
    expect(await line(/notifications\/x/)).toBeDefined();
    expect(await line(/"id":1/)).toBe(ok(1));
    send({ id: 2, method: 'b' });
    expect(JSON.parse(await line(/"id": 2/))).toEqual({ jsonrpc: '2.0', id: 2, result: {} });
  });

  it('goes on with a stream that broke off, and asks for nothing twice', async () => {
    behaveAs(({ method, headers }, res) => {
      res.writeHead(200, { 'content-type': 'text/event-stream' });
      if (method === 'POST') res.end('retry: 1\nid: e1\ndata:\n\n');
      else res.end(`id: e2\ndata: ${headers['last-event-id'] === 'e1' ? ok(1) : 'no'}\n\n`);
    });
    await initialized();
    send({ id: 1, method: 'a' });
    expect(await line(/"id":1/)).toBe(ok(1));
    expect(rig.seen.map((one) => one.method)).toEqual(['POST', 'POST', 'GET']);
  });

  it('goes on with the stream of the session behind the last event it heard', async () => {
    behaveAs(({ method, headers }, res) => {
      if (method === 'POST') res.writeHead(202).end();
      else {
        res.writeHead(200, { 'content-type': 'text/event-stream' });
        const notice = `{"jsonrpc":"2.0","method":"after/${String(headers['last-event-id'])}"}`;
        res.write(`retry: 1\nid: e7\ndata: ${notice}\n\n`);
        if (headers['last-event-id'] === undefined) res.end();
      }
    });
    await initialized();
    send({ method: 'notifications/initialized' });
    await line(/after\/undefined/);
    expect(await line(/after\/e7/)).toBeDefined();
  });

  it('answers with an error what the far end left open, once', async () => {
    behaveAs((_posted, res) => {
      res.writeHead(200, { 'content-type': 'text/event-stream' });
      res.end('data: {"jsonrpc":"2.0","id":99,"result":{}}\n\n');
    });
    await initialized();
    send({ id: 1, method: 'a' });
    expect(await line(/"id":1/)).toContain('outcome is unknown');
    expect(rig.lines.some((one) => one.includes('"id":99'))).toBe(false);
  });

  it('passes a JSON-RPC error under an HTTP error on, with the id of the request', async () => {
    behaveAs((_posted, res) => {
      res.writeHead(429, { 'content-type': 'application/json' });
      res.end('{"jsonrpc":"2.0","id":null,"error":{"code":42900,"message":"slow down"}}');
    });
    await initialized();
    send({ id: 1, method: 'a' });
    expect(await line(/"id":1/)).toBe(
      '{"jsonrpc":"2.0","id":1,"error":{"code":42900,"message":"slow down"}}',
    );
  });

  it('takes no batches but in the revision that has them', async () => {
    await initialized();
    rig.write('[{"jsonrpc":"2.0","id":1,"method":"ping"}]\n');
    expect(JSON.parse(await line(/-32600/))).toMatchObject({ id: null });
  });

  it('does not send what was cancelled while it waited', async () => {
    let answer = (): void => undefined;
    behaveAs(({ body }, res) => {
      if (body.id === 1 || body.id === 2) {
        const before = answer;
        answer = () => {
          before();
          json(res, { id: body.id, result: {} });
        };
      } else json(res, { id: body.id, result: {} });
      if (body.id === 2) {
        send({ id: 3, method: 'c' });
        send({ method: 'notifications/cancelled', params: { requestId: 3 } });
        send({ id: 4, method: 'ping' });
      }
      if (body.id === 4) answer();
    });
    await initialized();
    send({ id: 1, method: 'a' });
    send({ id: 2, method: 'b' });
    await Promise.all([line(/"id":1/), line(/"id":2/), line(/"id":4/)]);
    const ids = rig.seen.map((one) => one.body.id);
    expect(ids).not.toContain(3);
    expect(rig.lines.some((one) => one.includes('"id":3'))).toBe(false);
  });
});
