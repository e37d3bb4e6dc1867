import { type Message, parseUpstreamMessage } from '../../kernel/jsonrpc.js';
import { MAX_QUESTIONS } from '../../kernel/mcp.js';
import type { Caller } from '../../kernel/caller.js';
import type { UpstreamRequest } from '../../kernel/upstream.js';
import { GivenUp } from './given-up.js';
import { Unasked } from './unasked.js';

const said = (message: object): Message =>
  parseUpstreamMessage(JSON.stringify({ jsonrpc: '2.0', ...message }));

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

/** A request in flight of a session of a person; `stood` counts the questions that it waits for. */
function open(sessionId: string | null, person = 'alice') {
  const caller = { type: 'user', principalHash: person } as Caller;
  const request = { caller, client: { sessionId } } as UpstreamRequest; // only what is read
  const made = { request, stood: 0, clock: { stand: () => made.stood++, go: () => made.stood-- } };
  return made;
}

function made(hasOwner = true) {
  const responses: string[] = [];
  const drops: string[] = [];
  const givenUp = new GivenUp();
  const answers: ((reply: string) => void)[] = [];
  const withdrawn: number[] = [];
  const heard: string[] = [];
  const hearer = (name: string) => ({
    notification: (method: string, params: string) => heard.push(`${name} ${method} ${params}`),
    ask: (_method: string, _params: string, answer: (reply: string) => void) => {
      const n = answers.push(answer) - 1;
      asked.push(name);
      return () => withdrawn.push(n);
    },
  });
  const asked: string[] = [];
  const sharers = { one: hearer, all: () => ['s1', 's2', 's3'].map(hearer) };
  const unasked = new Unasked(
    {
      owner: hasOwner ? hearer('owner') : null,
      sharers: hasOwner ? null : sharers,
      onNotification: (method) => heard.push(method),
      onRequest: () => '"error":{"code":-1,"message":"nobody"}',
      onAsks: () => undefined,
    },
    {
      respond: (text) => responses.push(text),
      respondAtOnce: (text) => responses.push(text),
      dropped: (reason) => drops.push(reason),
    },
    givenUp,
  );
  ends.push(() => {
    unasked.end();
  });
  const ask = (id: string | number, inFlight: ReturnType<typeof open>[] = []) => {
    unasked.asked(said({ id, method: 'roots/list', params: {} }), inFlight);
  };
  /** Who hears a log message. */
  const log = (inFlight: ReturnType<typeof open>[]) => {
    unasked.notified(said({ method: 'notifications/message', params: {} }), inFlight);
    const names = heard
      .splice(0)
      .flatMap((text) => text.split(' notifications/message ').slice(0, -1));
    return names;
  };
  return { unasked, givenUp, responses, answers, asked, withdrawn, heard, drops, ask, log };
}

describe('what an upstream says outside any call', () => {
  it('is answered by the owner, under the id of the upstream', () => {
    const { unasked, responses, answers, ask } = made();
    ask('a');
    ask(1);
    answers[1]?.('"result":{"roots":[]}');
    answers[1]?.('"result":{}');
    expect(responses).toEqual(['{"jsonrpc":"2.0","id":1,"result":{"roots":[]}}']);
    expect(unasked.isAsking).toBe(true);
    answers[0]?.('"result":{}');
    expect(unasked.isAsking).toBe(false);
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
    unasked.notified(said({ method: 'notifications/message', params: { level: 'info' } }), []);
    expect(heard).toEqual(['owner notifications/message "level":"info"', 'notifications/message']);
  });
});

describe('what an upstream says on a line that several share', () => {
  it('is asked of the session whose calls are all that are open', () => {
    const { responses, answers, asked, ask } = made(false);
    ask('q', [open('s1'), open('s1')]);
    expect([asked, responses]).toEqual([['s1'], []]);
    answers[0]?.('"result":{"roots":[]}');
    expect(responses).toEqual(['{"jsonrpc":"2.0","id":"q","result":{"roots":[]}}']);
  });

  it.each([
    ['of several sessions', [open('s1'), open('s2')]],
    ['of a client without a session beside it', [open('s1'), open(null)]],
    ['none', []],
  ])('is refused at once while the calls are %s', (_what, inFlight) => {
    const { responses, asked, ask } = made(false);
    ask(1, inFlight);
    expect(asked).toEqual([]);
    expect(responses).toHaveLength(1);
  });

  it('is refused while it may be of a call of another session that was given up', () => {
    const { givenUp, responses, asked, ask } = made(false);
    givenUp.add(7, open('s2').request);
    ask(1, [open('s1'), open('s1')]);
    expect([asked, responses.length]).toEqual([[], 1]);
  });

  it('has those calls wait for the answer', () => {
    const { answers, ask } = made(false);
    const calls = [open('s1'), open('s1')];
    ask(1, calls);
    ask(2, calls);
    answers[0]?.('"result":{}');
    expect(calls.map(({ stood }) => stood)).toEqual([1, 1]);
    answers[1]?.('"result":{}');
    expect(calls.map(({ stood }) => stood)).toEqual([0, 0]);
  });

  it('is taken back when the last of those calls is over, from an owner only by the upstream', () => {
    const calls = [open('s1'), open('s1')];
    const [shared, own] = [made(false), made()];
    for (const { unasked, ask, withdrawn } of [shared, own]) {
      ask(1, calls);
      unasked.over(calls[0] as never);
      expect(withdrawn).toEqual([]);
      unasked.over(calls[1] as never);
    }
    expect([shared.withdrawn, own.withdrawn]).toEqual([[0], []]);
    // The upstream may wait for an answer, whatever it asked for.
    expect(shared.responses.map((text) => JSON.parse(text) as object)).toEqual([
      { jsonrpc: '2.0', id: 1, error: { code: -32000, message: expect.any(String) as string } },
    ]);
    expect(own.responses).toEqual([]);
  });

  it('starts no clock of a call that came after the question', () => {
    const { ask, answers } = made();
    const inFlight = [open('s1')];
    ask(1, inFlight);
    const later = open('s1');
    inFlight.push(later);
    answers[0]?.('"result":{}');
    expect([inFlight[0]?.stood, later.stood]).toEqual([0, 0]);
  });

  it.each([
    ['all who share it while no call is open', [], ['s1', 's2', 's3']],
    ['the session whose calls are open', [open('s2'), open('s2')], ['s2']],
    ['the sessions of one person whose calls are open', [open('s1'), open('s3')], ['s1', 's3']],
    ['nobody while calls of several persons are open', [open('s1'), open('s2', 'bob')], []],
  ])('is told to %s', (_whom, inFlight, names) => {
    const { log, drops } = made(false);
    expect(log(inFlight)).toEqual(names);
    expect(drops).toHaveLength(names.length === 0 ? 1 : 0);
  });

  it('is told to nobody while it may be of a call that was given up', () => {
    const { givenUp, log, drops } = made(false);
    givenUp.add(7, open('s2').request);
    expect([log([]), drops]).toEqual([[], ['log_without_owner']]);
    givenUp.answered('7');
    expect(log([])).toHaveLength(3);
  });
});
