import { Abort } from '../../../kernel/abort.js';
import type { Call } from '../../../kernel/call.js';
import { GatewayError } from '../../../kernel/errors.js';
import type { Members } from '../../../kernel/json-members.js';
import { RELAYED, scanJson } from '../../../kernel/json-scan.js';
import { related, relatedResult } from '../../../kernel/related-task.js';
import { UpstreamRpcError } from '../../../kernel/jsonrpc.js';
import type {
  AfterProgress,
  Stay,
  UpstreamObserver,
  UpstreamReply,
} from '../../../kernel/upstream.js';
import { isUnreached } from '../../../upstreams/reach.js';
import type { Legs, Upward, Watch } from '../../legs.js';
import { cancelCoreTask } from './cancel-core-task.js';
import { PollClock } from './poll-clock.js';
import { knowsNone, TaskWatch } from './task-watch.js';

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
  /** Where the task was begun: elsewhere nobody knows it. */
  home: object | null;
  taskId: string;
  /** How the request for the result broke off, the first time. */
  lost: unknown;
  /** Whether the task may still be at work above: only then is there something to cancel. */
  mayRun: boolean;
  isOver: boolean;
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
    ...{ legs, call, up, watch, home: null, taskId: '', lost: null, mayRun: false, isOver: false },
    hears: watch ?? legs.stream(call),
    abort: watch?.abort ?? call.abort,
    stay: { held: null, abort: watch?.abort ?? call.abort },
  };
  const { stay } = course;
  let isUnfinished = false;
  try {
    return await follow(course);
  } catch (e) {
    isUnfinished = course.mayRun && !(e instanceof UpstreamRpcError);
    throw whatIsTrue(course, e);
  } finally {
    course.isOver = true;
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
  // From here on each request has its own end; the last one is to go up in any case.
  course.stay.abort = null;
  const { top, nested } = scanJson(reply.result, { ...RELAYED, nested: ['task'] });
  const begun = nested['task'];
  // It has answered after all; a tool may have changed its mind since it was listed.
  if (begun === undefined || top.has('content')) return reply;
  const taskId = begun.string('taskId');
  if (taskId === undefined) throw fault('Upstream began a task without an id');
  course.taskId = taskId;
  course.home = course.stay.held?.connection ?? null;
  course.mayRun = true;
  if (abort.aborted) throw new GatewayError('cancelled');
  for (let state = begun; ;) {
    if (!isOver(course, state)) await clock.next(Number(state.raw('pollInterval')));
    else {
      const reply = await result(course, clock.leftMs);
      if (reply !== null) return reply;
      // To ask for a result changes nothing above: one that broke off is asked for once more.
      if (!(course.mayRun as boolean)) continue;
    }
    state = await look(course);
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
  const afterwards: AfterProgress = {
    get isOver() {
      return course.isOver;
    },
    progress: (said) => hears?.progress(related(said, null)),
  };
  const places = watch?.places ?? null;
  const leg = new TaskWatch(hears, new Abort(), places, knowsNone, afterwards);
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
      return true;
    case 'completed':
    case 'failed':
      course.mayRun = false;
      return true;
    case 'cancelled':
      course.mayRun = false;
      throw fault('Upstream cancelled the task');
    default:
      throw fault(`Upstream sent a task whose status is '${status.slice(0, 64)}'`);
  }
}

/** @returns null when the way to the upstream broke meanwhile, for the first time */
async function result(course: Course, leftMs: number): Promise<UpstreamReply | null> {
  try {
    const reply = await send(course, 'tasks/result', leftMs);
    course.mayRun = false;
    return { result: relatedResult(reply.result, null), era: reply.era };
  } catch (e) {
    if (course.lost !== null || !(e instanceof GatewayError) || !isUnreached(e)) throw e;
    course.lost = e;
    return null;
  }
}

/**
 * What a session that never had the task says of it is not true; and of a task that has ended only the
 * result can be lost.
 */
function whatIsTrue({ home, lost, mayRun, stay }: Course, error: unknown): unknown {
  const isOfStranger =
    error instanceof UpstreamRpcError && home !== null && stay.held?.connection !== home;
  const isInVain =
    lost !== null && error instanceof GatewayError && error.code !== 'cancelled' && !mayRun;
  if (!isOfStranger && !isInVain) return error;
  const reason = mayRun
    ? 'Upstream has lost the session of the task, its outcome is unknown'
    : 'The task has ended, but the way to the upstream broke before its result came';
  return new GatewayError('upstream_error', { reason }, { cause: lost ?? error });
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
    new TaskWatch(hears, abort, watch?.places ?? null, knowsNone),
  );
}

function fault(reason: string): GatewayError {
  return new GatewayError('upstream_error', { reason });
}
