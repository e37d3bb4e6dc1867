import { aCaller } from '../../test/builders/caller.js';
import { aGateway } from '../../test/builders/catalog.js';
import { loadConfig } from '../config/load-config.js';
import type { Caller } from '../kernel/caller.js';
import { GatewayError } from '../kernel/errors.js';
import type { GatewayId } from '../kernel/ids.js';
import type { UpstreamRequest } from '../kernel/upstream.js';
import type { GatewaysService } from '../registry/gateways.service.js';
import type { Dialer, DialHooks, DialOptions } from '../upstreams/mcp/dialer.js';
import type { PersonChange } from '../upstreams/oauth/logins.service.js';
import { PersonLines } from './person-lines.service.js';
import type { SyncLine } from './sync-line.js';
import type { SyncLines } from './sync-lines.service.js';

const gateway = aGateway({ loginPerUser: true });
const [alice, bob] = ['alice', 'bob'].map((principal) => aCaller({ principal })) as [
  Caller,
  Caller,
];
const note = { gatewayId: gateway.id, kind: 'resource', name: 'note://one' } as const;
const needed = new GatewayError('login_needed', { gateway: 'kit', url: 'https://here' });

/** A session that was opened; what it was asked is written down. */
interface Opened {
  readonly whose: string | undefined;
  readonly hooks: DialHooks;
  readonly asked: string[];
  isOpen: boolean;
}

function aHouse(env: Record<string, string> = {}) {
  const opened: Opened[] = [];
  const heard: unknown[] = [];
  const kept = { gateway: gateway as typeof gateway | undefined, error: null as Error | null };
  let change: PersonChange = () => undefined;
  let dropped: (line: SyncLine) => void = () => undefined;
  let turned: (id: GatewayId) => void = () => undefined;
  const dialer = {
    open(_gateway: unknown, _secrets: unknown, hooks: DialHooks, options: DialOptions) {
      if (kept.error !== null) return Promise.reject(kept.error);
      const asked: string[] = [];
      const one: Opened = { whose: options.person?.principalHash, hooks, asked, isOpen: true };
      opened.push(one);
      const connection = {
        greeting: { era: 'legacy' },
        get isOpen() {
          return one.isOpen;
        },
        listen: () => undefined,
        request: ({ method }: UpstreamRequest) => Promise.resolve(String(asked.push(method))),
        close: () => Promise.resolve((one.isOpen = false)),
      };
      return Promise.resolve({ connection, transport: 'STREAMABLEHTTP', eraAt: '' });
    },
    onPersonChange: (listener: PersonChange) => {
      change = listener;
    },
    onEraChange: (listener: typeof turned) => {
      turned = listener;
    },
  };
  const sync = {
    get: () => (kept.gateway === undefined ? undefined : { gateway: kept.gateway }),
    on: (_event: string, listener: typeof dropped) => {
      dropped = listener;
      return () => undefined;
    },
  };
  const lines = new PersonLines(
    dialer as unknown as Dialer,
    sync as unknown as SyncLines,
    { credential: () => ({ headers: {}, query: {} }) } as unknown as GatewaysService,
    loadConfig({ JWT_SECRET_KEY: 'k'.repeat(40), ...env }),
  );
  lines.hears({
    told: (holder, subject, params) => heard.push([holder, subject.name, params]),
    renewed: (holder) => heard.push(['renewed', holder]),
  });
  return {
    ...{ lines, opened, heard, kept },
    changed: (person: Caller, isIn: boolean) => {
      change(gateway.id, person.principalHash, isIn);
    },
    dropped: () => {
      dropped({ gateway } as SyncLine);
    },
    turned: (id: GatewayId) => {
      turned(id);
    },
  };
}

describe('the sessions on which persons listen', () => {
  afterEach(() => jest.useRealTimers());

  it('are one of each person, opened with its login, and end with the last thing watched', async () => {
    const { lines, opened } = aHouse();
    for (const person of [alice, bob]) await lines.watch(person, note, true);
    await lines.watch(alice, { ...note, name: 'note://two' }, true);
    expect(opened.map(({ whose, asked }) => [whose, asked.length])).toEqual([
      [alice.principalHash, 2],
      [bob.principalHash, 1],
    ]);
    await lines.watch(alice, note, false);
    expect([opened[0]?.isOpen, opened[0]?.asked.at(-1)]).toEqual([true, 'resources/unsubscribe']);
    await lines.watch(alice, { ...note, name: 'note://two' }, false);
    await lines.watch(alice, note, false);
    expect(opened.map(({ isOpen }) => isOpen)).toEqual([false, true]);
  });

  it('tell of changes to the person whose they are', async () => {
    const { lines, opened, heard } = aHouse();
    for (const person of [alice, bob]) await lines.watch(person, note, true);
    heard.length = 0;
    opened[1]?.hooks.onNotification('notifications/resources/updated', '"uri":"note://one","a":1');
    expect(heard).toEqual([[bob.principalHash, 'note://one', '"a":1']]);
  });

  it('are opened again after they have ended, later each time that fails', async () => {
    jest.useFakeTimers();
    const { lines, opened, heard, kept } = aHouse();
    await lines.watch(alice, note, true);
    heard.length = 0;
    const end = (at: number) => {
      const one = opened[at] as Opened;
      one.isOpen = false;
      one.hooks.onClosed('broke');
    };
    end(0);
    kept.error = new Error('down');
    await jest.advanceTimersByTimeAsync(1000);
    kept.error = null;
    await jest.advanceTimersByTimeAsync(1999);
    expect(opened).toHaveLength(1);
    await jest.advanceTimersByTimeAsync(1);
    expect(opened).toHaveLength(2);
    expect(heard).toEqual([['renewed', alice.principalHash]]);
    end(1);
    await lines.watch(alice, note, false);
    await jest.advanceTimersByTimeAsync(60_000);
    expect(opened).toHaveLength(2);
  });

  it('are opened anew when their upstream is spoken to in another era', async () => {
    jest.useFakeTimers();
    const { lines, opened, heard, turned } = aHouse();
    for (const person of [alice, bob]) await lines.watch(person, note, true);
    heard.length = 0;
    turned(aGateway().id);
    expect(opened.map(({ isOpen }) => isOpen)).toEqual([true, true]);
    turned(gateway.id);
    expect(opened.map(({ isOpen }) => isOpen)).toEqual([false, false]);
    await jest.advanceTimersByTimeAsync(1000);
    expect(opened).toHaveLength(4);
    expect(heard).toEqual([alice, bob].map((person) => ['renewed', person.principalHash]));
  });

  it('wait for the login of who has none, without asking again and again', async () => {
    jest.useFakeTimers();
    const { lines, opened, kept, heard, changed } = aHouse();
    await lines.watch(alice, note, true);
    (opened[0] as Opened).isOpen = false;
    kept.error = needed;
    opened[0]?.hooks.onClosed('broke');
    await jest.advanceTimersByTimeAsync(1000);
    kept.error = null;
    await jest.advanceTimersByTimeAsync(600_000);
    expect(opened).toHaveLength(1);
    heard.length = 0;
    changed(alice, true);
    expect(heard).toEqual([['renewed', alice.principalHash]]);
    kept.error = needed;
    await expect(lines.watch(bob, note, true)).rejects.toBe(needed);
  });

  it('end with the login, and with the gateway', async () => {
    const { lines, opened, heard, kept, changed, dropped } = aHouse();
    for (const person of [alice, bob]) await lines.watch(person, note, true);
    changed(alice, false);
    expect(opened.map(({ isOpen }) => isOpen)).toEqual([false, true]);
    heard.length = 0;
    dropped();
    expect(opened[1]?.isOpen).toBe(false);
    expect(heard).toEqual([['renewed', bob.principalHash]]);
    kept.gateway = undefined;
    await expect(lines.watch(bob, note, true)).rejects.toMatchObject({
      code: 'upstream_unreachable',
    });
  });

  it('are at most so many of one person', async () => {
    const { lines } = aHouse({ UPSTREAM_MAX_SESSIONS_PER_PRINCIPAL: '1' });
    await lines.watch(alice, note, true);
    const other = { ...note, gatewayId: aGateway().id };
    await expect(lines.watch(alice, other, true)).rejects.toMatchObject({ code: 'overloaded' });
    await lines.watch(bob, note, true);
  });
});
