import type { ServerResponse } from 'node:http';
import { BridgeRig, json, stream, type Posted } from '../../../test/drive/bridge-rig.js';

const CLAIMED = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientCapabilities': { sampling: {} },
};
const marked = (name: string, header: string) => ({
  name,
  inputSchema: {
    type: 'object',
    properties: { region: { type: 'string', 'x-mcp-header': header } },
  },
});

let rig: BridgeRig;
let tools: object[];
beforeEach(async () => {
  rig = await BridgeRig.start();
  tools = [marked('move', 'Region'), { name: 'plain', inputSchema: { type: 'object' } }];
  rig.behave = answer;
});
afterEach(() => rig.end());

function answer({ body, method }: Posted, res: ServerResponse): void {
  if (method === 'DELETE' || body.id === undefined) res.writeHead(202).end();
  else if (body.method === 'tools/list') json(res, { id: body.id, result: page(body.params) });
  else json(res, { id: body.id, result: { from: body.method } });
}

/** One tool a page. */
function page(params: { cursor?: string }): object {
  const at = Number(params.cursor ?? 0);
  return {
    tools: tools.slice(at, at + 1),
    ...(at + 1 < tools.length && { nextCursor: String(at + 1) }),
  };
}

const ask = (id: number, method: string, params: object = {}): void => {
  rig.send({ id, method, params: { ...params, _meta: CLAIMED } });
};
const call = (id: number, name: string, args: object = {}): void => {
  ask(id, 'tools/call', { name, arguments: args });
};
const result = async (id: number): Promise<{ error?: { code: number; message: string } }> =>
  JSON.parse(await rig.line(new RegExp(`"id":${String(id)}[,}]`)));

describe('the wrapper and requests of the modern era', () => {
  it('repeats the body in the head, and knows no session', async () => {
    ask(1, 'prompts/get', { name: 'größe' });
    ask(2, 'resources/read', { uri: 'file:///a' });
    await Promise.all([result(1), result(2)]);
    for (const id of [3, 4]) {
      ask(id, 'server/discover');
      await result(id);
    }
    const [prompt, resource, , last] = rig.seen.map(({ headers }) => headers);
    expect(prompt).toMatchObject({
      authorization: 'Bearer t',
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': 'prompts/get',
      'mcp-name': '=?base64?Z3LDtsOfZQ==?=',
    });
    expect(resource).toMatchObject({ 'mcp-name': 'file:///a' });
    expect(last).not.toHaveProperty('mcp-name');
    expect(last).not.toHaveProperty('mcp-session-id');
  });

  it('passes what was said on as it was said', async () => {
    const text = `{"jsonrpc":"2.0", "id":7,"method":"x/y","params":{"n":1.0,"_meta":${JSON.stringify(CLAIMED)}}}`;
    rig.behave = ({ body }, res) => {
      res.writeHead(200, { 'content-type': 'application/json' });
      res.end(`{"jsonrpc":"2.0","id":${String(body.id)},"result":{"f":1.0,"e":1e2}}`);
    };
    rig.write(`${text}\n`);
    expect(await rig.line(/"id":7/)).toContain('{"f":1.0,"e":1e2}');
  });

  it('repeats marked arguments of tools that the client has listed', async () => {
    ask(1, 'tools/list');
    await result(1);
    call(2, 'move', { region: 'eu' });
    await result(2);
    expect(rig.seen.map(({ body }) => body.method)).toEqual(['tools/list', 'tools/call']);
    expect(rig.seen[1]?.headers).toMatchObject({ 'mcp-param-region': 'eu', 'mcp-name': 'move' });
  });

  it('reads the list itself for a tool never seen, once for calls at the same time', async () => {
    tools.reverse();
    call(1, 'move', { region: 'ü' });
    call(2, 'plain');
    await Promise.all([result(1), result(2)]);
    call(3, 'absent');
    await result(3);
    const lists = rig.seen.filter(({ body }) => body.method === 'tools/list');
    expect(lists.map(({ body }) => body.params)).toEqual([
      { _meta: CLAIMED },
      { cursor: '1', _meta: CLAIMED },
    ]);
    expect(lists[0]?.headers).toMatchObject({ 'mcp-method': 'tools/list' });
    expect((await rig.request('tools/call')).headers['mcp-param-region']).toBe('=?base64?w7w=?=');
    expect(rig.lines).toHaveLength(3);
  });

  it('reads the tools again after -32020, sends once more, and then gives up', async () => {
    ask(1, 'tools/list');
    await result(1);
    tools[0] = marked('move', 'Zone');
    const mismatch = { error: { code: -32020, message: 'Mcp-Param-Zone is missing' } };
    rig.behave = (posted, res) => {
      const { body, headers } = posted;
      const isWrong = body.method === 'tools/call' && headers['mcp-param-zone'] !== 'eu';
      if (isWrong) json(res, { id: body.id, ...mismatch }, 400);
      else answer(posted, res);
    };
    call(2, 'move', { region: 'eu' });
    expect(await result(2)).toHaveProperty('result');
    call(3, 'move', {});
    expect(await result(3)).toMatchObject(mismatch);
    expect(rig.seen.filter(({ body }) => body.id === 3)).toHaveLength(2);
  });

  it('closes the POST of what is cancelled, posts nothing, answers nothing', async () => {
    rig.behave = (_posted, res) => {
      stream(res, { method: 'notifications/progress', params: { progressToken: 1, progress: 1 } });
    };
    ask(1, 'completion/complete');
    await rig.line(/progress/);
    rig.send({ method: 'notifications/cancelled', params: { requestId: 1 } });
    await (
      await rig.request('completion/complete')
    ).hungUp;
    expect(rig.seen).toHaveLength(1);
    expect(rig.lines).toHaveLength(1);
  });

  it('closes the POST of what is silent for too long', async () => {
    await rig.end();
    rig = await BridgeRig.start({ timeoutMs: 50 });
    rig.behave = () => undefined;
    ask(1, 'prompts/list');
    await (
      await rig.request('prompts/list')
    ).hungUp;
    expect((await result(1)).error).toMatchObject({ code: 50400 });
  });

  it('says in words that a stream broke, and asks for nothing twice', async () => {
    rig.behave = (_posted, res) => {
      stream(res, { method: 'notifications/message', params: { level: 'info', data: 1 } });
      res.write('id: 1\ndata:\n\n', () => res.destroy());
    };
    ask(1, 'prompts/list');
    expect((await result(1)).error?.message).toContain('the outcome is unknown');
    expect(rig.seen).toHaveLength(1);
  });

  it('passes no question of the gateway on: nobody could answer it', async () => {
    rig.behave = ({ body }, res) => {
      stream(res, { id: 'q', method: 'sampling/createMessage' }, { id: body.id, result: {} });
      res.end();
    };
    ask(1, 'prompts/list');
    await result(1);
    expect(rig.lines).toHaveLength(1);
  });

  it('goes on after errors that a probe must be able to hear', async () => {
    rig.behave = (_posted, res) => res.writeHead(404, { 'content-type': 'text/html' }).end('<p>');
    ask(1, 'server/discover');
    expect((await result(1)).error?.message).toContain('404');
    const unknown = { error: { code: -32601, message: 'no such method' } };
    rig.behave = ({ body }, res) => {
      json(res, { id: body.id, ...unknown }, 404);
    };
    ask(2, 'vendor/x');
    expect(await result(2)).toMatchObject(unknown);
    rig.behave = answer;
    ask(3, 'prompts/list');
    expect(await result(3)).toHaveProperty('result');
  });

  it('takes each message to its own era', async () => {
    rig.behave = (posted, res) => {
      const { id, method } = posted.body;
      if (method === 'initialize') json(res, { id, result: { protocolVersion: '2025-11-25' } });
      else answer(posted, res);
    };
    rig.send({ id: 0, method: 'initialize', params: { protocolVersion: '2025-11-25' } });
    await result(0);
    ask(1, 'prompts/list');
    await result(1);
    rig.send({ method: 'notifications/modern' });
    await rig.request('notifications/modern');
    rig.send({ id: 2, method: 'prompts/list' });
    await result(2);
    rig.send({ method: 'notifications/legacy' });
    const legacy = await rig.request('notifications/legacy');
    const head = (posted: Posted | undefined) => [
      posted?.headers['mcp-session-id'],
      posted?.headers['mcp-protocol-version'],
    ];
    expect(head(rig.seen[1])).toEqual([undefined, '2026-07-28']);
    expect(head(rig.seen[2])).toEqual([undefined, '2026-07-28']);
    expect(head(rig.seen[3])).toEqual(['s1', '2025-11-25']);
    expect(head(legacy)).toEqual(['s1', '2025-11-25']);
  });

  it.each([
    ['legacy', 1, -32022],
    ['modern', 2, -32022],
  ] as const)('takes with --era %s that era only', async (era, refused, code) => {
    await rig.end();
    rig = await BridgeRig.start({ era });
    rig.behave = answer;
    ask(1, 'prompts/list');
    rig.send({ id: 2, method: 'initialize', params: { protocolVersion: '2025-06-18' } });
    expect((await result(refused)).error).toMatchObject({ code });
    expect(await result(3 - refused)).toHaveProperty('result');
    expect(rig.seen.filter(({ body }) => body.id !== undefined)).toHaveLength(1);
  });

  it('tells probes under --era legacy to initialise', async () => {
    await rig.end();
    rig = await BridgeRig.start({ era: 'legacy' });
    ask(1, 'server/discover');
    expect((await result(1)).error).toMatchObject({ code: -32601 });
  });
});

describe('the wrapper and subscriptions/listen', () => {
  const meta = { 'io.modelcontextprotocol/subscriptionId': 9 };
  const granted = { toolsListChanged: true, resourceSubscriptions: ['a://b'] };
  const acknowledged = {
    method: 'notifications/subscriptions/acknowledged',
    params: { notifications: granted, _meta: meta },
  };
  const changed = { method: 'notifications/prompts/list_changed', params: { _meta: meta } };
  const listen = (): void => {
    ask(9, 'subscriptions/listen', { notifications: granted });
  };
  const methods = (): string[] =>
    rig.lines.map((line) => (JSON.parse(line) as { method: string }).method);

  it('holds it open beside the requests that have a place', async () => {
    rig.behave = (posted, res) => {
      if (posted.body.method === 'subscriptions/listen') stream(res, acknowledged);
      else answer(posted, res);
    };
    for (let i = 0; i < 3; i++) listen();
    for (const id of [1, 2, 3]) ask(id, 'prompts/list');
    await Promise.all([result(1), result(2), result(3)]);
    expect(methods().filter((m) => m === acknowledged.method)).toHaveLength(3);
  });

  it.each([
    ['breaks', (res: ServerResponse) => res.destroy()],
    ['ends', (res: ServerResponse) => res.end()],
    ['is ended by the gateway', (res: ServerResponse) => over(res)],
  ])('sends it again when its stream %s, and lets the client read anew', async (_how, lose) => {
    const streams: ServerResponse[] = [];
    rig.behave = (_posted, res) => {
      streams.push(res);
      stream(res, acknowledged);
    };
    listen();
    await rig.line(/acknowledged/);
    lose(streams[0] as ServerResponse);
    await rig.line(/resources\/updated/);
    stream(streams[1] as ServerResponse, changed);
    await rig.line(/prompts\/list_changed/);
    expect(methods()).toEqual([
      acknowledged.method,
      'notifications/tools/list_changed',
      'notifications/resources/updated',
      changed.method,
    ]);
    expect(JSON.parse(rig.lines[2] ?? '')).toMatchObject({ params: { uri: 'a://b', _meta: meta } });
    expect(rig.seen[1]?.body).toEqual(rig.seen[0]?.body);
  });

  it('finds the gateway again after it was gone', async () => {
    rig.behave = (_posted, res) => {
      stream(res, acknowledged);
    };
    listen();
    await rig.line(/acknowledged/);
    const { port } = rig;
    await rig.vanish();
    await rig.listen(port);
    await rig.line(/resources\/updated/);
  });

  it('asks after a gap what became of its tasks, unless it is told meanwhile', async () => {
    const streams: ServerResponse[] = [];
    const notice = (taskId: string, status: string) => ({
      ...{ method: 'notifications/tasks', params: { taskId, status, _meta: meta } },
    });
    const taskIds = ['gone', 'over', 'told', 'runs'];
    rig.behave = ({ body }, res) => {
      const taskId = String(body.params?.taskId);
      if (body.method === 'subscriptions/listen') {
        streams.push(res);
        const notifications = { taskIds: streams.length === 1 ? taskIds : ['runs'] };
        stream(res, { ...acknowledged, params: { notifications } });
      } else if (taskId === 'gone') {
        json(res, { id: body.id, error: { code: -32602, message: 'Task not found' } });
        stream(streams[1] as ServerResponse, notice('told', 'completed'));
      } else {
        const state = { taskId, status: taskId === 'runs' ? 'working' : 'completed', n: 1.5 };
        const answer = { id: body.id, result: { resultType: 'complete', ...state, _meta: {} } };
        // What is told comes first.
        if (taskId === 'over')
          void rig.line(/"told"/, 2).then(() => {
            json(res, answer);
          });
        else json(res, answer);
      }
    };
    ask(9, 'subscriptions/listen', { notifications: { taskIds } });
    await rig.line(/acknowledged/);
    stream(streams[0] as ServerResponse, notice('runs', 'working'));
    await rig.line(/"working"/);
    streams[0]?.destroy();
    await rig.line(/"runs"/, 2);
    const told = rig.lines.slice(2).map((line) => JSON.parse(line) as { params: object });
    expect(told).toEqual([
      { jsonrpc: '2.0', ...notice('told', 'completed') },
      { jsonrpc: '2.0', method: 'notifications/tasks', params: expect.anything() as object },
      { jsonrpc: '2.0', method: 'notifications/tasks', params: expect.anything() as object },
    ]);
    expect(told.slice(1).map(({ params }) => params)).toEqual([
      { taskId: 'over', status: 'completed', n: 1.5, _meta: meta },
      { taskId: 'runs', status: 'working', n: 1.5, _meta: meta },
    ]);
    const looks = rig.seen.filter(({ body }) => body.method === 'tasks/get');
    expect(looks.at(-1)?.headers).toMatchObject({ 'mcp-name': 'runs', 'mcp-method': 'tasks/get' });
  });

  it('ends with an error when it is refused, with the result when nothing was granted', async () => {
    const streams: ServerResponse[] = [];
    rig.behave = (_posted, res) => {
      streams.push(res);
      if (streams.length === 1) stream(res, acknowledged);
      else res.writeHead(401).end();
    };
    listen();
    await rig.line(/acknowledged/);
    streams[0]?.end();
    expect((await result(9)).error?.message).toContain('refused');
    rig.behave = (_posted, res) => {
      stream(res, { ...acknowledged, params: { notifications: {} } });
      over(res);
    };
    const from = rig.lines.length;
    listen();
    expect(await rig.line(/"result"/, from)).toBeDefined();
  });

  it('is over when the client cancels it', async () => {
    rig.behave = (_posted, res) => {
      stream(res, acknowledged);
    };
    listen();
    await rig.line(/acknowledged/);
    rig.send({ method: 'notifications/cancelled', params: { requestId: 9 } });
    await (
      await rig.request('subscriptions/listen')
    ).hungUp;
    expect(rig.lines).toHaveLength(1);
  });

  it('does not hold the wrapper up when stdin ends', async () => {
    rig.behave = (_posted, res) => {
      stream(res, acknowledged);
    };
    listen();
    await rig.line(/acknowledged/);
    const from = performance.now();
    expect(await rig.end()).toBe(0);
    expect(performance.now() - from).toBeLessThan(1500);
    expect(rig.lines).toHaveLength(1);
  });

  function over(res: ServerResponse): void {
    stream(res, { id: 9, result: { resultType: 'complete', _meta: meta } });
    res.end();
  }
});
