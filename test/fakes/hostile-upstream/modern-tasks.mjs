import { randomUUID } from 'node:crypto';

const TASKS = 'io.modelcontextprotocol/tasks';
const text = (said) => ({
  resultType: 'complete',
  content: [{ type: 'text', text: said }],
});
const QUESTION = {
  method: 'elicitation/create',
  params: {
    message: 'your name?',
    requestedSchema: { type: 'object', properties: { name: { type: 'string' } } },
  },
};

/** One task of the extension of 2026-07-28; whoever listens for it is told the whole of it. */
class ModernTask {
  constructor({ world, args }) {
    this.world = world;
    this.nonce = args.nonce;
    this.id = randomUUID();
    this.createdAt = new Date().toISOString();
    this.status = 'working';
    this.more = {};
  }

  get state() {
    const { id: taskId, status, createdAt, more } = this;
    const times = { createdAt, lastUpdatedAt: createdAt, ttlMs: null, pollIntervalMs: 100 };
    return { taskId, status, ...times, ...more };
  }

  become(status, more = {}) {
    if (this.status === 'cancelled') return;
    Object.assign(this, { status, more });
    const told = { jsonrpc: '2.0', method: 'notifications/tasks', params: this.state };
    this.world.journal.write({ event: `task.${status}`, nonce: this.nonce });
    this.world.broadcast(told);
  }
}

/** What the tools do that run as tasks; those that are not here never end. */
const COURSES = {
  task_echo: (task, { message, ms }) =>
    setTimeout(() => task.become('completed', { result: text(String(message)) }), ms ?? 150),
  task_ask: (task) =>
    setTimeout(() => task.become('input_required', { inputRequests: { name: QUESTION } }), 300),
  task_fail: (task) =>
    setTimeout(() => task.become('failed', { error: { code: -7, message: 'it failed' } }), 50),
};

/** Begins a task, for who says that it follows tasks. */
export function beginModern(call, name) {
  const { id, out, params, world } = call;
  const able = params._meta['io.modelcontextprotocol/clientCapabilities'].extensions ?? {};
  if (able[TASKS] === undefined)
    return call.error(-32021, 'Missing capability', {
      requiredCapabilities: { extensions: { [TASKS]: {} } },
    });
  const task = new ModernTask(call);
  world.tasks.set(task.id, task);
  const result = { resultType: 'task', ...task.state };
  out.final(JSON.stringify({ jsonrpc: '2.0', id, result }));
  COURSES[name]?.(task, call.args);
}

function known(call, work) {
  const task = call.world.tasks.get(call.params.taskId);
  if (task === undefined) call.error(-32602, `Task not found: ${call.params.taskId}`);
  else work(task);
}

export const MODERN_TASK_METHODS = {
  'tasks/get': (call) => known(call, (task) => call.result(task.state)),
  'tasks/update': (call) =>
    known(call, (task) => {
      call.result({});
      task.become('completed', { result: text(JSON.stringify(call.params.inputResponses)) });
    }),
  'tasks/cancel': (call) =>
    known(call, (task) => {
      task.become('cancelled');
      call.result({});
    }),
};
