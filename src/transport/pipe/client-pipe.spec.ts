import { aCaller } from '../../../test/builders/caller.js';
import type { Call } from '../../kernel/call.js';
import type { CallId } from '../../kernel/ids.js';
import { CLAIM } from '../../kernel/mcp.js';
import type { Dispatcher, Reply } from '../../protocol/dispatcher.js';
import { type Sender, scopeOf } from '../../protocol/in-flight.js';
import type { Incoming } from '../http/incoming.js';
import { ClientPipe } from './client-pipe.js';

const META = { [CLAIM.protocolVersion]: '2026-07-28', [CLAIM.clientCapabilities]: { roots: {} } };

/** A pipe whose calls are answered when the test says so. */
function aPipe(transport: 'ws' | 'sse' = 'ws') {
  const sent: string[] = [];
  const ends: string[] = [];
  const calls: Call[] = [];
  const senders: Sender[] = [];
  const answers: ((reply: Reply | null) => void)[] = [];
  const dispatch = (call: Call): Promise<Reply | null> => {
    calls.push(call);
    return new Promise((resolve) => answers.push(resolve));
  };
  const pipe = new ClientPipe(
    { transport, caller: aCaller(), serverId: null, ip: '127.0.0.1' },
    {
      send: (message) => sent.push(message) > 0,
      behind: () => false,
      probe: () => undefined,
      close: (why) => ends.push(why),
    },
    {
      dispatcher: { dispatch } as unknown as Dispatcher,
      incoming: { take: (_: unknown, from: Sender) => senders.push(from) } as unknown as Incoming,
    },
  );
  const take = (message: object): ReturnType<ClientPipe['take']> => {
    const text = JSON.stringify({ jsonrpc: '2.0', ...message });
    return pipe.take({ text, bytes: text.length, callId: 'c' as CallId, caller: aCaller() });
  };
  return { pipe, sent, ends, calls, senders, answers, take };
}

const replied = (text: string): Reply => ({ text, status: 200, headers: null, failure: null });
const listen = { id: 'l', method: 'subscriptions/listen', params: { _meta: META } };

describe('ClientPipe', () => {
  it('makes calls of modern clients, who have no session and cannot be asked', async () => {
    const { calls, answers, sent, take } = aPipe();
    const done = take({ id: 1, method: 'tools/list', params: { _meta: META } });
    expect(calls[0]?.client).toMatchObject({
      era: 'modern',
      sessionId: null,
      capabilities: '{"roots":{}}',
    });
    answers[0]?.(replied('answer'));
    await done;
    expect(sent).toEqual(['answer']);
  });

  it('finds what a notification refers to among the calls of its own connection', () => {
    const [one, other] = [aPipe(), aPipe()];
    for (const { take } of [one, other]) {
      void take({ id: 1, method: 'tools/list', params: { _meta: META } });
      void take({ method: 'notifications/cancelled', params: { requestId: 1 } });
    }
    const scopes = [one, other].map(({ calls, senders }) => [
      scopeOf(calls[0] as Call),
      scopeOf(senders[0] as Sender),
    ]);
    expect(scopes[0]?.[0]).toBe(scopes[0]?.[1]);
    expect(scopes[1]?.[0]).toBe(scopes[1]?.[1]);
    expect(scopes[0]?.[0]).not.toBe(scopes[1]?.[0]);
  });

  it('says the end of a subscription twice, the result first', async () => {
    const { answers, sent, take } = aPipe();
    const done = take(listen);
    answers[0]?.(replied('result'));
    await done;
    expect(sent).toEqual([
      'result',
      '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"l"}}',
    ]);
  });

  it('says nothing more of a subscription that its client ended', async () => {
    const { answers, sent, take } = aPipe();
    const done = take(listen);
    answers[0]?.(null);
    await done;
    expect(sent).toEqual([]);
  });

  it('ends the subscriptions of a client who sends no more, and waits for its other calls', async () => {
    const { pipe, calls, answers, ends, take } = aPipe();
    const [subscription, call] = [
      take(listen),
      take({ id: 2, method: 'tools/list', params: { _meta: META } }),
    ];
    pipe.left();
    expect(calls.map(({ abort }) => abort.aborted)).toEqual([true, false]);
    answers[0]?.(null);
    await subscription;
    expect(ends).toEqual([]);
    answers[1]?.(replied('answer'));
    await call;
    expect(ends).toEqual(['shutdown']);
  });
});
