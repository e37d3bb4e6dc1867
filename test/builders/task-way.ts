import type { Gateway } from '../../src/kernel/catalog.js';
import { GatewayError } from '../../src/kernel/errors.js';
import type { Era } from '../../src/kernel/mcp.js';
import type { UpstreamRequest } from '../../src/kernel/upstream.js';
import { InputLoop } from '../../src/protocol/era/bridge/input-loop.js';
import { ModernClients } from '../../src/protocol/era/bridge/modern-clients.js';
import { Parks } from '../../src/protocol/era/bridge/parks.js';
import { StateSeals } from '../../src/protocol/era/bridge/state-seals.js';
import { TaskDrive } from '../../src/protocol/era/bridge/task-drive.js';
import { TaskSeals } from '../../src/protocol/era/bridge/task-seals.js';
import type { Upward } from '../../src/protocol/legs.js';
import type { LoginQuestions } from '../../src/protocol/login-questions.js';
import { UpwardCalls } from '../../src/protocol/methods/upward.js';
import type { ResourceSubscriptions } from '../../src/protocol/resource-subscriptions.js';
import { aWayUp } from '../fakes/upstream-driver.js';
import type { MadeCall } from './call.js';
import { aGateway } from './catalog.js';

const ends: (() => void)[] = [];

/** Ends what the ways of a test have left open. */
export function endTaskWays(): void {
  for (const end of ends.splice(0)) end();
}

/** What the upstream tells of tasks: it acknowledges when the test says so, unless it never does. */
export class FakeTelling {
  readonly watched: string[] = [];
  readonly ended: string[] = [];
  /** Tells of the task that was asked for last. */
  tell: (params: string) => void = () => undefined;
  acknowledge: () => void = () => undefined;

  constructor(private readonly isOffered: boolean) {}

  watch = (
    _who: unknown,
    at: { readonly taskId: string },
    updated: (params: string) => void,
  ): Promise<void> => {
    this.watched.push(at.taskId);
    this.tell = updated;
    if (!this.isOffered)
      return Promise.reject(new GatewayError('upstream_error', { reason: 'tells nothing' }));
    return new Promise((resolve) => (this.acknowledge = resolve));
  };

  end = (watcher: string): Promise<void> => {
    this.ended.push(watcher);
    return Promise.resolve();
  };
}

/** The way of calls of a tool `job` that runs as a task, to an upstream that the test plays. */
export function aTaskWay(
  era: Era,
  more: { readonly gateway?: Partial<Gateway>; readonly tells?: boolean } = {},
) {
  const way = aWayUp();
  const { legs, clientRequests, sealer, config, meters, driver } = way;
  ends.push(() => {
    clientRequests.onModuleDestroy();
  });
  const gateway = aGateway({ era, ...more.gateway });
  const telling = new FakeTelling(more.tells === true);
  const loop = new InputLoop(legs, clientRequests);
  const seals = [new StateSeals(sealer), new TaskSeals(sealer)] as const;
  const clients = new ModernClients(legs, ...seals, new Parks(config, meters), meters);
  const subscriptions = telling as unknown as ResourceSubscriptions;
  const drive = new TaskDrive(legs, loop, clientRequests, subscriptions);
  // No client of this builder begins a task.
  const logins = { isFor: () => false } as unknown as LoginQuestions;
  const upward = new UpwardCalls(legs, clients, loop, drive, null as never, logins);
  const send = (call: MadeCall, up: Partial<Upward> = {}): Promise<unknown> =>
    upward
      .send(call, {
        ...{ gateway, kind: 'Tool', name: 'm-job', target: 'job', params: '"name":"job"' },
        ...up,
      })
      .then(JSON.parse, (e: unknown) => e);
  /** Answers the next request above, which must be this one. */
  const answer = async (method: string, result: object): Promise<UpstreamRequest> => {
    const leg = await driver.next();
    expect(leg.request.method).toBe(method);
    leg.answer(JSON.stringify(result), era);
    return leg.request;
  };
  const methods = (): string[] => driver.legs.map(({ request }) => request.method);
  return { ...way, telling, send, answer, methods };
}
