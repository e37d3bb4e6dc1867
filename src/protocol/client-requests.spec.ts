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
  const progress: string[] = [];
  const ask = (method = 'sampling/createMessage', params = '"maxTokens":5', isHeard = true) =>
    requests.ask(call, {
      ...{ method, params, answer: (reply) => replies.push(reply) },
      ...(isHeard ? { progressed: (said: string) => progress.push(said) } : {}),
    });
  const idOf = (n: number): string => parseMessage(sent[n] as string).id as string;
  return { requests, sent, dropped, replies, progress, ask, idOf };
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

  describe('progress of the client', () => {
    const WANTED = '"maxTokens":5,"_meta":{"progressToken":7,"x":1}';
    const told = (token: string, value: unknown, more = '') =>
      parseMessage(
        `{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":${token},"progress":${JSON.stringify(value)}${more}}}`,
      );

    it('comes under a token of the gateway, and goes on without one', () => {
      const { requests, sent, progress, ask, idOf } = made();
      ask('sampling/createMessage', WANTED);
      expect(sent[0]).toContain(`"_meta":{"progressToken":${idOf(0)},"x":1}`);
      requests.progressed('s1', told(idOf(0), 1, ',"total":2.0,"message":"half"'));
      expect(progress).toEqual(['"progress":1,"total":2.0,"message":"half"']);
      requests.onModuleDestroy();
    });

    it('is dropped when it is not its own, does not grow, or comes late', () => {
      const { requests, dropped, progress, ask, idOf } = made();
      ask('sampling/createMessage', WANTED);
      const id = idOf(0);
      requests.progressed('s1', told(id, 1));
      for (const late of [told(id, 1), told(id, 'x'), told('7', 2)])
        requests.progressed('s1', late);
      for (const session of ['s2', null]) requests.progressed(session, told(id, 2));
      requests.answered('s1', response(id, '"result":{}'));
      requests.progressed('s1', told(id, 3));
      expect(progress).toHaveLength(1);
      expect(dropped).toEqual(Array(6).fill('client_progress'));
    });

    it('is not asked for where nobody hears it', () => {
      const { requests, sent, dropped, ask, idOf } = made();
      ask('sampling/createMessage', WANTED, false);
      expect(sent[0]).toContain('"_meta":{"x":1}');
      requests.progressed('s1', told(idOf(0), 1));
      expect(dropped).toEqual(['client_progress']);
      requests.onModuleDestroy();
    });

    it('gives the client more time, though not for ever', () => {
      jest.useFakeTimers();
      const { requests, replies, ask, idOf } = made();
      ask('sampling/createMessage', WANTED);
      let minutes = 0;
      while (replies.length === 0 && minutes < 120) {
        requests.progressed('s1', told(idOf(0), ++minutes));
        jest.advanceTimersByTime(60_000);
      }
      expect(replies[0]).toContain('did not answer in time');
      expect(minutes).toBe(59);
      jest.useRealTimers();
    });

    it('of a flood is told in part, the latest before the answer', () => {
      const { requests, replies, progress, ask, idOf } = made();
      ask('sampling/createMessage', WANTED);
      for (let n = 1; n <= 200; n++) requests.progressed('s1', told(idOf(0), n));
      expect(progress).toHaveLength(50);
      requests.answered('s1', response(idOf(0), '"result":{}'));
      expect(progress.at(-1)).toBe('"progress":200');
      expect(replies).toHaveLength(1);
    });
  });

  it('leaves no question open when it ends', () => {
    const { requests, replies, ask } = made();
    ask();
    requests.onModuleDestroy();
    expect(replies[0]).toContain('"error"');
  });
});
