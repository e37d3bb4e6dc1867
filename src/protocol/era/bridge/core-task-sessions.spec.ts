import { aModernCall } from '../../../../test/builders/call.js';
import { aGateway } from '../../../../test/builders/catalog.js';
import { aWayUp } from '../../../../test/fakes/upstream-driver.js';
import { GatewayError } from '../../../kernel/errors.js';
import { UpstreamRpcError } from '../../../kernel/jsonrpc.js';
import type { UpstreamRequest } from '../../../kernel/upstream.js';
import type { GatewaysService } from '../../../registry/gateways.service.js';
import { DriverRegistry } from '../../../upstreams/driver.registry.js';
import { Invoker } from '../../../upstreams/invoker.js';
import { SessionLostError, type UpstreamConnection } from '../../../upstreams/mcp/connection.js';
import { ConnectionPool } from '../../../upstreams/mcp/connection.pool.js';
import type { Dialer } from '../../../upstreams/mcp/dialer.js';
import { McpDriver } from '../../../upstreams/mcp/mcp.driver.js';
import { ProcessRoom } from '../../../upstreams/mcp/process-room.service.js';
import type { PooledSession } from '../../../upstreams/mcp/pooled-session.js';
import { answeredBadly, brokeOff } from '../../../upstreams/mcp/upstream-fault.js';
import type { Sessions } from '../../session/sessions.js';
import { Legs } from '../../legs.js';
import { driveCoreTask } from './core-task-drive.js';

const CAN = { requests: { tools: { call: {} } }, cancel: {} };
const ANSWERS: Readonly<Record<string, string>> = {
  'tools/call': '{"task":{"taskId":"T","status":"working","pollInterval":1}}',
  'tasks/get': '{"taskId":"T","status":"completed"}',
  'tasks/result': '{"content":[]}',
};
const STEPS = ['tools/call', 'tasks/get', 'tasks/result', 'tasks/cancel'] as const;

/** How an upstream fails a request, and whether its connection goes with it. */
const FAULTS = {
  'its process dies': { isFatal: true, error: () => brokeOff('gone') },
  'its session is lost': { isFatal: false, error: () => new SessionLostError() },
  'it answers an error': {
    isFatal: false,
    error: () => new UpstreamRpcError('{"code":-1,"message":"no"}', -1),
  },
  'it answers nonsense': { isFatal: false, error: () => answeredBadly('nonsense') },
} as const;
interface Fault {
  readonly isFatal: boolean;
  /** How often; always unless said. */
  readonly times?: number;
  error(): Error;
}

/** What a session says of tasks of another. */
const UNKNOWN = () => new UpstreamRpcError('{"code":-32602,"message":"Task not found"}', -32602);

const opened: { onModuleDestroy(): unknown }[] = [];

/** The real driver over a pool, to an upstream that fails each of some methods. */
function made(
  failing: Partial<Record<string, Fault>>,
  env: Record<string, string> = {},
  answers: Readonly<Record<string, string>> = ANSWERS,
) {
  const way = aWayUp({ MAX_TOOL_RETRIES: '0', ...env });
  const asked: string[] = [];
  const failures = new Map<string, number>();
  let opens = 0;
  const open = () => {
    if (opens++ > 0 && failing['initialize'] !== undefined)
      return Promise.reject(failing['initialize'].error());
    const connection = {
      isOpen: true,
      isStateless: false,
      greeting: { era: 'legacy', protocolVersion: '2025-11-25', capabilities: '{}' },
      request({ method }: UpstreamRequest) {
        asked.push(method);
        const fault = failing[method];
        const times = (failures.get(method) ?? 0) + 1;
        failures.set(method, times);
        if (fault === undefined || times > (fault.times ?? Infinity)) {
          if (opens > 1 && method.startsWith('tasks/')) return Promise.reject(UNKNOWN());
          return Promise.resolve(answers[method] ?? '{}');
        }
        connection.isOpen = !fault.isFatal;
        return Promise.reject(fault.error());
      },
      listen: () => undefined,
      close: () => Promise.resolve(),
    };
    return Promise.resolve({ connection: connection as unknown as UpstreamConnection });
  };
  const dialer = {
    open,
    forget: () => undefined,
    onEraChange: () => undefined,
    onPersonChange: () => undefined,
  };
  const gateways = { credential: () => ({}), childEnv: () => ({}) };
  const pool = new ConnectionPool(
    dialer as unknown as Dialer,
    gateways as unknown as GatewaysService,
    way.config,
    way.meters,
    new ProcessRoom(way.config),
  );
  opened.push(way.clientRequests, pool);
  const taken = new Set<PooledSession>();
  const take = pool.take.bind(pool);
  pool.take = (...args) => {
    const found = take(...args);
    void Promise.resolve(found).then(
      (session) => taken.add(session),
      () => undefined,
    );
    return found;
  };
  const drivers = new DriverRegistry();
  drivers.register(new McpDriver(pool));
  const sessions = { level: () => 'info', askedLevel: () => null } as unknown as Sessions;
  const invoker = new Invoker(drivers, way.config, way.meters);
  const legs = new Legs(invoker, way.config, sessions, way.clientRequests, way.meters);
  const gateway = aGateway({ transport: 'STDIO', capabilities: { tasks: CAN } });
  const run = () =>
    driveCoreTask(
      legs,
      aModernCall('tools/call', {}, { elicitation: {} }),
      {
        ...{ gateway, kind: 'Tool', task: 'follow', name: 'm-job', target: 'job' },
        params: '"name":"job"',
      },
      null,
    ).catch((e: unknown) => e);
  const counts = () => Array.from(taken, ({ calls }) => calls);
  return { run, counts, asked, taken };
}

/** The task is cancelled when its answer has been given already. */
async function settled() {
  for (let i = 0; i < 20; i++) await new Promise(setImmediate);
}

describe('driveCoreTask: the upstream sessions that it takes', () => {
  afterEach(async () => {
    for (const each of opened.splice(0)) await each.onModuleDestroy();
  });

  it('gives back the one it stayed on', async () => {
    const { run, counts, asked } = made({});
    expect(await run()).toEqual({ result: '{"content":[]}', era: 'legacy' });
    await settled();
    expect(asked).toEqual(['tools/call', 'tasks/get', 'tasks/result']);
    expect(counts()).toEqual([0]);
  });

  const cases = STEPS.flatMap((step) =>
    (Object.keys(FAULTS) as (keyof typeof FAULTS)[]).map((name) => [name, step] as const),
  );
  it.each(cases)('gives back each once when %s at %s', async (name, step) => {
    const isLate = step === 'tasks/cancel';
    const more = isLate ? { 'tasks/get': FAULTS['it answers nonsense'] } : {};
    const { run, counts } = made({ ...more, [step]: FAULTS[name] });
    expect(await run()).toBeInstanceOf(Error);
    await settled();
    const kept = counts();
    expect(kept.length).toBeGreaterThan(0);
    expect(kept.every((calls) => calls === 0)).toBe(true);
  });

  it('takes the place of the one that died, and no other beside it', async () => {
    const { run, taken, asked } = made({ 'tasks/get': FAULTS['its process dies'] });
    await run();
    await settled();
    expect(asked.at(-1)).toBe('tasks/cancel');
    expect(taken.size).toBe(1);
  });

  it('gives back the one that died when no other can be opened', async () => {
    const unreachable = () => new GatewayError('upstream_unreachable', { reason: 'gone' });
    const { run, counts, asked } = made({
      'tasks/get': FAULTS['its process dies'],
      initialize: { isFatal: false, error: unreachable },
    });
    await run();
    await settled();
    expect(asked).not.toContain('tasks/cancel');
    expect(counts()).toEqual([0]);
  });

  it('gives it back when the circuit lets no cancellation through', async () => {
    const { run, counts, asked } = made(
      { 'tasks/get': FAULTS['its process dies'] },
      { CIRCUIT_BREAKER_THRESHOLD: '1' },
    );
    await run();
    await settled();
    expect(asked).not.toContain('tasks/cancel');
    expect(counts()).toEqual([0]);
  });
});

describe('driveCoreTask: a result that is lost on its way', () => {
  afterEach(async () => {
    for (const each of opened.splice(0)) await each.onModuleDestroy();
  });
  const cut = (times: number, isFatal = false) => ({
    'tasks/result': { isFatal, times, error: () => brokeOff('cut') },
  });
  const ENDED = {
    code: 'upstream_error',
    message: 'The task has ended, but the way to the upstream broke before its result came',
  };

  it('is asked for once more, on the session that has the task', async () => {
    const { run, asked } = made(cut(1));
    expect(await run()).toEqual({ result: '{"content":[]}', era: 'legacy' });
    await settled();
    expect(asked).toEqual(['tools/call', 'tasks/get', 'tasks/result', 'tasks/result']);
  });

  it.each([
    ['it is lost again', cut(2)],
    ['the session went with it', cut(1, true)],
  ])('is said to be lost when %s, and no task is cancelled', async (_when, failing) => {
    const { run, asked, counts } = made(failing);
    expect(await run()).toMatchObject(ENDED);
    await settled();
    expect(asked).toEqual(['tools/call', 'tasks/get', 'tasks/result', 'tasks/result']);
    expect(counts()).toEqual([0]);
  });

  it('is not asked for again before it is known where the task stands', async () => {
    const states = ['input_required', 'completed'];
    const answers = {
      ...ANSWERS,
      get 'tasks/get'() {
        return `{"taskId":"T","status":"${String(states.shift())}"}`;
      },
    };
    const { run, asked } = made(cut(1), {}, answers);
    expect(await run()).toEqual({ result: '{"content":[]}', era: 'legacy' });
    expect(asked).toEqual(['tools/call', 'tasks/get', 'tasks/result', 'tasks/get', 'tasks/result']);
  });

  it('says that the session is lost of a task that may still have run', async () => {
    const { run } = made({ 'tasks/get': { ...FAULTS['its session is lost'], times: 1 } });
    expect(await run()).toMatchObject({ code: 'upstream_error' });
  });
});
