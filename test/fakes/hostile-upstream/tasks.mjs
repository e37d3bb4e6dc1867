import { randomUUID } from 'node:crypto';
import { beginModern } from './modern-tasks.mjs';

const RELATED = 'io.modelcontextprotocol/related-task';
const ENDED = ['completed', 'failed', 'cancelled'];
const text = (said) => ({ content: [{ type: 'text', text: said }] });

/** One task of 2025-11-25, known to the session that began it and to no other. */
class Task {
  constructor(call) {
    this.id = randomUUID();
    this.session = call.session;
    this.status = 'working';
    this.createdAt = new Date().toISOString();
    this.ttl = call.params.task.ttl ?? null;
    this.token = call.params._meta?.progressToken;
    this.outcome = null;
    this.question = null;
    this.waiting = [];
  }

  get state() {
    const { id: taskId, status, createdAt, ttl } = this;
    return { taskId, status, createdAt, lastUpdatedAt: createdAt, ttl, pollInterval: 100 };
  }

  become(status, outcome = null) {
    if (ENDED.includes(this.status)) return;
    this.status = status;
    this.outcome = outcome;
    const told = { jsonrpc: '2.0', method: 'notifications/tasks/status', params: this.state };
    this.session.send?.(JSON.stringify(told));
    if (ENDED.includes(status)) for (const tell of this.waiting.splice(0)) tell();
  }

  /** Says how far it is, on the stream of the session. */
  progress(progress) {
    if (this.token === undefined) return;
    const params = {
      progressToken: this.token,
      progress,
      _meta: { [RELATED]: { taskId: this.id } },
    };
    const told = { jsonrpc: '2.0', method: 'notifications/progress', params };
    this.session.send?.(JSON.stringify(told));
  }

  /** Answers `tasks/result`: asks on it what is to be asked, and waits for the end. */
  async result(call) {
    const _meta = { [RELATED]: { taskId: this.id } };
    if (this.question !== null) {
      const question = this.question;
      this.question = null;
      this.become('working');
      const answer = await call.ask('elicitation/create', { ...question, _meta });
      this.become('completed', text(JSON.stringify(answer.result ?? answer.error)));
    }
    const tell = () => call.result({ ...(this.outcome ?? text(this.status)), _meta });
    if (ENDED.includes(this.status)) tell();
    else this.waiting.push(tell);
  }
}

/** What the tools do that run as tasks; `optional` ones also answer at once. */
export const TASK_TOOLS = {
  task_echo: (task, { message, ms }) =>
    setTimeout(() => task.become('completed', text(String(message))), ms ?? 150),
  task_ask(task) {
    task.question = {
      message: 'your name?',
      requestedSchema: { type: 'object', properties: { name: { type: 'string' } } },
    };
    setTimeout(() => task.become('input_required'), 50);
  },
  task_fail: (task) =>
    setTimeout(() => task.become('failed', { ...text('it failed'), isError: true }), 50),
  task_steps(task) {
    for (const step of [1, 2, 3]) setTimeout(() => task.progress(step), step * 100);
    setTimeout(() => task.become('completed', text('stepped')), 500);
    setTimeout(() => task.progress(4), 600);
  },
  task_hang() {
    // never ends
  },
  task_maybe: (task, { message }) => task.become('completed', text(String(message))),
};
const OPTIONAL = new Set(['task_maybe']);

export const TASK_CAPABILITY = { list: {}, cancel: {}, requests: { tools: { call: {} } } };

export function taskToolList() {
  return Object.keys(TASK_TOOLS).map((name) => ({
    name,
    description: `kit behaviour ${name}`,
    inputSchema: { type: 'object' },
    execution: { taskSupport: OPTIONAL.has(name) ? 'optional' : 'required' },
  }));
}

/** Begins what was asked for as a task. @returns false when that tool is none of these */
export function beginTask(call, name) {
  if (!call.world.hasTasks || !Object.hasOwn(TASK_TOOLS, name)) return false;
  if (call.isModern) {
    beginModern(call, name);
    return true;
  }
  if (call.params.task === undefined) {
    if (OPTIONAL.has(name)) call.text(String(call.args.message));
    else call.error(-32601, `Tool ${name} requires a task`);
    return true;
  }
  const task = new Task(call);
  call.world.tasks.set(task.id, task);
  call.result({ task: task.state });
  TASK_TOOLS[name](task, call.args);
  return true;
}

function known(call, work) {
  const task = call.world.tasks.get(call.params.taskId);
  if (task?.session === call.session) void work(task);
  else call.error(-32602, `Task not found: ${call.params.taskId}`);
}

export const TASK_METHODS = {
  'tasks/get': (call) => known(call, (task) => call.result(task.state)),
  'tasks/result'(call) {
    if (call.out.res !== null && call.world.cutResults-- > 0) call.out.res.destroy();
    else known(call, (task) => task.result(call));
  },
  'tasks/cancel': (call) =>
    known(call, (task) => {
      task.become('cancelled');
      call.result(task.state);
    }),
  'tasks/list': (call) =>
    call.result({ tasks: [...call.world.tasks.values()].map(({ state }) => state) }),
};
