import { aGateway } from '../../../test/builders/catalog.js';
import { loadConfig } from '../../config/load-config.js';
import { Abort } from '../../kernel/abort.js';
import type { ClientView } from '../../kernel/call.js';
import type { Caller } from '../../kernel/caller.js';
import type { Gateway } from '../../kernel/catalog.js';
import type { LogLevel } from '../../kernel/mcp.js';
import type { Stay, UpstreamRequest } from '../../kernel/upstream.js';
import type { Meters } from '../../platform/metrics/meters.js';
import type { GatewaysService } from '../../registry/gateways.service.js';
import type { PersonChange } from '../oauth/logins.service.js';
import { SessionLostError, type UpstreamConnection } from './connection.js';
import { ConnectionPool } from './connection.pool.js';
import type { Dialer, DialHooks, DialOptions } from './dialer.js';
import { McpDriver } from './mcp.driver.js';
import { ProcessRoom } from './process-room.service.js';
import { probeRequest } from './probe-request.js';

/** An upstream session of the spec; what it is asked is written down. */
class FakeLine implements UpstreamConnection {
  isOpen = true;
  isClosed = false;
  isAsking = false;
  readonly asked: string[] = [];
  answer: () => Promise<string> = () => Promise.resolve('{}');
  /** Its process is gone. */
  left: () => void = () => undefined;

  constructor(
    readonly hooks: DialHooks,
    readonly options: DialOptions,
    readonly isStateless: boolean,
  ) {}

  readonly greeting = {
    era: 'legacy',
    protocolVersion: '2025-11-25',
    capabilities: '{"logging":{}}',
    serverInfo: null,
    instructions: null,
  } as const;

  request(request: UpstreamRequest): Promise<string> {
    this.asked.push(`${request.method} ${request.params}`.trim());
    return request.method === 'tools/call' ? this.answer() : Promise.resolve('{}');
  }

  readonly told: string[] = [];
  /** When what it is told has gone up. */
  taken: Promise<void> = Promise.resolve();
  notify(method: string): Promise<void> {
    this.told.push(method);
    return this.taken;
  }
  listen = () => undefined;

  close(): Promise<void> {
    this.isOpen = false;
    this.isClosed = true;
    this.left();
    return Promise.resolve();
  }
}

const gatewayOf = (more: Partial<Gateway> = {}) => aGateway({ slug: 'kit', ...more });
const who = (name: string, type: Caller['type'] = 'user') =>
  ({ type, principalHash: name, limiterKey: `from ${name}` }) as Caller;
const client = (sessionId: string | null, capabilities = '{}', more: Partial<ClientView> = {}) =>
  ({ sessionId, capabilities, clientInfo: '{"name":"c"}', ...more }) as ClientView;

function aPool(env: Record<string, string> = {}, isStateless = false) {
  const lines: FakeLine[] = [];
  const marked: string[] = [];
  const dropped: string[] = [];
  const changes: PersonChange[] = [];
  const turns: ((id: Gateway['id']) => void)[] = [];
  let gate: Promise<void> = Promise.resolve();
  const config = loadConfig({ JWT_SECRET_KEY: 'k'.repeat(40), ...env });
  const room = new ProcessRoom(config);
  const dialer = {
    async open(gateway: Gateway, _secrets: unknown, hooks: DialHooks, options: DialOptions) {
      const line = new FakeLine(hooks, options, isStateless);
      const { abort = new Abort() } = hooks;
      if (gateway.transport === 'STDIO')
        line.left = await room.enter({ gateway, abort, waitMs: 1000, givesWay: false });
      lines.push(line);
      await gate;
      return { connection: line, transport: 'STREAMABLEHTTP' };
    },
    forget: () => undefined,
    onPersonChange: (listener: PersonChange) => {
      changes.push(listener);
    },
    onEraChange: (listener: (id: Gateway['id']) => void) => {
      turns.push(listener);
    },
  };
  const gateways = {
    credential: () => ({ headers: {}, query: {} }),
    childEnv: () => ({}),
    markAsksClient: (id: string) => {
      marked.push(id);
      return Promise.resolve();
    },
  };
  const pool = new ConnectionPool(
    dialer as unknown as Dialer,
    gateways as unknown as GatewaysService,
    config,
    { dropped: (reason: string) => dropped.push(reason) } as unknown as Meters,
    room,
  );
  const hold = (until: Promise<void>) => {
    gate = until;
  };
  const driver = new McpDriver(pool);
  const call = (
    gateway: Gateway,
    caller: Caller,
    view: ClientView,
    logLevel: LogLevel | null = null,
    abort = new Abort(),
  ) =>
    driver.request(gateway, {
      ...probeRequest('tools/call', '', 1000),
      abort,
      caller,
      client: view,
      logLevel,
    });
  return { pool, driver, lines, marked, dropped, turns, changes, call, hold };
}

const pools: ConnectionPool[] = [];
const made = (env: Record<string, string> = {}, isStateless = false) => {
  const house = aPool(env, isStateless);
  pools.push(house.pool);
  return house;
};
afterEach(async () => {
  for (const pool of pools.splice(0)) await pool.onModuleDestroy();
});
const live = (lines: FakeLine[]) => lines.filter((line) => !line.isClosed).length;
const overloaded = { code: 'overloaded' };

describe('ConnectionPool: who shares', () => {
  it('opens one session for equal capability sets, whoever calls', async () => {
    const { lines, call } = made();
    const gateway = gatewayOf();
    await Promise.all([
      call(gateway, who('alice'), client('s1', '{"sampling":{}, "roots":{}}')),
      call(gateway, who('bob'), client('s2', '{"roots":{"listChanged":true},"sampling":{"x":1}}')),
    ]);
    expect(lines).toHaveLength(1);
    expect(lines[0]?.options).toMatchObject({
      capabilities: '{"roots":{},"sampling":{}}',
      clientInfo: null,
    });
    await call(gateway, who('alice'), client('s1'));
    expect(lines[1]?.options.capabilities).toBe('{}');
  });

  it('gives each client session its own, with what the session declared and its name', async () => {
    const { lines, call } = made();
    const gateway = gatewayOf({ sessionMode: 'per-session' });
    const muted = client('s1', '{}', { declared: '{"sampling":{}}' });
    await call(gateway, who('alice'), muted);
    await call(gateway, who('alice'), client('s1', '{"sampling":{}}'));
    expect(lines).toHaveLength(1);
    expect(lines[0]?.options).toEqual({
      capabilities: '{"sampling":{}}',
      clientInfo: '{"name":"c"}',
      person: null,
    });
    await call(gateway, who('alice'), client('s2', '{"sampling":{}}'));
    expect(lines).toHaveLength(2);
  });

  it('tells of changed roots what one client session has for itself, if it was promised', async () => {
    const { pool, lines, call } = made();
    const own = gatewayOf({ sessionMode: 'per-session' });
    const roots = '{"roots":{"listChanged":true}}';
    await call(own, who('alice'), client('s1', roots));
    await call(own, who('alice'), client('s2', roots));
    await call(own, who('alice'), client('s3', '{"roots":{}}'));
    await call(aGateway({ slug: 'common' }), who('alice'), client('s1', roots));
    for (const id of ['s1', 's3']) pool.rootsChanged(id);
    const changed = 'notifications/roots/list_changed';
    expect(lines.map(({ told }) => told)).toEqual([[changed], [], [], []]);
    const declared = lines.map(({ options }) => options.capabilities);
    expect(declared).toEqual([roots, roots, '{"roots":{}}', '{"roots":{}}']);
  });

  it('tells an upstream once more at most of roots that change while it is being told', async () => {
    const { pool, lines, call } = made();
    const gateway = gatewayOf({ sessionMode: 'per-session' });
    await call(gateway, who('alice'), client('s1', '{"roots":{"listChanged":true}}'));
    const line = lines[0] as FakeLine;
    let takes: () => void = () => undefined;
    line.taken = new Promise((resolve) => (takes = resolve));
    for (let n = 0; n < 1000; n++) pool.rootsChanged('s1');
    expect(line.told).toHaveLength(1);
    takes();
    await new Promise(setImmediate);
    expect(line.told).toHaveLength(2);
    pool.rootsChanged('s1');
    expect(line.told).toHaveLength(3);
  });

  it('tells a session that is opened anew, whatever became of the old one', async () => {
    const { pool, lines, call } = made();
    const gateway = gatewayOf({ sessionMode: 'per-session' });
    const roots = client('s1', '{"roots":{"listChanged":true}}');
    await call(gateway, who('alice'), roots);
    const first = lines[0] as FakeLine;
    first.taken = new Promise(() => undefined);
    pool.rootsChanged('s1');
    first.isOpen = false;
    first.hooks.onClosed('lost');
    await call(gateway, who('alice'), roots);
    pool.rootsChanged('s1');
    expect(lines.map(({ told }) => told.length)).toEqual([1, 1]);
  });

  it.each([
    ['shared', { sessionMode: 'shared' }],
    ['auto', {}],
    ['per-session', { sessionMode: 'per-session' }],
    ['modern', { era: 'modern' }],
  ] as const)('opens no session of a person for another: %s', async (_, more) => {
    const { lines, call } = made();
    const gateway = gatewayOf({ ...more, loginPerUser: true });
    const persons = [who('alice'), who('bob'), who('alice'), who('bob')];
    await Promise.all(persons.map((person) => call(gateway, person, client('s1'))));
    expect(lines.map(({ options }) => options.person?.principalHash)).toEqual(['alice', 'bob']);
    expect(lines.map(({ asked }) => asked.filter((one) => one === 'tools/call').length)).toEqual([
      2, 2,
    ]);
  });

  it('closes what a person had open, once its login is another or gone', async () => {
    const { lines, changes, call } = made();
    const gateway = gatewayOf({ loginPerUser: true });
    for (const person of ['alice', 'bob']) await call(gateway, who(person), client('s1'));
    for (const change of changes) change(gateway.id, 'alice', false);
    expect(lines.map(({ isClosed }) => isClosed)).toEqual([true, false]);
    await call(gateway, who('alice'), client('s1'));
    expect(lines[2]?.options.person?.principalHash).toBe('alice');
  });

  it('leaves alone what others share, and what is being opened with a new login', async () => {
    const { lines, changes, call, hold } = made();
    const changed = (id: Gateway['id'], isIn: boolean) => {
      for (const change of changes) change(id, 'alice', isIn);
    };
    const shared = gatewayOf({ slug: 'common' });
    await call(shared, who('alice'), client('s1'));
    changed(shared.id, false);
    expect(lines[0]?.isClosed).toBe(false);
    const gateway = gatewayOf({ loginPerUser: true });
    let open = (): void => undefined;
    hold(
      new Promise((resolve) => {
        open = resolve;
      }),
    );
    const pending = call(gateway, who('alice'), client('s1'));
    changed(gateway.id, true);
    open();
    await pending;
    expect(lines[1]?.isClosed).toBe(false);
    changed(gateway.id, true);
    expect(lines[1]?.isClosed).toBe(true);
  });

  it('leases a pipe to each open call of a modern client that can be asked', async () => {
    const { lines, call } = made();
    const gateway = gatewayOf({ asksClient: true, transport: 'STDIO' });
    const modern = client(null, '{"elicitation":{}}', { era: 'modern' });
    let answer = (): void => undefined;
    await call(gateway, who('alice'), modern);
    const [pipe] = lines;
    if (pipe === undefined) throw new Error('no pipe was opened');
    pipe.answer = () =>
      new Promise((resolve) => {
        answer = () => {
          resolve('{}');
        };
      });
    const open = call(gateway, who('alice'), modern);
    await call(gateway, who('alice'), modern);
    expect(lines).toHaveLength(2);
    answer();
    await open;
    pipe.answer = () => Promise.resolve('{}');
    await call(gateway, who('alice'), modern);
    expect(lines).toHaveLength(2);
    expect(pipe.asked).toHaveLength(3);
  });

  it('leases nothing where a stream names its call, or nobody can be asked', async () => {
    for (const [transport, capabilities] of [
      ['STREAMABLEHTTP', '{"elicitation":{}}'],
      ['STDIO', '{}'],
    ] as const) {
      const { lines, call } = made();
      const gateway = gatewayOf({ asksClient: true, transport });
      const modern = client(null, capabilities, { era: 'modern' });
      await Promise.all([call(gateway, who('alice'), modern), call(gateway, who('alice'), modern)]);
      expect(lines).toHaveLength(1);
    }
  });

  it('counts notices of vendors, which belong to nobody without a call', async () => {
    const { lines, dropped, call } = made();
    await call(gatewayOf(), who('alice'), client('s1'));
    lines[0]?.hooks.onNotification('notifications/tools/list_changed', '');
    lines[0]?.hooks.onNotification('notifications/acme', '');
    expect(dropped).toEqual(['vendor_notice']);
  });

  it('stops sharing once the upstream asks, and says so once', async () => {
    const { lines, marked, call } = made();
    const gateway = gatewayOf();
    await call(gateway, who('alice'), client('s1'));
    lines[0]?.hooks.onAsks();
    lines[0]?.hooks.onAsks();
    expect(marked).toEqual([gateway.id]);
    const asking = { ...gateway, asksClient: true };
    await call(asking, who('alice'), client('s1'));
    await call(asking, who('bob'), client('s2'));
    expect(lines).toHaveLength(3);
  });

  it('goes on sharing with an upstream that keeps no session', async () => {
    const { lines, call } = made({}, true);
    const gateway = gatewayOf({ asksClient: true });
    await call(gateway, who('alice'), client('s1'));
    await call(gateway, who('alice'), client('s2'));
    await call(gateway, who('bob'), client('s3'));
    expect(lines).toHaveLength(2);
  });

  it('asks before it opens a session that belongs to one client', async () => {
    const { pool, lines, call } = made();
    const owned: string[] = [];
    const owner = { notification: () => undefined, ask: () => () => undefined };
    pool.ownedBy({
      admit: (id) => {
        if (id === 's2') throw new Error('no room');
        owned.push(id);
      },
      of: () => owner,
    });
    const gateway = gatewayOf({ sessionMode: 'per-session' });
    await call(gateway, who('alice'), client('s1'));
    await expect(call(gateway, who('alice'), client('s2'))).rejects.toThrow('no room');
    await call(gatewayOf(), who('alice'), client('s3'));
    expect(owned).toEqual(['s1']);
    expect(lines.map(({ hooks }) => hooks.owner)).toEqual([owner, null]);
  });
});

describe('ConnectionPool: sharers', () => {
  const owners = (heard: string[]) => ({
    admit: () => undefined,
    of: (id: string, gatewayId: string) => ({
      notification: () => heard.push(`${id} ${gatewayId}`),
      ask: () => () => undefined,
    }),
  });

  it('has the sessions that used a common session hear of it until they end', async () => {
    const { pool, lines, call } = made();
    const heard: string[] = [];
    pool.ownedBy(owners(heard));
    const gateway = gatewayOf();
    for (const id of ['s1', 's2', null, 's1']) await call(gateway, who('alice'), client(id));
    const tell = () => {
      for (const one of lines[0]?.hooks.sharers?.all() ?? []) one.notification('m', '');
      return heard.splice(0);
    };
    expect(tell()).toEqual([`s1 ${gateway.id}`, `s2 ${gateway.id}`]);
    await pool.closeSession('s1');
    expect(tell()).toEqual([`s2 ${gateway.id}`]);
  });

  it("has none where a session is one client's own", async () => {
    const { lines, call } = made();
    await call(gatewayOf({ sessionMode: 'per-session' }), who('alice'), client('s1'));
    expect(lines[0]?.hooks.sharers).toBeNull();
  });
});

describe('ConnectionPool: room', () => {
  it('bounds the sessions of one principal, whatever it declares', async () => {
    const { lines, call } = made({ UPSTREAM_MAX_SESSIONS_PER_PRINCIPAL: '2' });
    const gateway = gatewayOf();
    const capabilities = ['{"roots":{}}', '{"sampling":{}}', '{"elicitation":{}}'];
    await call(gateway, who('alice'), client('s1', capabilities[0]));
    await call(gateway, who('alice'), client('s1', capabilities[1]));
    const third = call(gateway, who('alice'), client('s1', capabilities[2]));
    await expect(third).rejects.toMatchObject(overloaded);
    await call(gateway, who('bob'), client('s2', capabilities[2]));
    expect(lines).toHaveLength(3);
  });

  it('bounds the sessions with one gateway', async () => {
    const { call } = made({ UPSTREAM_MAX_SESSIONS_PER_GATEWAY: '1' });
    const gateway = gatewayOf({ sessionMode: 'per-principal' });
    await call(gateway, who('alice'), client('s1'));
    await expect(call(gateway, who('bob'), client('s2'))).rejects.toMatchObject(overloaded);
    await call(gatewayOf(), who('bob'), client('s2'));
  });

  it('ends what was not used for a minute to make room, the longest unused first', async () => {
    const { lines, call } = made({ UPSTREAM_MAX_SESSIONS_PER_PRINCIPAL: '2' });
    const clock = jest.spyOn(performance, 'now');
    clock.mockReturnValue(0);
    const gateway = gatewayOf({ sessionMode: 'per-session' });
    await call(gateway, who('alice'), client('s1'));
    clock.mockReturnValue(30_000);
    await call(gateway, who('alice'), client('s2'));
    clock.mockReturnValue(70_000);
    await call(gateway, who('alice'), client('s3'));
    expect(lines.map((line) => line.isClosed)).toEqual([true, false, false]);
    await expect(call(gateway, who('alice'), client('s4'))).rejects.toMatchObject(overloaded);
    clock.mockRestore();
  });

  describe('of processes', () => {
    const gateway = gatewayOf({ transport: 'STDIO', sessionMode: 'shared' });
    /** One that does not share with others, for what it declares. */
    const apart = (sessionId: string) => client(sessionId, '{"sampling":{}}');
    const nextTurn = () => new Promise((next) => setImmediate(next));
    /** One process, and a call that runs on it until it is told to end. */
    const busy = async () => {
      const house = made({ STDIO_MAX_PROCESSES_PER_GATEWAY: '1' });
      await house.call(gateway, who('alice'), client('s1'));
      let end!: () => void;
      (house.lines[0] as FakeLine).answer = () =>
        new Promise((resolve) => {
          end = () => {
            resolve('{}');
          };
        });
      const long = house.call(gateway, who('alice'), client('s1'));
      await nextTurn();
      return { ...house, long, end };
    };

    it('ends an unused one at once for who needs another', async () => {
      const { lines, call } = made({ STDIO_MAX_PROCESSES_PER_GATEWAY: '1' });
      await call(gateway, who('alice'), client('s1'));
      await call(gateway, who('bob'), apart('s2'));
      expect(lines.map((line) => line.isClosed)).toEqual([true, false]);
    });

    it('leaves what one client has for itself alone for a minute', async () => {
      const { lines, call } = made({ STDIO_MAX_PROCESSES_PER_GATEWAY: '1' });
      const own = gatewayOf({ transport: 'STDIO', sessionMode: 'per-session' });
      await call(own, who('alice'), client('s1'));
      const abort = new Abort();
      const waiting = call(own, who('bob'), client('s2'), null, abort);
      await nextTurn();
      expect(lines.map((line) => line.isClosed)).toEqual([false]);
      abort.abort('enough');
      await expect(waiting).rejects.toMatchObject({ code: 'cancelled' });
    });

    it('waits until one is no longer used', async () => {
      const { lines, call, long, end } = await busy();
      const waiting = call(gateway, who('bob'), apart('s2'));
      await nextTurn();
      expect(lines).toHaveLength(1);
      end();
      await Promise.all([long, waiting]);
      expect(lines.map((line) => line.isClosed)).toEqual([true, false]);
    });

    it('starts none for calls that were given up meanwhile', async () => {
      const { lines, call, long, end } = await busy();
      const abort = new Abort();
      const cancelled = call(gateway, who('bob'), apart('s2'), null, abort);
      await nextTurn();
      abort.abort('enough');
      await expect(cancelled).rejects.toMatchObject({ code: 'cancelled' });
      end();
      await long;
      await nextTurn();
      expect(lines.map((line) => line.isClosed)).toEqual([false]);
    });

    it('goes on waiting for those of them that were not', async () => {
      const { lines, call, long, end } = await busy();
      const abort = new Abort();
      const cancelled = call(gateway, who('bob'), apart('s2'), null, abort);
      const other = call(gateway, who('bob'), apart('s2'));
      await nextTurn();
      abort.abort('enough');
      const late = call(gateway, who('bob'), apart('s2'));
      await expect(cancelled).rejects.toMatchObject({ code: 'cancelled' });
      end();
      await Promise.all([long, other, late]);
      expect(lines).toHaveLength(2);
    });

    it.each([
      ['a task that a client has begun', false],
      ['a question that no client has answered', true],
    ])('keeps one for %s, as long as another session', async (_what, asks) => {
      const { pool, lines, call } = made({ STDIO_MAX_PROCESSES_PER_GATEWAY: '1' });
      await call(gateway, who('alice'), client('s1'));
      if (asks) (lines[0] as FakeLine).isAsking = true;
      else pool.kept.taskBegun(gateway.id, 'T', 's1');
      const abort = new Abort();
      const waiting = call(gateway, who('bob'), apart('s2'), null, abort);
      await nextTurn();
      pool.reap(performance.now() + 1_000_000);
      expect(lines.map((line) => line.isClosed)).toEqual([false]);
      abort.abort('enough');
      await expect(waiting).rejects.toMatchObject({ code: 'cancelled' });
      pool.reap(performance.now() + 3_700_000);
      expect(lines.map((line) => line.isClosed)).toEqual([true]);
    });

    it('ends one whose task is over', async () => {
      const { pool, lines, call } = made({ STDIO_MAX_PROCESSES_PER_GATEWAY: '1' });
      await call(gateway, who('alice'), client('s1'));
      pool.kept.taskBegun(gateway.id, 'T', 's1');
      pool.kept.taskBegun(gateway.id, 'T', 's3');
      pool.kept.taskOver(gateway.id, 'T');
      pool.kept.taskBegun(gateway.id, 'U', 's4');
      await pool.closeSession('s4');
      await call(gateway, who('bob'), apart('s2'));
      expect(lines.map((line) => line.isClosed)).toEqual([true, false]);
    });

    it('ends one whose client has not asked for its task for long, whatever runs elsewhere', async () => {
      const { pool, lines, call } = made({ STDIO_MAX_PROCESSES_PER_GATEWAY: '1' });
      const now = jest.spyOn(performance, 'now');
      const at = performance.now();
      pool.kept.taskBegun(gateway.id, 'T', 's1');
      now.mockReturnValue(at + 3_000_000);
      await call(gateway, who('alice'), client('s1'));
      pool.reap(at + 3_590_000);
      expect(lines.map((line) => line.isClosed)).toEqual([false]);
      pool.reap(at + 3_610_000);
      now.mockRestore();
      expect(lines.map((line) => line.isClosed)).toEqual([true]);
    });

    it('ends them sooner than other sessions', async () => {
      const { pool, lines, call } = made();
      await call(gateway, who('alice'), client('s1'));
      await call(gatewayOf(), who('alice'), client('s1'));
      pool.reap(performance.now() + 600_001);
      expect(lines.map((line) => line.isClosed)).toEqual([true, false]);
    });
  });
});

describe('ConnectionPool: a session per request', () => {
  it.each(['legacy', 'modern'] as const)('shares none and keeps none (%s)', async (era) => {
    const { lines, call } = made();
    const gateway = gatewayOf({ sessionMode: 'per-request', era });
    const both = [1, 2].map(() => call(gateway, who('alice'), client(null)));
    await Promise.all(both);
    await call(gateway, who('alice'), client(null));
    expect(lines.map((line) => line.isClosed)).toEqual([true, true, true]);
    expect(lines.map((line) => line.asked.length)).toEqual([1, 1, 1]);
  });
});

describe('ConnectionPool: ends', () => {
  it('closes what nobody has used, never what a call runs on', async () => {
    const { pool, lines, call } = made();
    const gateway = gatewayOf({ sessionMode: 'per-session' });
    await call(gateway, who('alice'), client('s1'));
    await call(gateway, who('alice'), client('s2'));
    let answer!: (text: string) => void;
    (lines[1] as FakeLine).answer = () => new Promise((resolve) => (answer = resolve));
    const long = call(gateway, who('alice'), client('s2'));
    await new Promise((next) => setImmediate(next));
    pool.reap(Infinity);
    expect(lines.map((line) => line.isClosed)).toEqual([true, false]);
    answer('{"ok":1}');
    await expect(long).resolves.toMatchObject({ result: '{"ok":1}' });
    pool.reap(Infinity);
    expect(live(lines)).toBe(0);
  });

  it('lets calls end on a gateway that was changed, and opens anew for others', async () => {
    const { pool, lines, call } = made();
    const gateway = gatewayOf();
    await call(gateway, who('alice'), client('s1'));
    let answer!: (text: string) => void;
    (lines[0] as FakeLine).answer = () => new Promise((resolve) => (answer = resolve));
    const long = call(gateway, who('alice'), client('s1'));
    await new Promise((next) => setImmediate(next));
    await pool.closeGateway(gateway.id);
    expect(lines[0]?.isClosed).toBe(false);
    await call(gateway, who('alice'), client('s1'));
    expect(lines).toHaveLength(2);
    answer('{}');
    await long;
    expect(lines.map((line) => line.isClosed)).toEqual([true, false]);
  });

  it('opens anew for an upstream that has changed its era', async () => {
    const { lines, turns, call } = made();
    const gateway = gatewayOf();
    await call(gateway, who('alice'), client('s1', '{"roots":{}}'));
    turns[0]?.(gateway.id);
    expect(lines[0]?.isClosed).toBe(true);
    const modern = { ...gateway, era: 'modern' } as const;
    await call(modern, who('alice'), client('s1', '{"roots":{}}'));
    await call(modern, who('bob'), client('s2', '{"sampling":{}}'));
    expect(lines).toHaveLength(2);
  });

  it('closes the sessions of a client that has ended, and no others', async () => {
    const { pool, lines, call } = made();
    const own = gatewayOf({ sessionMode: 'per-session' });
    await call(own, who('alice'), client('s1'));
    await call(own, who('alice'), client('s2'));
    await call(gatewayOf(), who('alice'), client('s1'));
    await pool.closeSession('s1');
    expect(lines.map((line) => line.isClosed)).toEqual([true, false, false]);
  });
});

describe('ConnectionPool: a call that is cancelled while its session is opened', () => {
  it('ends at once, and leaves the session to others', async () => {
    const { pool, driver, lines, call, hold } = made();
    const gateway = gatewayOf();
    let open: () => void = () => undefined;
    hold(new Promise((resolve) => (open = resolve)));
    const abort = new Abort();
    const request = { ...probeRequest('tools/call', '', 1000), client: client('s1'), abort };
    const cancelled = driver.request(gateway, { ...request, caller: who('alice') });
    const other = call(gateway, who('bob'), client('s2'));
    abort.abort('the client cancelled');
    await expect(cancelled).rejects.toMatchObject({ code: 'cancelled' });
    open();
    await other;
    expect(lines).toHaveLength(1);
    expect(lines[0]?.asked).toEqual(['tools/call']);
    pool.reap(Infinity);
    await new Promise(setImmediate);
    expect(live(lines)).toBe(0);
  });
});

describe('ConnectionPool: sessions lost above', () => {
  it('opens one new session for all who wait, and tells it the level again', async () => {
    const { lines, call } = made();
    const gateway = gatewayOf();
    await call(gateway, who('alice'), client('s1'), 'debug');
    (lines[0] as FakeLine).answer = () => Promise.reject(new SessionLostError());
    await Promise.all(
      Array.from({ length: 20 }, (_, i) => call(gateway, who('alice'), client(`s${String(i)}`))),
    );
    expect(lines).toHaveLength(2);
    expect(lines[0]?.isClosed).toBe(true);
    expect(lines[1]?.asked[0]).toBe('logging/setLevel "level":"debug"');
    expect(lines[1]?.asked).toHaveLength(21);
  });

  it('gives up when the new session is lost too', async () => {
    const { lines, call, hold } = made();
    const gateway = gatewayOf();
    await call(gateway, who('alice'), client('s1'));
    let letGo!: () => void;
    (lines[0] as FakeLine).answer = () => {
      hold(new Promise((resolve) => (letGo = resolve)));
      return Promise.reject(new SessionLostError());
    };
    const failing = call(gateway, who('alice'), client('s1'));
    await new Promise((next) => setImmediate(next));
    (lines[1] as FakeLine).answer = () => Promise.reject(new SessionLostError());
    letGo();
    await expect(failing).rejects.toMatchObject({ code: 'upstream_error' });
    expect(lines).toHaveLength(2);
  });
});

describe('ConnectionPool: requests that stay together', () => {
  it('serves them on the session of the first, which is kept for them', async () => {
    const { pool, driver, lines, call } = made();
    const gateway = gatewayOf();
    const stay: Stay = { held: null };
    const staying = (sessionId: string) =>
      driver.request(gateway, {
        ...probeRequest('tools/call', '', 1000),
        ...{ caller: who('alice'), client: client(sessionId), stay },
      });
    await staying('s1');
    // By now the upstream is known to ask: everybody else has a session of its own.
    const asking = gatewayOf({ ...gateway, asksClient: true });
    await call(asking, who('alice'), client('s1'));
    await staying('s1');
    expect(lines.map((line) => line.asked.length)).toEqual([2, 1]);
    pool.reap(Infinity);
    expect(lines.map((line) => line.isClosed)).toEqual([false, true]);
    stay.held?.giveBack();
    pool.reap(Infinity);
    expect(live(lines)).toBe(0);
  });

  it('waits for none that nobody wants any more, and gives it back when it comes', async () => {
    const { pool, driver, lines, hold } = made();
    const gateway = gatewayOf();
    let open!: () => void;
    hold(new Promise((resolve) => (open = resolve)));
    const stay: Stay = { held: null, abort: new Abort() };
    const request = { ...probeRequest('tools/call', '', 1000), stay };
    const begun = driver.request(gateway, request);
    // Another one goes on waiting for the same session.
    const other = driver.request(gateway, probeRequest('tools/call', '', 1000));
    stay.abort?.abort('enough');
    await expect(begun).rejects.toMatchObject({ code: 'cancelled' });
    open();
    await other;
    expect([stay.held, lines.map((line) => line.asked.length)]).toEqual([null, [1]]);
    pool.reap(Infinity);
    expect(live(lines)).toBe(0);
  });

  it('gives up its place in the room for processes', async () => {
    const { driver, lines, call } = made({ STDIO_MAX_PROCESSES_PER_GATEWAY: '1' });
    const gateway = gatewayOf({ transport: 'STDIO', sessionMode: 'per-session' });
    await call(gateway, who('alice'), client('s1'));
    const stay: Stay = { held: null, abort: new Abort() };
    const begun = driver.request(gateway, {
      ...probeRequest('tools/call', '', 1000),
      ...{ caller: who('bob'), client: client('s2'), stay },
    });
    stay.abort?.abort('enough');
    await expect(begun).rejects.toMatchObject({ code: 'cancelled' });
    expect([stay.held, lines.length]).toEqual([null, 1]);
  });

  it('moves them to another session when theirs is lost', async () => {
    const { driver, lines } = made();
    const gateway = gatewayOf();
    const stay: Stay = { held: null };
    const request = { ...probeRequest('tools/call', '', 1000), stay };
    await driver.request(gateway, request);
    (lines[0] as FakeLine).isOpen = false;
    await driver.request(gateway, request);
    expect(lines.map((line) => line.asked.length)).toEqual([1, 1]);
  });

  it('hears what becomes of tasks', async () => {
    const { pool, lines, call } = made();
    const gateway = gatewayOf();
    const told: unknown[] = [];
    pool.taskTold = (...args) => told.push(args);
    await call(gateway, who('alice'), client('s1'));
    lines[0]?.hooks.onNotification('notifications/tasks/status', '"taskId":"T"');
    lines[0]?.hooks.onNotification('notifications/message', '');
    expect(told).toEqual([[gateway.id, '"taskId":"T"']]);
  });
});

describe('ConnectionPool: log levels', () => {
  it('asks a shared session for the most that anybody wants', async () => {
    const { lines, call } = made();
    const gateway = gatewayOf();
    await call(gateway, who('alice'), client('s1'));
    expect(lines[0]?.asked).toEqual(['tools/call']);
    for (const level of ['error', 'debug', 'notice', 'debug'] as const)
      await call(gateway, who('alice'), client('s1'), level);
    const told = lines[0]?.asked.filter((text) => text.startsWith('logging'));
    expect(told).toEqual(['logging/setLevel "level":"info"', 'logging/setLevel "level":"debug"']);
  });

  it('asks a session of one client for what that client wants', async () => {
    const { lines, call } = made();
    const gateway = gatewayOf({ sessionMode: 'per-session' });
    for (const level of ['error', 'error', 'debug'] as const)
      await call(gateway, who('alice'), client('s1'), level);
    const told = lines[0]?.asked.filter((text) => text.startsWith('logging'));
    expect(told).toEqual(['logging/setLevel "level":"error"', 'logging/setLevel "level":"debug"']);
  });
});
