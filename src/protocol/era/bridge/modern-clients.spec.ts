import { aCaller } from '../../../../test/builders/caller.js';
import { aModernCall, type MadeCall } from '../../../../test/builders/call.js';
import { aGateway } from '../../../../test/builders/catalog.js';
import { aWayUp } from '../../../../test/fakes/upstream-driver.js';
import { RELATED_TASK } from '../../../kernel/core-tasks.js';
import { ModernClients } from './modern-clients.js';
import { Parks } from './parks.js';
import { StateSeals } from './state-seals.js';
import { TaskSeals } from './task-seals.js';

const CAN_ALL = { elicitation: {}, sampling: {}, roots: {} };
const FORM = '"message":"Name?","requestedSchema":{"type":"object"}';
const ACCEPT = { action: 'accept', content: { name: 'Ann' } };

/** Room for one result of the tests that use it. */
const ROOM = { PARKED_RESULTS_MAX_BYTES: '100', PARKED_RESULTS_MAX_BYTES_PER_PRINCIPAL: '100' };

interface Required {
  readonly resultType: string;
  readonly inputRequests: Record<string, { method: string; params?: unknown }>;
  readonly requestState: string;
}

function made(env: Record<string, string> = {}) {
  const way = aWayUp(env);
  const parks = new Parks(way.config, way.meters);
  const clients = new ModernClients(
    way.legs,
    new StateSeals(way.sealer),
    new TaskSeals(way.sealer),
    parks,
    way.meters,
  );
  const up = { gateway: aGateway(), kind: 'Tool', name: 'ask', params: '"name":"ask"' } as const;
  const send = async (call: MadeCall) => clients.send(call, up);
  const call = (
    inputs: Record<string, unknown> = {},
    capabilities: unknown = CAN_ALL,
    caller = aCaller(),
  ) => {
    const params = { name: 'ask', arguments: { a: 1 }, ...inputs };
    return aModernCall('tools/call', params, capabilities, { caller });
  };
  const required = async (reply: ReturnType<typeof send>): Promise<Required> =>
    JSON.parse((await reply).result) as Required;
  /** A Call of which the upstream has asked one form. */
  const parked = async (caller = aCaller()) => {
    const reply = send(call({}, CAN_ALL, caller));
    const leg = await way.driver.next();
    const question = leg.ask('elicitation/create', FORM);
    return { leg, question, first: await required(reply) };
  };
  return { ...way, parks, send, call, required, parked };
}

describe('ModernClients', () => {
  afterEach(() => jest.useRealTimers());

  it('passes on a call that asks nothing', async () => {
    const { send, call, driver } = made();
    const reply = send(call());
    (await driver.next()).answer('{"content":[]}');
    expect(await reply).toEqual({ result: '{"content":[]}', era: 'legacy' });
  });

  it('shares a round between questions asked together, and goes on with their answers', async () => {
    const { send, call, required, driver, parks } = made();
    const reply = send(call());
    const leg = await driver.next();
    const name = leg.ask(
      'elicitation/create',
      `${FORM},"_meta":{"progressToken":3,"x":1},"task":{}`,
    );
    const text = leg.ask('sampling/createMessage', '"messages":[],"maxTokens":9007199254740993');
    const roots = leg.ask('roots/list', '');
    const { resultType, inputRequests, requestState } = await required(reply);
    expect(resultType).toBe('input_required');
    expect(inputRequests).toEqual({
      e1: {
        method: 'elicitation/create',
        params: { message: 'Name?', requestedSchema: { type: 'object' }, _meta: { x: 1 } },
      },

      s2: {
        method: 'sampling/createMessage',
        params: { messages: [], maxTokens: 9007199254740993 },
      },
      r3: { method: 'roots/list' },
    });
    expect((await reply).result).toContain('"maxTokens":9007199254740993');
    expect(parks.size).toBe(1);
    expect(leg.cancelled).toBeNull();

    const sampled = { role: 'assistant', content: { type: 'text', text: 'hi' }, model: 'm' };
    const inputResponses = {
      r3: { roots: [{ uri: 'file:///r' }] },
      e1: ACCEPT,
      s2: sampled,
      x9: 1,
    };
    const second = send(call({ inputResponses, requestState }));
    expect(JSON.parse(`{${await name.reply}}`)).toEqual({ result: ACCEPT });
    expect(JSON.parse(`{${await text.reply}}`)).toEqual({ result: sampled });
    expect(JSON.parse(`{${await roots.reply}}`)).toEqual({ result: inputResponses.r3 });
    leg.answer('{"content":[{"type":"text","text":"done"}]}');
    expect((await second).result).toContain('done');
    expect(driver.legs).toHaveLength(1);
    expect(parks.size).toBe(0);
  });

  it('names no task of the upstream in what it asks', async () => {
    const { send, call, required, driver } = made();
    const reply = send(call());
    const leg = await driver.next();
    leg.ask('elicitation/create', `${FORM},"_meta":{"${RELATED_TASK}":{"taskId":"T"}}`);
    const { inputRequests } = await required(reply);
    expect(JSON.stringify(inputRequests)).not.toContain(RELATED_TASK);
    leg.answer('{"content":[]}');
  });

  it('leaves its places to others while it waits for its client', async () => {
    const { send, call, parked, driver } = made({ MAX_IN_FLIGHT_CALLS: '1' });
    const { leg, first } = await parked();
    const { requestState } = first;
    const other = send(call());
    (await driver.next()).answer('{"other":1}');
    expect((await other).result).toBe('{"other":1}');
    const second = send(call({ inputResponses: { e1: ACCEPT }, requestState }));
    const waiting = send(call());
    expect(driver.legs).toHaveLength(2);
    leg.answer('{"mine":1}');
    expect((await second).result).toBe('{"mine":1}');
    (await driver.next()).answer('{"waited":1}');
    expect((await waiting).result).toBe('{"waited":1}');
  });

  it('takes a round once', async () => {
    const { send, call, parked } = made();
    const { leg, first } = await parked();
    const retry = () => call({ inputResponses: { e1: ACCEPT }, requestState: first.requestState });
    const second = send(retry());
    await expect(send(retry())).rejects.toMatchObject({ code: 'request_state_invalid' });
    leg.answer('{}');
    await second;
    await expect(send(retry())).rejects.toMatchObject({ code: 'request_state_invalid' });
  });

  it.each([
    ['another principal', { caller: aCaller({ principalHash: 'mallory' }) }, { a: 1 }],
    ['another Server', { serverId: 'other' }, { a: 1 }],
    ['other arguments', {}, { a: 2 }],
  ])('does not take it from %s, and touches nothing above', async (_who, more, args) => {
    const { send, call, parked } = made();
    const { leg, first } = await parked();
    const { requestState } = first;
    const params = { name: 'ask', arguments: args, inputResponses: { e1: ACCEPT }, requestState };
    const other = aModernCall('tools/call', params, CAN_ALL, more);
    await expect(send(other)).rejects.toMatchObject({ code: 'request_state_invalid' });
    const rightful = send(call({ inputResponses: { e1: ACCEPT }, requestState }));
    leg.answer('{"ok":true}');
    expect((await rightful).result).toBe('{"ok":true}');
  });

  it('refuses a malformed answer without using the round up', async () => {
    const { send, call, parked } = made();
    const { leg, question, first } = await parked();
    const { requestState } = first;
    for (const e1 of [
      { action: 'yes' },
      { action: 'decline', content: {} },
      [],
      'accept',
      { result: {} },
    ])
      await expect(send(call({ inputResponses: { e1 }, requestState }))).rejects.toMatchObject({
        code: 'invalid_params',
      });
    const second = send(call({ inputResponses: { e1: { action: 'decline' } }, requestState }));
    expect(await question.reply).toBe('"result":{"action":"decline"}');
    leg.answer('{}');
    await second;
  });

  it('asks again for what is missing, under a new state', async () => {
    const { send, call, required, parked } = made();
    const { leg, first } = await parked();
    const again = await required(
      send(call({ inputResponses: { wrong: ACCEPT }, requestState: first.requestState })),
    );
    expect(Object.keys(again.inputRequests)).toEqual(['e1']);
    expect(again.requestState).not.toBe(first.requestState);
    const last = send(call({ inputResponses: { e1: ACCEPT }, requestState: again.requestState }));
    leg.answer('{}');
    expect((await last).result).toBe('{}');
  });

  it('numbers the questions of later rounds on, and ends after twenty', async () => {
    const { send, call, required, parked } = made();
    const { leg, first } = await parked();
    let { requestState } = first;
    for (let n = 2; n <= 20; n++) {
      const key = `e${String(n - 1)}`;
      const reply = send(call({ inputResponses: { [key]: ACCEPT }, requestState }));
      void leg.ask('elicitation/create', FORM);
      const round = await required(reply);
      expect(Object.keys(round.inputRequests)).toEqual([`e${String(n)}`]);
      ({ requestState } = round);
    }
    const reply = send(call({ inputResponses: { e20: ACCEPT }, requestState }));
    void leg.ask('elicitation/create', FORM);
    await expect(reply).rejects.toMatchObject({ code: 'upstream_error' });
    expect(leg.cancelled).not.toBeNull();
  });

  it('ignores inputResponses without state: a first call', async () => {
    const { send, call, driver } = made();
    const reply = send(call({ inputResponses: { e1: ACCEPT } }));
    (await driver.next()).answer('{"first":true}');
    expect((await reply).result).toBe('{"first":true}');
  });

  it('refuses at once what the client did not declare', async () => {
    const { send, call, driver } = made();
    const reply = send(call({}, { elicitation: {} }));
    const leg = await driver.next();
    expect(await leg.ask('sampling/createMessage', '"maxTokens":1').reply).toContain('-32601');
    expect(await leg.ask('tools/list', '').reply).toContain('-32601');
    leg.answer('{}');
    await reply;
  });

  it('gives what was said between the rounds to the next one, under its token', async () => {
    const { send, call, parked } = made();
    const { leg, first } = await parked();
    leg.request.observer?.progress('"progress":1');
    leg.request.observer?.progress('"progress":2');
    const retry = call({
      inputResponses: { e1: ACCEPT },
      requestState: first.requestState,
      _meta: { progressToken: 'second' },
    });
    const second = send(retry);
    leg.request.observer?.progress('"progress":3');
    leg.answer('{}');
    await second;
    expect(retry.sent.map((text) => (JSON.parse(text) as { params: unknown }).params)).toEqual([
      { progressToken: 'second', progress: 2 },
      { progressToken: 'second', progress: 3 },
    ]);
  });

  it('gives an answer that came between the rounds to whoever comes back', async () => {
    const { send, call, parked } = made();
    const { leg, question, first } = await parked();
    question.withdraw();
    leg.answer('{"late":true}');
    const reply = send(call({ inputResponses: { e1: ACCEPT }, requestState: first.requestState }));
    expect((await reply).result).toBe('{"late":true}');
  });

  it('keeps results for those who are away within a budget of bytes, and says when it could not', async () => {
    const { send, call, parked, meters } = made(ROOM);
    const dropped = jest.spyOn(meters, 'dropped');
    const arrived = () => new Promise(setImmediate);
    const back = ({ first }: { first: Required }) =>
      send(call({ inputResponses: { e1: ACCEPT }, requestState: first.requestState }));
    const big = JSON.stringify({ text: 'x'.repeat(80) });
    const one = await parked();
    one.leg.answer(big);
    const two = await parked();
    two.leg.answer(big);
    await arrived();
    await expect(back(two)).rejects.toMatchObject({
      code: 'overloaded',
      message: expect.stringContaining('The call has run') as string,
    });
    expect(dropped).toHaveBeenCalledWith('park_results');
    expect((await back(one)).result).toBe(big);
    const three = await parked();
    three.leg.answer(big);
    await arrived();
    expect((await back(three)).result).toBe(big);
    // What comes in a round is handed over, whatever its size.
    const four = await parked();
    const reply = back(four);
    four.leg.answer(JSON.stringify({ text: 'y'.repeat(200) }));
    expect((await reply).result).toContain('yyy');
  });

  it.each([
    ['as it is set', { PARKED_RESULTS_MAX_BYTES_PER_PRINCIPAL: '100' }],
    ['a quarter of all', {}],
  ])(
    'leaves room for others when the results of one principal fill theirs (%s)',
    async (_, own) => {
      const { send, call, parked } = made({ PARKED_RESULTS_MAX_BYTES: '400', ...own });
      const big = JSON.stringify({ text: 'x'.repeat(80) });
      const bob = aCaller({ principal: 'bob' });
      const kept = async (caller = aCaller()) => {
        const { leg, first } = await parked(caller);
        leg.answer(big);
        await new Promise(setImmediate);
        const { requestState } = first;
        return () => send(call({ inputResponses: { e1: ACCEPT }, requestState }, CAN_ALL, caller));
      };
      const [first, second, others] = [await kept(), await kept(), await kept(bob)];
      await expect(second()).rejects.toMatchObject({ code: 'overloaded' });
      expect((await others()).result).toBe(big);
      expect((await first()).result).toBe(big);
      // What was handed over is no longer counted.
      expect((await (await kept())()).result).toBe(big);
    },
  );

  it('gives the room of a result back when its client does not come', async () => {
    jest.useFakeTimers();
    const { parks, parked } = made(ROOM);
    const reply = parked();
    await jest.advanceTimersByTimeAsync(200);
    (await reply).leg.answer(JSON.stringify({ text: 'x'.repeat(80) }));
    await jest.advanceTimersByTimeAsync(0);
    expect(parks.room.take('another', 50)).toBe(false);
    await jest.advanceTimersByTimeAsync(600_000);
    expect(parks.room.take('another', 100)).toBe(true);
  });

  it('cancels upstream when the client leaves in a round, not between rounds', async () => {
    const { send, call, parked } = made();
    const { leg, first } = await parked();
    const retry = call({ inputResponses: { e1: ACCEPT }, requestState: first.requestState });
    const second = send(retry);
    expect(leg.cancelled).toBeNull();
    retry.abort.abort('the client is gone');
    await expect(second).rejects.toMatchObject({ code: 'cancelled' });
    expect(leg.cancelled).toBe('the client is gone');
  });

  it('cancels upstream when the client does not come back, and gives its place away', async () => {
    const { send, call, parked, parks } = made({ PARKED_CALL_TTL: '0.1' });
    const { leg, first } = await parked();
    await new Promise<void>((resolve) => {
      leg.request.abort.onAbort(() => {
        resolve();
      });
    });
    expect(leg.cancelled).toBe('the client did not answer in time');
    expect(parks.size).toBe(0);
    const late = call({ inputResponses: { e1: ACCEPT }, requestState: first.requestState });
    await expect(send(late)).rejects.toMatchObject({ code: 'request_state_invalid' });
  });

  it('parks no more than the caps allow, and cancels what it cannot park', async () => {
    const { send, call, driver, parked, parks } = made({ MAX_PARKED_CALLS_PER_PRINCIPAL: '1' });
    const { leg: one, first } = await parked();
    const reply = send(call());
    const leg = driver.legs[1];
    void leg?.ask('elicitation/create', FORM);
    await expect(reply).rejects.toMatchObject({ code: 'overloaded' });
    expect(leg?.cancelled).not.toBeNull();
    expect(one.cancelled).toBeNull();
    const second = send(call({ inputResponses: { e1: ACCEPT }, requestState: first.requestState }));
    one.answer('{}');
    await second;
    expect(parks.size).toBe(0);
  });

  it('tells the upstreams of parked calls when it ends', async () => {
    const { parked, parks } = made();
    const { leg } = await parked();
    parks.onModuleDestroy();
    expect(leg.cancelled).toBe('the gateway is shutting down');
  });

  it('asks nobody on methods whose answer cannot be questions', async () => {
    const { legs, driver, sealer, parks, meters } = made();
    const clients = new ModernClients(
      legs,
      new StateSeals(sealer),
      new TaskSeals(sealer),
      parks,
      meters,
    );
    const up = { gateway: aGateway(), kind: 'Prompt', name: 'p', params: '' } as const;
    const reply = clients.send(aModernCall('completion/complete', {}, CAN_ALL), up);
    const leg = await driver.next();
    expect(await leg.ask('elicitation/create', FORM).reply).toContain('"error"');
    leg.answer('{}');
    await reply;
  });
});
