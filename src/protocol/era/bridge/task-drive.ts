import { RPC_CODE } from '../../../kernel/mcp.js';
import { Injectable } from '@nestjs/common';
import { Abort } from '../../../kernel/abort.js';
import type { Call } from '../../../kernel/call.js';
import { GatewayError } from '../../../kernel/errors.js';
import { TASKS, declaresExtension } from '../../../kernel/extensions.js';
import type { Members } from '../../../kernel/json-members.js';
import { RELAYED, scanJson } from '../../../kernel/json-scan.js';
import { UpstreamRpcError } from '../../../kernel/jsonrpc.js';
import type { UpstreamReply } from '../../../kernel/upstream.js';
import { ClientRequests } from '../../client-requests.js';
import { Legs, type Upward } from '../../legs.js';
import { ResourceSubscriptions } from '../../resource-subscriptions.js';
import { InputGathering } from './input-gathering.js';
import { InputLoop } from './input-loop.js';
import { readInputRequests } from './input-required.js';
import { PollClock } from './poll-clock.js';
import { TaskListening, type TaskNews } from './task-news.js';
import { readTask } from './task-results.js';
import { UnansweredError, unansweredReply } from './unanswered.js';

const MAX_TOOLS = 10_000;
/** Pause between looks at a task whose upstream tells of it: a notice can be lost. */
const SAFETY_MS = 30_000;
/** Times that one task may ask (PROTOCOL.md §5.5). */
const MAX_ROUNDS = 10;

/** One task of a modern upstream that is followed here. */
interface Course {
  readonly call: Call;
  readonly up: Upward;
  readonly taskId: string;
  readonly clock: PollClock;
  readonly news: TaskNews;
  readonly gathering: InputGathering;
  /** Keys of questions that have their answer: an upstream may show them a little longer. */
  readonly answered: Set<string>;
  rounds: number;
}

/**
 * Tools of modern upstreams that only run as tasks, for legacy clients, who know no such tasks
 * (PROTOCOL.md §5.8): the task is followed here to its end, and the client waits for its result.
 */
@Injectable()
export class TaskDrive {
  /** Tools that have said that they need it. */
  private readonly tools = new Set<string>();
  private readonly listening: TaskListening;

  constructor(
    private readonly legs: Legs,
    private readonly loop: InputLoop,
    private readonly clientRequests: ClientRequests,
    subscriptions: ResourceSubscriptions,
  ) {
    this.listening = new TaskListening(subscriptions);
  }

  isFor(up: Upward): boolean {
    return this.tools.size > 0 && this.tools.has(keyOf(up));
  }

  /** @returns whether the error was the first that says that the tool needs tasks */
  learns(up: Upward, error: unknown): boolean {
    if (!(error instanceof UpstreamRpcError) || error.code !== RPC_CODE.missingCapability)
      return false;
    if (!error.error.includes(TASKS) || this.isFor(up)) return false;
    if (this.tools.size >= MAX_TOOLS) this.tools.clear();
    this.tools.add(keyOf(up));
    return true;
  }

  /** Calls a tool that needs tasks. */
  async run(call: Call, up: Upward): Promise<UpstreamReply> {
    const able = declaring(call);
    const reply = await this.legs.send(able, up);
    return this.followed(able, up, await this.loop.run(able, up, reply));
  }

  /**
   * The end of a task where a reply has begun one; every other reply as it is.
   * @throws GatewayError `upstream_error` when nobody had offered to follow a task
   */
  followed(call: Call, up: Upward, reply: UpstreamReply): UpstreamReply | Promise<UpstreamReply> {
    const task = reply.era === 'modern' ? readTask(reply.result) : null;
    if (task === null) return reply;
    if (!declaresExtension(call.client.capabilities, TASKS))
      throw new GatewayError('upstream_error', {
        reason: 'Upstream began a task for a client that did not offer to follow it',
      });
    const { taskId } = task;
    const clock = new PollClock(call.abort, this.legs.totalMs(up));
    const course: Course = {
      ...{ call, up, taskId, clock, rounds: 0 },
      news: this.listening.to(call.caller, { gatewayId: up.gateway.id, taskId }, () => {
        clock.hurry();
      }),
      gathering: new InputGathering(call, this.clientRequests),
      answered: new Set(),
    };
    return this.follow(course, task.top);
  }

  private async follow(course: Course, begun: Members): Promise<UpstreamReply> {
    const { call, news } = course;
    try {
      for (let state = begun; ;) {
        const ended = endOf(state);
        if (ended !== null) return ended;
        if (state.string('status') === 'input_required') await this.answer(course, state);
        state = await this.next(course, state);
      }
    } catch (e) {
      if (!(e instanceof UpstreamRpcError)) this.giveUp(course);
      return unansweredReply(call, e);
    } finally {
      news.end();
    }
  }

  /** What the upstream tells next of the task; where it tells nothing, what it says when asked. */
  private async next(course: Course, state: Members): Promise<Members> {
    const { clock, news } = course;
    const pauseMs = news.isTold ? SAFETY_MS : Number(state.raw('pollIntervalMs'));
    await clock.next(news.isWaiting ? 0 : pauseMs);
    return news.take() ?? scanJson((await this.send(course, 'tasks/get')).result, RELAYED).top;
  }

  private async answer(course: Course, state: Members): Promise<void> {
    const { answered, clock, gathering } = course;
    const asked = readInputRequests(state.raw('inputRequests') ?? '{}');
    const open = asked.filter(({ key }) => !answered.has(key));
    if (open.length === 0) return;
    if (++course.rounds > MAX_ROUNDS)
      throw new UnansweredError(`Upstream asked in more than ${String(MAX_ROUNDS)} rounds`);
    const responses = await clock.standing(gathering.answers(open));
    for (const { key } of open) answered.add(key);
    await this.send(course, 'tasks/update', `,"inputResponses":${responses}`);
  }

  private send({ call, up, taskId }: Course, method: string, more = ''): Promise<UpstreamReply> {
    return this.legs.send(call, {
      ...{ gateway: up.gateway, kind: 'Task', name: up.name, target: taskId, method },
      params: `"taskId":${JSON.stringify(taskId)}${more}`,
      isRetryable: method === 'tasks/get',
    });
  }

  /** Nobody waits for the task any more. Whether the upstream can end it makes no difference here. */
  private giveUp(course: Course): void {
    const call = { ...course.call, abort: new Abort() };
    this.send({ ...course, call }, 'tasks/cancel').catch(() => undefined);
  }
}

/**
 * @returns what the task came to; `null` while it goes on
 * @throws UpstreamRpcError with the error it failed with · GatewayError `upstream_error`
 */
function endOf(state: Members): UpstreamReply | null {
  const status = state.string('status') ?? '';
  if (status === 'working' || status === 'input_required') return null;
  const result = state.raw('result');
  if (status === 'completed' && result?.startsWith('{') === true) return { result, era: 'modern' };
  const error = state.raw('error');
  if (status === 'failed' && error?.startsWith('{') === true) {
    const code = Number(scanJson(error, RELAYED).top.raw('code'));
    throw new UpstreamRpcError(error, Number.isInteger(code) ? code : 0, 'modern');
  }
  const reason =
    status === 'cancelled'
      ? 'Upstream cancelled the task'
      : `Upstream sent a task that is malformed, its status is '${status.slice(0, 64)}'`;
  throw new GatewayError('upstream_error', { reason });
}

/** The same Call of a client that follows tasks: the gateway does so in its place. */
function declaring(call: Call): Call {
  const given = JSON.parse(call.client.capabilities) as { extensions?: object };
  const extensions = { ...given.extensions, [TASKS]: {} };
  const capabilities = JSON.stringify({ ...given, extensions });
  return { ...call, client: { ...call.client, capabilities } };
}

function keyOf({ gateway, kind, target }: Upward): string {
  return `${gateway.id} ${kind} ${target ?? ''}`;
}
