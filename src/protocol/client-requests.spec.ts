import type { Call } from '../kernel/call.js';
import { parseMessage } from '../kernel/jsonrpc.js';
import type { Meters } from '../platform/metrics/meters.js';
import { ClientRequests } from './client-requests.js';

const made = (capabilities = '{"sampling":{}}', canAsk = true) => {
  const sent: string[] = [];
  const dropped: string[] = [];
  const requests = new ClientRequests({
    dropped: (r: string) => dropped.push(r),
  } as unknown as Meters);
  const call = {
    client: { sessionId: 's1', capabilities },
    channel: { canAsk, send: (m: string) => sent.push(m) > 0 },
  } as unknown as Call; // only what is asked of it
  const replies: string[] = [];
  const ask = (method = 'sampling/createMessage') =>
    requests.ask(call, method, '"maxTokens":5', (reply) => replies.push(reply));
  const idOf = (n: number): string => parseMessage(sent[n] as string).id as string;
  return { requests, sent, dropped, replies, ask, idOf };
};
const response = (id: string, inside: string) =>
  parseMessage(`{"jsonrpc":"2.0","id":${id},${inside}}`);

describe('ClientRequests', () => {
  it('asks under an id of its own and gives the answer back as it came', () => {
    const { requests, sent, replies, ask, idOf } = made();
    ask();
    expect(sent[0]).toContain('"method":"sampling/createMessage","params":{"maxTokens":5}');
    const answer = '"result":{"n":9007199254740993,"a" : 1}';
    expect(requests.answered('s1', response(idOf(0), answer))).toBe(true);
    expect(replies).toEqual([answer]);
    requests.onModuleDestroy();
  });

  it('takes an answer once, and only from the session that was asked', () => {
    const { requests, dropped, replies, ask, idOf } = made();
    ask();
    const answer = response(idOf(0), '"result":{}');
    expect(requests.answered('s2', answer)).toBe(false);
    expect(requests.answered('s1', answer)).toBe(true);
    expect(requests.answered('s1', answer)).toBe(false);
    expect(replies).toHaveLength(1);
    expect(dropped).toEqual(['client_response', 'client_response']);
  });

  it.each([
    ['a capability the client has not', '{}', true, 'sampling/createMessage'],
    ['no way back', '{"sampling":{}}', false, 'sampling/createMessage'],
    ['a method no client serves', '{"sampling":{}}', true, 'tools/list'],
  ])('refuses at once for %s', (_why, capabilities, canAsk, method) => {
    const { sent, replies, ask } = made(capabilities, canAsk);
    ask(method);
    expect(sent).toEqual([]);
    expect(replies[0]).toContain('"error":{"code":-32601');
  });

  it('tells the client when the question is withdrawn, and drops a late answer', () => {
    const { requests, sent, replies, ask, idOf } = made();
    const withdraw = ask();
    withdraw();
    expect(sent[1]).toContain(`notifications/cancelled","params":{"requestId":${idOf(0)}}`);
    expect(requests.answered('s1', response(idOf(0), '"result":{}'))).toBe(false);
    expect(replies).toEqual([]);
  });

  it('leaves no question open when it ends', () => {
    const { requests, replies, ask } = made();
    ask();
    requests.onModuleDestroy();
    expect(replies[0]).toContain('"error"');
  });
});
