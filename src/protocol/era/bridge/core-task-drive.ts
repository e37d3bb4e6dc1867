import { Abort } from '../../../kernel/abort.js';
import type { Call } from '../../../kernel/call.js';
import { GatewayError } from '../../../kernel/errors.js';
import type { Members } from '../../../kernel/json-members.js';
import { RELAYED, scanJson } from '../../../kernel/json-scan.js';
import { relatedResult } from '../../../kernel/related-task.js';
import { UpstreamRpcError } from '../../../kernel/jsonrpc.js';
import type { Stay, UpstreamObserver, UpstreamReply } from '../../../kernel/upstream.js';
import type { Legs, Upward, Watch } from '../../legs.js';
import { cancelCoreTask } from './cancel-core-task.js';
import { PollClock } from './poll-clock.js';
import { TaskWatch } from './task-watch.js';

/** How long a task is kept above beyond the longest call, for people who take their time, in ms. */
const SLACK_MS = 600_000;

/** One task of a legacy upstream that is followed here. */
interface Course {
  readonly legs: Legs;
  readonly call: Call;
  readonly up: Upward;
  readonly watch: Watch | null;
  readonly hears: UpstreamObserver | null;
  readonly abort: Abort;
  readonly stay: Stay;
  taskId: string;
  /** Whether the task may still be at work above: only then is there something to cancel. */
  mayRun: boolean;
}

/**
 * Calls a tool of a legacy upstream that runs as a task only, for a client that follows none, and
 * waits here for its result (PROTOCOL.md §5.8, 25 Tasks). What the task asks goes the way of every
 * question.
 * @param watch hears and ends the call in place of the call itself
 * @throws as Legs.send
 */
export async function driveCoreTask(
  legs: Legs,
  call: Call,
  up: Upward,
  watch: Watch | null,
): Promise<UpstreamReply> {
  const course: Course = {
    ...{ legs, call, up, watch, taskId: '', mayRun: false },
    hears: watch ?? legs.stream(call),
    abort: watch?.abort ?? call.abort,
    stay: { held: null },
  };
  const { stay } = course;
  let isUnfinished = false;
  try {
    return await follow(course);
  } catch (e) {
    isUnfinished = course.mayRun && !(e instanceof UpstreamRpcError);
    throw e;
  } finally {
    // The session is kept until the task is cancelled; the client waits for neither.
    const { gateway, name, timeoutMs = null } = up;
    const whose = { gateway, name, timeoutMs, stay };
    void (
      isUnfinished ? cancelCoreTask(legs, call, whose, course.taskId) : Promise.resolve()
    ).finally(() => {
      stay.held?.giveBack();
    });
  }
}

async function follow(course: Course): Promise<UpstreamReply> {
  const { legs, up, abort } = course;
  const clock = new PollClock(abort, legs.totalMs(up));
  const reply = await begin(course);
  const { top, nested } = scanJson(reply.result, { ...RELAYED, nested: ['task'] });
  const begun = nested['task'];
  // It has answered after all; a tool may have changed its mind since it was listed.
  if (begun === undefined || top.has('content')) return reply;
  const taskId = begun.string('taskId');
  if (taskId === undefined) throw fault('Upstream began a task without an id');
  course.taskId = taskId;
  course.mayRun = true;
  if (abort.aborted) throw new GatewayError('cancelled');
  for (let state = begun; ; state = await look(course)) {
    if (isOver(course, state)) return result(course, clock.leftMs);
    await clock.next(Number(state.raw('pollInterval')));
  }
}

/**
 * A client that goes away meanwhile is seen to when the task has an id: without one nothing can end
 * it, and `notifications/cancelled` must not (25 Cancellation §Behavior Requirements).
 */
function begin(course: Course): Promise<UpstreamReply> {
  const { legs, call, up, watch, hears, stay } = course;
  const ttl = Math.ceil(legs.totalMs(up) + SLACK_MS);
  const params = `${up.params},"task":{"ttl":${String(ttl)}}`;
  const leg = new TaskWatch(hears, new Abort(), watch?.places ?? null, null);
  return legs.send(call, { ...up, params, stay }, leg);
}

async function look(course: Course): Promise<Members> {
  return scanJson((await send(course, 'tasks/get')).result, RELAYED).top;
}

/** @returns whether `tasks/result` is to be asked: questions of a task come on that request */
function isOver(course: Course, state: Members): boolean {
  const status = state.string('status') ?? '';
  switch (status) {
    case 'working':
      return false;
    case 'input_required':
    case 'completed':
    case 'failed':
      return true;
    case 'cancelled':
      course.mayRun = false;
      throw fault('Upstream cancelled the task');
    default:
      throw fault(`Upstream sent a task whose status is '${status.slice(0, 64)}'`);
  }
}

async function result(course: Course, leftMs: number): Promise<UpstreamReply> {
  const reply = await send(course, 'tasks/result', leftMs);
  course.mayRun = false;
  return { result: relatedResult(reply.result, null), era: reply.era };
}

/** @param timeoutMs longest silence; that of the tool where it is not given */
function send(
  { legs, call, up, watch, hears, abort, stay, taskId }: Course,
  method: string,
  timeoutMs?: number,
): Promise<UpstreamReply> {
  return legs.send(
    call,
    {
      ...{ gateway: up.gateway, kind: 'Task', name: up.name, target: taskId, method, stay },
      params: `"taskId":${JSON.stringify(taskId)}`,
      isRetryable: method === 'tasks/get',
      timeoutMs: timeoutMs ?? up.timeoutMs ?? null,
    },
    new TaskWatch(hears, abort, watch?.places ?? null, null),
  );
}

function fault(reason: string): GatewayError {
  return new GatewayError('upstream_error', { reason });
}
