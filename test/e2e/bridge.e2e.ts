import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { startFixture, type Fixture } from '../drive/fixture.js';
import { startGateway, token, type GatewayProcess } from '../drive/gateway-process.cjs';
import { HttpClient, type RpcMessage } from '../drive/http-client.js';
import { restClient } from '../drive/rest.js';
import { eventually } from '../drive/wait.js';
import { aWorld, type World } from '../drive/world.js';

const CAN_ALL = { elicitation: { form: {}, url: {} }, sampling: {}, roots: {} };
const REVISION = '2026-07-28';

/** A client of the official SDK that answers every question by itself. */
async function answering(url: string): Promise<{ client: Client; asked: string[] }> {
  const asked: string[] = [];
  const client = new Client(
    { name: 'modern', version: '1' },
    { versionNegotiation: { mode: { pin: REVISION } }, capabilities: CAN_ALL },
  );
  client.setRequestHandler('elicitation/create', ({ params }) => {
    asked.push(params.message);
    return { action: 'accept', content: { name: 'Ann', username: 'ann', color: 'red' } };
  });
  client.setRequestHandler('sampling/createMessage', () => {
    asked.push('sampling');
    return { role: 'assistant', content: { type: 'text', text: 'Paris' }, model: 'm' };
  });
  client.setRequestHandler('roots/list', () => {
    asked.push('roots');
    return { roots: [{ uri: 'file:///root' }] };
  });
  const requestInit = { headers: { authorization: `Bearer ${token()}` } };
  await client.connect(new StreamableHTTPClientTransport(new URL(`${url}/mcp`), { requestInit }));
  return { client, asked };
}

const textOf = (result: unknown) => (result as { content: { text: string }[] }).content[0]?.text;

describe.each(['legacy', 'modern'] as const)(
  'a modern client and a %s upstream that asks',
  (era) => {
    let fixture: Fixture;
    let gateway: GatewayProcess;
    beforeAll(async () => {
      fixture = await startFixture(era);
      gateway = await startGateway();
      const made = await restClient(gateway.url, token())('POST', '/gateways', {
        name: 'm',
        url: fixture.url,
      });
      expect([made.status, made.text]).toEqual([200, expect.any(String)]);
    });
    afterAll(async () => {
      await gateway.dispose();
      await fixture.stop();
    });

    it('answers forms, sampling and roots of one call, in rounds', async () => {
      const { client, asked } = await answering(gateway.url);
      const call = (name: string, args = {}) =>
        client.callTool({ name: `m-${name}`, arguments: args });
      expect(textOf(await call('test-elicitation', { message: 'Who?' }))).toContain(
        'action: accept',
      );
      expect(textOf(await call('test-sampling', { prompt: 'x' }))).toBe('LLM response: Paris');
      const many = await call('test-input-required-result-multiple-inputs');
      expect(textOf(many)).toBe('Paris Ann 1 roots');
      expect(textOf(await call('test-input-required-result-multi-round'))).toBe('Ann likes red');
      expect(asked).toEqual(expect.arrayContaining(['Who?', 'sampling', 'roots']));
      const prompt = await client.getPrompt({ name: 'm-test-input-required-result-prompt' });
      expect(prompt.messages).toHaveLength(1);
      await client.close();
    });
  },
);

describe('a modern client and tasks of a modern upstream', () => {
  let fixture: Fixture;
  let gateway: GatewayProcess;
  beforeAll(async () => {
    fixture = await startFixture('modern');
    gateway = await startGateway();
    await restClient(gateway.url, token())('POST', '/gateways', { name: 'm', url: fixture.url });
  });
  afterAll(async () => {
    await gateway.dispose();
    await fixture.stop();
  });

  const TASKS = 'io.modelcontextprotocol/tasks';
  async function post(
    method: string,
    params: { readonly name?: string; readonly taskId?: string; readonly [more: string]: unknown },
    {
      who = token(),
      extensions = { [TASKS]: {} },
    }: { readonly who?: string; readonly extensions?: object } = {},
  ) {
    const capabilities = { elicitation: {}, extensions };
    const _meta = {
      'io.modelcontextprotocol/protocolVersion': REVISION,
      'io.modelcontextprotocol/clientCapabilities': capabilities,
    };
    const message = { jsonrpc: '2.0', id: 1, method, params: { ...params, _meta } };
    const name = params.taskId ?? params.name;
    return new HttpClient(`${gateway.url}/mcp`, who).send(JSON.stringify(message), {
      headers: {
        'mcp-protocol-version': REVISION,
        'mcp-method': method,
        ...(name === undefined ? {} : { 'mcp-name': name }),
      },
    });
  }

  it('names the extension, and follows a task to its end under an id of its own', async () => {
    const hello = await post('server/discover', {});
    expect(hello.answer?.result.capabilities.extensions).toEqual({ [TASKS]: {} });
    const begun = await post('tools/call', {
      name: 'm-confirm-delete',
      arguments: { filename: 'a.txt' },
    });
    expect(begun.answer?.result.resultType).toBe('task');
    const taskId = begun.answer?.result.taskId as string;
    const asked = await eventually('the question of the task', async () => {
      const { answer } = await post('tasks/get', { taskId });
      return answer?.result.status === 'input_required' ? answer.result : undefined;
    });
    expect(asked['taskId']).toBe(taskId);
    const [key] = Object.keys(asked['inputRequests'] as object);
    const inputResponses = { [key ?? '']: { action: 'accept', content: { confirm: true } } };
    expect((await post('tasks/update', { taskId, inputResponses })).status).toBe(200);
    const done = await eventually('the end of the task', async () => {
      const { answer } = await post('tasks/get', { taskId });
      return answer?.result.status === 'completed' ? answer.result : undefined;
    });
    expect(textOf(done['result'])).toBe('answer: accept');
  });

  it('answers foreign, changed and unknown ids alike, and knows who cannot follow', async () => {
    const begun = await post('tools/call', { name: 'm-failing-job', arguments: {} });
    const taskId = begun.answer?.result.taskId as string;
    const flipped = (taskId.startsWith('A') ? 'B' : 'A') + taskId.slice(1);
    const answers = await Promise.all([
      post('tasks/get', { taskId }, { who: token('bob') }),
      post('tasks/get', { taskId: flipped }),
      post('tasks/cancel', { taskId: 'nothing' }),
    ]);
    for (const { answer } of answers)
      expect(answer?.error).toMatchObject({ code: -32602, message: 'Task not found' });
    const undeclared = await post('tasks/get', { taskId }, { extensions: {} });
    expect([undeclared.status, undeclared.answer?.error?.code]).toEqual([400, -32021]);
    expect((await post('tasks/cancel', { taskId })).answer?.result).toBeDefined();
  });
});

describe('a legacy client and a modern upstream that asks', () => {
  let fixture: Fixture;
  let gateway: GatewayProcess;
  beforeAll(async () => {
    fixture = await startFixture('modern');
    gateway = await startGateway();
    await restClient(gateway.url, token())('POST', '/gateways', { name: 'm', url: fixture.url });
  });
  afterAll(async () => {
    await gateway.dispose();
    await fixture.stop();
  });

  it('is asked over its session until the call is complete', async () => {
    const client = new HttpClient(`${gateway.url}/mcp`, token());
    await client.initialize(CAN_ALL);
    const respond = ({ method, params }: RpcMessage): Partial<RpcMessage> => {
      if (method === 'roots/list') return { result: { roots: [{ uri: 'file:///r' }] } };
      if (method !== 'elicitation/create')
        return { result: { role: 'assistant', content: { type: 'text', text: 'Hi' }, model: 'm' } };
      const key = Object.keys(params?.['requestedSchema'].properties as object)[0] ?? '';
      return { result: { action: 'accept', content: { [key]: 'blue' } } };
    };
    const many = await client.call('m-test-input-required-result-multiple-inputs', {}, { respond });
    expect(many.before.map((m) => m.method).sort()).toEqual([
      'elicitation/create',
      'roots/list',
      'sampling/createMessage',
    ]);
    expect(many.answer?.result.content[0].text).toBe('Hi blue 1 roots');
    expect(many.raw).not.toContain('resultType');
    const rounds = await client.call('m-test-input-required-result-multi-round', {}, { respond });
    expect(rounds.answer?.result.content[0].text).toBe('blue likes blue');
  });

  it('gets the result of a tool that only runs as a task, and is asked what the task asks', async () => {
    const client = new HttpClient(`${gateway.url}/mcp`, token());
    await client.initialize(CAN_ALL);
    const respond = (): Partial<RpcMessage> => ({
      result: { action: 'accept', content: { confirm: true } },
    });
    for (const filename of ['a.txt', 'b.txt']) {
      const call = await client.call('m-confirm-delete', { filename }, { respond });
      expect(call.before.map((m) => m.method)).toEqual(['elicitation/create']);
      expect(call.answer?.result.content[0].text).toBe('answer: accept');
      expect(call.raw).not.toContain('resultType');
    }
    const failed = await client.call('m-protocol-error-job', {});
    expect(failed.answer?.error).toMatchObject({ code: -32603 });
  });

  it('gets a tool error for what it cannot answer', async () => {
    const client = new HttpClient(`${gateway.url}/mcp`, token());
    await client.initialize();
    const call = await client.call('m-test-sampling', { prompt: 'x' });
    expect(call.before).toEqual([]);
    expect(call.answer?.result).toMatchObject({ isError: true });
  });
});

describe('a parked call', () => {
  let world: World;
  beforeAll(async () => {
    world = await aWorld({ env: { PARKED_CALL_TTL: '2' } });
  });
  afterAll(() => world.end());

  /** One modern POST as it stands on the wire. */
  async function post(inputs: Record<string, unknown> = {}) {
    const { nonce = 'p', ...retry } = inputs;
    const params = {
      name: 'kit-elicit',
      arguments: { nonce },
      ...retry,
      _meta: {
        'io.modelcontextprotocol/protocolVersion': REVISION,
        'io.modelcontextprotocol/clientCapabilities': { elicitation: {} },
      },
    };
    const message = { jsonrpc: '2.0', id: 1, method: 'tools/call', params };
    return world.client().send(JSON.stringify(message), {
      headers: {
        'mcp-protocol-version': REVISION,
        'mcp-method': 'tools/call',
        'mcp-name': 'kit-elicit',
      },
    });
  }
  const answers = (requestState: string) => ({
    requestState,
    inputResponses: { e1: { action: 'accept', content: { name: 'Ann' } } },
  });

  it('asks in its answer, and goes on with one request upstream', async () => {
    const first = await post();
    expect(first.answer?.result.resultType).toBe('input_required');
    const [key] = Object.keys(first.answer?.result.inputRequests as object);
    expect(key).toBe('e1');
    const second = await post(answers(first.answer?.result.requestState as string));
    expect(second.answer?.result).toMatchObject({ resultType: 'complete' });
    expect(second.raw).toContain('accept');
  });

  it('refuses a second use and another byte alike', async () => {
    const first = await post();
    const state = first.answer?.result.requestState as string;
    const flipped = (state.startsWith('A') ? 'B' : 'A') + state.slice(1);
    expect((await post(answers(flipped))).answer?.error?.code).toBe(-32602);
    expect((await post(answers(state))).answer?.result.resultType).toBe('complete');
    const again = await post(answers(state));
    expect(again.status).toBe(200);
    expect(again.answer?.error?.code).toBe(-32602);
  });

  it('is cancelled upstream when nobody comes back', async () => {
    const first = await post({ nonce: 'left' });
    expect(first.answer?.result.resultType).toBe('input_required');
    await eventually('the cancellation', () => world.upstream.journal.cancelOf('left'));
  });
});
