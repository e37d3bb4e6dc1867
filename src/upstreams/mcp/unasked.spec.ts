import { type Message, parseUpstreamMessage } from '../../kernel/jsonrpc.js';
import { MAX_QUESTIONS } from '../../kernel/mcp.js';
import { Unasked } from './unasked.js';

const said = (message: object): Message =>
  parseUpstreamMessage(JSON.stringify({ jsonrpc: '2.0', ...message }));

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

function made(hasOwner = true) {
  const responses: string[] = [];
  const answers: ((reply: string) => void)[] = [];
  const withdrawn: number[] = [];
  const heard: string[] = [];
  const owner = {
    notification: (method: string, params: string) => heard.push(`owner ${method} ${params}`),
    ask: (_method: string, _params: string, answer: (reply: string) => void) => {
      const n = answers.push(answer) - 1;
      return () => withdrawn.push(n);
    },
  };
  const unasked = new Unasked(
    {
      owner: hasOwner ? owner : null,
      onNotification: (method) => heard.push(method),
      onRequest: () => '"error":{"code":-1,"message":"nobody"}',
      onAsks: () => undefined,
    },
    (text) => responses.push(text),
  );
  ends.push(() => {
    unasked.end();
  });
  const ask = (id: string | number) => {
    unasked.asked(said({ id, method: 'roots/list', params: {} }));
  };
  return { unasked, responses, answers, withdrawn, heard, ask };
}

describe('what an upstream says outside any call', () => {
  it('is answered by the owner, under the id of the upstream', () => {
    const { responses, answers, ask } = made();
    ask('a');
    ask(1);
    answers[1]?.('"result":{"roots":[]}');
    answers[1]?.('"result":{}');
    expect(responses).toEqual(['{"jsonrpc":"2.0","id":1,"result":{"roots":[]}}']);
  });

  it('has nobody to answer without an owner', () => {
    const { responses, ask } = made(false);
    ask(1);
    expect(responses).toEqual(['{"jsonrpc":"2.0","id":1,"error":{"code":-1,"message":"nobody"}}']);
  });

  it('is bounded, and keeps its ids apart', () => {
    const { responses, answers, ask } = made();
    for (let i = 0; i < MAX_QUESTIONS; i++) ask(i);
    ask(0);
    ask('more');
    expect(answers).toHaveLength(MAX_QUESTIONS);
    expect(responses.map((text) => JSON.parse(text).error.code)).toEqual([-32600, -32000]);
  });

  it('is taken back by its id, or by the end of the line', () => {
    const { unasked, responses, answers, withdrawn, ask } = made();
    for (const id of [7, '7', 8]) ask(id);
    const cancel = (requestId: unknown) =>
      unasked.withdraws(said({ method: 'notifications/cancelled', params: { requestId } }));
    expect([cancel('7'), cancel('7'), cancel(9)]).toEqual([true, false, false]);
    expect(withdrawn).toEqual([1]);
    unasked.end();
    expect(withdrawn).toEqual([1, 0, 2]);
    for (const answer of answers) answer('"result":{}');
    expect(responses).toEqual([]);
  });

  it('is heard by the owner and by whoever keeps the line', () => {
    const { unasked, heard } = made();
    unasked.notified(said({ method: 'notifications/message', params: { level: 'info' } }));
    expect(heard).toEqual(['owner notifications/message "level":"info"', 'notifications/message']);
  });
});
