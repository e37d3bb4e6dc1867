import { aCall } from '../../../../test/builders/call.js';
import { aGateway } from '../../../../test/builders/catalog.js';
import { aWayUp, type OpenLeg } from '../../../../test/fakes/upstream-driver.js';
import { parseMessage } from '../../../kernel/jsonrpc.js';
import { InputLoop } from './input-loop.js';

const FORM = { method: 'elicitation/create', params: { message: 'Name?', requestedSchema: {} } };
const PAGE = {
  method: 'elicitation/create',
  params: { mode: 'url', message: 'Log in', url: 'https://a.example/x' },
};
const SAMPLE = { method: 'sampling/createMessage', params: { messages: [], maxTokens: 5 } };
const CAN_ALL = { elicitation: { form: {}, url: {} }, sampling: {}, roots: {} };

function made(
  method = 'tools/call',
  capabilities: unknown = CAN_ALL,
  client: Parameters<typeof aCall>[2] = {},
) {
  const way = aWayUp();
  opened.push(way.clientRequests);
  const loop = new InputLoop(way.legs, way.clientRequests);
  const call = aCall(
    method,
    { name: 'ask', arguments: { a: 1 } },
    {
      ...client,
      client: { capabilities: JSON.stringify(capabilities), ...client.client },
    },
  );
  const up = {
    gateway: aGateway(),
    kind: 'Tool',
    name: 'ask',
    params: '"name":"ask","arguments":{"a":1}',
  } as const;
  /** Starts with a first leg that was answered like this. */
  const run = (inputRequests: unknown, state?: string) =>
    loop.run(call, up, { result: required(inputRequests, state), era: 'modern' });
  /** The next of the questions, once it is asked. */
  let seen = 0;
  let wake = (): void => undefined;
  const { send } = call.channel;
  Object.assign(call.channel, {
    send(message: string) {
      wake();
      return send(message);
    },
  });
  const question = async () => {
    if (call.sent.length <= seen)
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    return parseMessage(call.sent[seen++] ?? '');
  };
  const questions = () => call.sent.map((text) => parseMessage(text));
  const answer = (id: string | null | undefined, inside: string) =>
    way.clientRequests.answered(
      'session-1',
      parseMessage(`{"jsonrpc":"2.0","id":${id ?? 'null'},${inside}}`),
    );
  return { ...way, call, run, question, questions, answer };
}

function required(inputRequests: unknown, state?: string): string {
  const asked =
    inputRequests === undefined ? '' : `,"inputRequests":${JSON.stringify(inputRequests)}`;
  return `{"resultType":"input_required"${asked}${state === undefined ? '' : `,"requestState":${state}`}}`;
}

const paramsOf = (leg: OpenLeg): unknown => JSON.parse(`{${leg.request.params}}`);
const textOf = (result: string) =>
  (JSON.parse(result) as { content: { text: string }[] }).content[0]?.text;

const opened: { onModuleDestroy(): void }[] = [];

describe('InputLoop', () => {
  afterEach(() => {
    for (const requests of opened.splice(0)) requests.onModuleDestroy();
  });

  it('passes on no flood of questions', async () => {
    const { run, call } = made();
    const flood = Object.fromEntries(Array.from({ length: 17 }, (_, i) => [`q${String(i)}`, FORM]));
    await expect(run(flood)).rejects.toMatchObject({ code: 'upstream_error' });
    expect(call.sent).toEqual([]);
  });

  it('asks all at once and sends the call again with the answers and the very state', async () => {
    const { run, questions, answer, driver } = made();
    const reply = run({ user: FORM, 'd"irs': { method: 'roots/list' } }, '"R\\u0031/é"');
    const [first, second] = questions();
    expect(first?.method).toBe('elicitation/create');
    expect(first?.params?.raw('message')).toBe('"Name?"');
    expect(second?.method).toBe('roots/list');
    answer(second?.id, '"result":{"roots":[{"uri":"file:///r"}]}');
    answer(first?.id, '"result":{"action":"accept","content":{"n":9007199254740993}}');
    const leg = await driver.next();
    expect(leg.request.params).toBe(
      '"name":"ask","arguments":{"a":1},"inputResponses":{"user":{"action":"accept","content":{"n":9007199254740993}},"d\\"irs":{"roots":[{"uri":"file:///r"}]}},"requestState":"R\\u0031/é"',
    );
    leg.answer('{"resultType":"complete","content":[]}', 'modern');
    expect(await reply).toEqual({
      result: '{"resultType":"complete","content":[]}',
      era: 'modern',
    });
  });

  it('invents no state where there was none', async () => {
    const { run, questions, answer, driver } = made();
    const reply = run({ user: FORM });
    answer(questions()[0]?.id, '"result":{"action":"decline"}');
    const leg = await driver.next();
    expect(paramsOf(leg)).toEqual({
      name: 'ask',
      arguments: { a: 1 },
      inputResponses: { user: { action: 'decline' } },
    });
    leg.answer('{}', 'modern');
    await reply;
  });

  it('tells the upstream of a form that the client failed on that it was cancelled', async () => {
    const { run, questions, answer, driver } = made();
    const reply = run({ user: FORM });
    answer(questions()[0]?.id, '"error":{"code":-1,"message":"no form"}');
    const leg = await driver.next();
    expect(paramsOf(leg)).toMatchObject({ inputResponses: { user: { action: 'cancel' } } });
    leg.answer('{}', 'modern');
    await reply;
  });

  it('ends with the error of a client that does not sample, and withdraws the rest', async () => {
    const { run, questions, answer, driver } = made();
    const reply = run({ s: SAMPLE, user: FORM });
    const [sample, form] = questions();
    answer(sample?.id, '"error":{"code":-1,"message":"user rejected sampling"}');
    const { result } = await reply;
    expect(JSON.parse(result)).toMatchObject({ isError: true });
    expect(textOf(result)).toContain('user rejected sampling');
    const last = questions().at(-1);
    expect(last?.method).toBe('notifications/cancelled');
    expect(last?.params?.raw('requestId')).toBe(form?.id);
    expect(driver.legs).toHaveLength(0);
  });

  it('answers with an error where a tool error does not exist', async () => {
    const { run, questions, answer } = made('prompts/get');
    const reply = run({ s: SAMPLE });
    answer(questions()[0]?.id, '"error":{"code":-1,"message":"no"}');
    await expect(reply).rejects.toMatchObject({ code: 'unanswerable', row: { rpc: -32603 } });
  });

  it.each([
    ['what was not declared', { elicitation: {} }, { s: SAMPLE }, {}],
    ['a client without a way back', CAN_ALL, { s: SAMPLE }, { channel: { canAsk: false } }],
    ['what no client answers', CAN_ALL, { x: { method: 'tools/list' } }, {}],
  ])('asks nothing of %s', async (_who, capabilities, inputRequests, more) => {
    const { run, questions } = made('tools/call', capabilities, more);
    const { result } = await run(inputRequests);
    expect(JSON.parse(result)).toMatchObject({ isError: true });
    expect(questions()).toEqual([]);
  });

  it('shows the page to clients that cannot be sent there', async () => {
    const { run, questions } = made('tools/call', CAN_ALL, { client: { revision: '2025-06-18' } });
    expect(textOf((await run({ p: PAGE })).result)).toContain(PAGE.params.url);
    expect(questions()).toEqual([]);
  });

  it('shows a page once, and asks the upstream again until the person is done there', async () => {
    jest.useFakeTimers({ doNotFake: ['performance'] });
    try {
      const { run, questions, answer, driver } = made();
      const reply = run({ p: PAGE }, '"S"');
      const [shown] = questions();
      expect(shown?.params?.string('elicitationId')).toMatch(/^[0-9a-f-]{36}$/);
      answer(shown?.id, '"result":{"action":"accept"}');
      (await driver.next()).answer(required({ p: PAGE }, '"S2"'), 'modern');
      await jest.advanceTimersByTimeAsync(1_999);
      expect(driver.legs).toHaveLength(1);
      await jest.advanceTimersByTimeAsync(1);
      const second = await driver.next();
      expect(paramsOf(second)).toMatchObject({
        inputResponses: { p: { action: 'accept' } },
        requestState: 'S2',
      });
      second.answer(required({ p: PAGE }), 'modern');
      await jest.advanceTimersByTimeAsync(3_999);
      expect(driver.legs).toHaveLength(2);
      await jest.advanceTimersByTimeAsync(1);
      (await driver.next()).answer('{"done":true}', 'modern');
      expect((await reply).result).toBe('{"done":true}');
      expect(questions()).toHaveLength(1);
    } finally {
      jest.useRealTimers();
    }
  });

  it('waits before it gives back a state alone', async () => {
    const { run, driver, questions } = made();
    const reply = run(undefined, '"later"');
    expect(driver.legs).toHaveLength(0);
    const leg = await driver.next();
    expect(paramsOf(leg)).toEqual({ name: 'ask', arguments: { a: 1 }, requestState: 'later' });
    leg.answer('{}', 'modern');
    await reply;
    expect(questions()).toEqual([]);
  });

  it('ends after ten rounds of questions', async () => {
    const { run, question, answer, driver } = made();
    const reply = run({ q: FORM });
    for (let n = 1; n <= 10; n++) {
      answer((await question()).id, '"result":{"action":"accept","content":{}}');
      (await driver.next()).answer(required({ q: FORM }), 'modern');
    }
    const { result } = await reply;
    expect(textOf(result)).toContain('10 rounds');
    expect(driver.legs).toHaveLength(10);
  });

  it('withdraws its questions when the call is cancelled', async () => {
    const { run, questions, call } = made();
    const reply = run({ q: FORM });
    call.abort.abort('enough');
    await expect(reply).rejects.toMatchObject({ code: 'cancelled' });
    expect(questions().at(-1)?.method).toBe('notifications/cancelled');
  });

  it.each([
    ['{"resultType":"input_required"}'],
    ['{"resultType":"input_required","inputRequests":[]}'],
    ['{"resultType":"input_required","requestState":5}'],
  ])('takes %s for a fault of the upstream', async (result) => {
    const { legs, clientRequests } = aWayUp();
    const up = { gateway: aGateway(), kind: 'Tool', name: 'ask', params: '' } as const;
    const reply = new InputLoop(legs, clientRequests).run(aCall('tools/call'), up, {
      result,
      era: 'modern',
    });
    await expect(reply).rejects.toMatchObject({ code: 'upstream_error' });
  });
});
