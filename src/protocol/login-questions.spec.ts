import type { OwnInstance } from '../registry/own-instance.service.js';
import { aCall, aModernCall, type MadeCall } from '../../test/builders/call.js';
import { aGateway } from '../../test/builders/catalog.js';
import { loadConfig } from '../config/load-config.js';
import { GatewayError } from '../kernel/errors.js';
import { Sealer } from '../platform/crypto/sealer.js';
import type { Logins, PersonChange } from '../upstreams/oauth/logins.service.js';
import { type BridgeState, StateSeals } from './era/bridge/state-seals.js';
import { OwnResults } from './era/own-results.js';
import type { Upward } from './legs.js';
import type { Listeners } from './listeners.js';
import { LoginQuestions } from './login-questions.js';

const config = loadConfig({
  JWT_SECRET_KEY: 'a-key-for-specs-0123456789-abcdefgh',
  AUTH_ENCRYPTION_SECRET: 'another-key-for-specs-0123456789-xy',
});
const url = 'https://gateway.example/oauth/login?ticket=t';
const seals = new StateSeals(new Sealer(config));
const gateway = aGateway({ loginPerUser: true });
const up: Upward = { gateway, kind: 'Tool', name: 'kit-echo', params: '' };
const OPENS_PAGES = { elicitation: { url: {} } };
const needed = new GatewayError(
  'login_needed',
  { gateway: 'kit', url },
  { data: { loginUrl: url } },
);
const call = { name: 'kit-echo', arguments: {} };

function aHouse() {
  const sent: [string, string][] = [];
  let change: PersonChange = () => undefined;
  let stopped = false;
  const logins = {
    onChange: (listener: PersonChange) => {
      change = listener;
      return () => (stopped = true);
    },
  };
  const listeners = { send: (id: string, text: string) => sent.push([id, text]) };
  const questions = new LoginQuestions(
    logins as unknown as Logins,
    seals,
    new OwnResults({ serverInfo: {} } as OwnInstance),
    listeners as unknown as Listeners,
  );
  questions.onModuleInit();
  const again = jest.fn(() => Promise.resolve('served'));
  return {
    ...{ questions, sent, again },
    hasStopped: () => stopped,
    ask: (of: MadeCall): Promise<Record<string, unknown>> =>
      questions.answer(of, up, needed, again).then(
        (text) => (text === 'served' ? { served: true } : (JSON.parse(text) as never)),
        (e: unknown) => ({ thrown: e }),
      ),
    changed: (of: MadeCall, isIn: boolean) => {
      change(gateway.id, of.caller.principalHash, isIn);
    },
  };
}

const legacy = (client: object, method = 'tools/call'): MadeCall =>
  aCall(method, call, { client: { capabilities: JSON.stringify(OPENS_PAGES), ...client } });
const retry = (action: string, state: BridgeState = { kind: 'login' }, key = 'login'): MadeCall => {
  const requestState = seals.seal(aModernCall('tools/call', call), up.name, state);
  const inputResponses = { [key]: { action } };
  return aModernCall('tools/call', { ...call, requestState, inputResponses }, OPENS_PAGES);
};

describe('a call whose person has to log in', () => {
  afterEach(() => jest.useRealTimers());

  it.each([
    ['an older revision', legacy({ revision: '2025-06-18' })],
    ['no session', legacy({ sessionId: null })],
    ['forms alone', legacy({ capabilities: '{"elicitation":{}}' })],
    ['a modern client with forms alone', aModernCall('tools/call', call, { elicitation: {} })],
    ['a modern client that was told no', retry('decline')],
  ])('is answered with the link: %s', async (_, of) => {
    const { ask, again } = aHouse();
    const { isError, content } = await ask(of);
    expect([isError, JSON.stringify(content)]).toEqual([true, expect.stringContaining(url)]);
    expect(again).not.toHaveBeenCalled();
  });

  it.each([
    ['of the upstream', { kind: 'anew' }, 'e1'],
    [
      'of the upstream under our key',
      { kind: 'relay', gatewayId: gateway.id, state: '"s"' },
      'login',
    ],
    ['under another key', { kind: 'login' }, 'e1'],
  ] as const)('asks, whatever was answered to a question %s', async (_, state, key) => {
    for (const action of ['decline', 'accept']) {
      const { ask, again } = aHouse();
      expect(await ask(retry(action, state, key))).toMatchObject({
        resultType: 'input_required',
        inputRequests: { login: { method: 'elicitation/create' } },
      });
      expect(again).not.toHaveBeenCalled();
    }
  });

  it('is an error that names the page where no tool was called', async () => {
    const { ask } = aHouse();
    for (const one of [legacy({ capabilities: '{}' }, 'prompts/get'), aModernCall('prompts/get')])
      expect(await ask(one)).toEqual({ thrown: needed });
  });

  it('goes by what a session declared, where the call itself cannot be asked', async () => {
    const { ask } = aHouse();
    const muted = legacy({ capabilities: '{}', declared: JSON.stringify(OPENS_PAGES) });
    expect(await ask(muted)).toMatchObject({ thrown: { code: -32042 } });
  });

  it('is told of the login on the sessions that were asked, once, and of nothing else', async () => {
    const { ask, changed, sent } = aHouse();
    const of = legacy({ sessionId: 's1' });
    const { thrown } = await ask(of);
    await ask(legacy({ sessionId: 's1', capabilities: '{}' }));
    changed(of, false);
    expect(sent).toEqual([]);
    changed(of, true);
    changed(of, true);
    const { data } = JSON.parse((thrown as { error: string }).error) as {
      data: { elicitations: { elicitationId: string }[] };
    };
    expect(sent.map(([id, text]) => [id, JSON.parse(text) as unknown])).toEqual([
      [
        's1',
        {
          jsonrpc: '2.0',
          method: 'notifications/elicitation/complete',
          params: { elicitationId: data.elicitations[0]?.elicitationId },
        },
      ],
    ]);
  });

  it('is one question to a session, however many calls ask it', async () => {
    const { ask, changed, sent } = aHouse();
    const idOf = async (sessionId: string): Promise<unknown> => {
      const { thrown } = await ask(legacy({ sessionId }));
      const { data } = JSON.parse((thrown as { error: string }).error) as {
        data: { elicitations: { elicitationId: string }[] };
      };
      return data.elicitations[0]?.elicitationId;
    };
    const [first, second, other] = [await idOf('s1'), await idOf('s1'), await idOf('s2')];
    expect(second).toBe(first);
    expect(other).not.toBe(first);
    changed(legacy({}), true);
    expect(sent.map(([id]) => id)).toEqual(['s1', 's2']);
    expect(await idOf('s1')).not.toBe(first);
  });

  it('is forgotten with its link', async () => {
    jest.useFakeTimers();
    const { ask, changed, sent } = aHouse();
    const of = legacy({ sessionId: 's1' });
    await ask(of);
    jest.advanceTimersByTime(600_001);
    changed(of, true);
    expect(sent).toEqual([]);
  });

  it('goes on once its person has logged in, and asks again when that takes long', async () => {
    jest.useFakeTimers();
    const { ask, changed, again } = aHouse();
    const waiting = ask(retry('accept'));
    changed(retry('accept'), true);
    expect(await waiting).toEqual({ served: true });
    const late = ask(retry('accept'));
    await jest.advanceTimersByTimeAsync(30_000);
    expect(await late).toMatchObject({ resultType: 'input_required' });
    expect(again).toHaveBeenCalledTimes(1);
  });

  it('asks again when the login that came was of no use', async () => {
    const { ask, changed, again } = aHouse();
    again.mockRejectedValueOnce(needed);
    const waiting = ask(retry('accept'));
    changed(retry('accept'), true);
    expect(await waiting).toMatchObject({ resultType: 'input_required' });
    expect(again).toHaveBeenCalledTimes(1);
  });

  it('waits no longer when its client is gone, or the gateway ends', async () => {
    const { ask, questions, hasStopped } = aHouse();
    const gone = retry('accept');
    const waiting = ask(gone);
    gone.abort.abort('the client is gone');
    expect(await waiting).toMatchObject({ resultType: 'input_required' });
    const last = ask(retry('accept'));
    questions.onModuleDestroy();
    await last;
    expect(hasStopped()).toBe(true);
  });
});
