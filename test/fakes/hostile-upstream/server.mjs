import { randomUUID } from 'node:crypto';
import { Call } from './call.mjs';
import { Lists, PROMPTS, RESOURCES, TEMPLATES } from './lists.mjs';
import { MODERN_TASK_METHODS } from './modern-tasks.mjs';
import { MODERN_METHODS } from './modern.mjs';
import { TASK_CAPABILITY, TASK_METHODS, beginTask } from './tasks.mjs';
import { TOOLS, fits } from './tools/index.mjs';
import { VENDOR_METHODS } from './vendor.mjs';

const REVISIONS = ['2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25'];
const CAPABILITIES = {
  tools: { listChanged: true },
  resources: { subscribe: true, listChanged: true },
  prompts: { listChanged: true },
  logging: {},
  completions: {},
};

/** One client of this server, whatever it came over. `send` reaches it outside of any request. */
export class Session {
  constructor(transport) {
    this.id = randomUUID();
    this.transport = transport;
    this.open = new Map();
    this.pending = new Map();
    this.requests = 0;
    this.send = null;
  }
}

/** The MCP server behind all transports; over HTTP it speaks either era, see modern.mjs. */
export class McpServer {
  constructor(journal, options) {
    this.journal = journal;
    this.lists = new Lists(options);
    this.sessions = new Map();
    this.session = { status: 404, forgetAfter: 0, delayInitializeMs: 0, refuseInitialize: null };
    /** What it answers to `initialize`, whatever was asked. */
    this.revision = null;
    this.auth = options.auth ?? null;
    this.era = options.era;
    this.version = '1.0.0';
    /** Capabilities that MCP knows nothing of. */
    this.experimental = {};
    this.modern = { refuseHeaders: 0, tellsNoTasks: false };
    /** Open `subscriptions/listen`: {id, filter, send, end}. */
    this.listens = new Set();
    this.hasTasks = options.hasTasks === true;
    this.tasks = new Map();
    /** So many requests for results of tasks lose their connection; over HTTP only. */
    this.cutResults = 0;
    this.cancelled = [];
    this.asked = 0;
    this.staysAlive = false;
  }

  set(modes) {
    Object.assign(this.lists, modes.list ?? {});
    Object.assign(this.session, modes.session ?? {});
    if (modes.session?.forgetNow) this.sessions.clear();
    if (modes.auth !== undefined) this.auth = modes.auth;
    if (modes.experimental !== undefined) this.experimental = modes.experimental;
    if (modes.cutResults !== undefined) this.cutResults = modes.cutResults;
    if (modes.version !== undefined) this.version = modes.version;
    if (modes.revision !== undefined) this.revision = modes.revision;
    if (modes.era !== undefined) this.become(modes.era);
    Object.assign(this.modern, modes.modern ?? {});
    if (modes.modern?.endListens) for (const listen of this.listens) listen.end();
  }

  get capabilities() {
    const { experimental } = this;
    const isPlain = Object.keys(experimental).length === 0;
    return isPlain ? CAPABILITIES : { ...CAPABILITIES, experimental };
  }

  /** A server of the other era was put in its place: it knows nothing of those before. */
  become(era) {
    this.era = era;
    this.sessions.clear();
    for (const listen of this.listens) listen.end();
  }

  broadcast(message, sessionId) {
    for (const listen of this.listens) listen.send(message);
    const text = JSON.stringify(message);
    for (const session of this.sessions.values())
      if (sessionId === undefined || session.id === sessionId) session.send?.(text);
  }

  /** Whether the credential is the wanted one; `auth` is `{header, value}`. */
  admits(headers) {
    return this.auth === null || headers[this.auth.header.toLowerCase()] === this.auth.value;
  }

  /** @returns false for notifications and responses, which get no answer */
  handle(session, message, out, from) {
    if (message.method === undefined) {
      const resolve = session.pending.get(message.id);
      session.pending.delete(message.id);
      resolve?.(message);
      return false;
    }
    if (message.id === undefined) {
      if (message.method === 'notifications/cancelled') this.cancel(session, message.params ?? {});
      return false;
    }
    const params = message.params ?? {};
    const call = new Call({ id: message.id, params, session, out, from, world: this });
    session.open.set(message.id, call);
    out.onEnd?.(() => session.open.delete(message.id));
    this.answer(call, message.method, params);
    return true;
  }

  cancel(session, { requestId, reason }) {
    this.cancelled.push({ requestId, reason, known: session.open.has(requestId) });
    session.open.get(requestId)?.cancel();
  }

  answer(call, method, params) {
    const lists = {
      'tools/list': ['tools', this.lists.tools(call.session.transport)],
      'resources/list': ['resources', RESOURCES],
      'resources/templates/list': ['resourceTemplates', TEMPLATES],
      'prompts/list': ['prompts', PROMPTS],
    };
    if (lists[method] !== undefined)
      return call.result({
        ...this.lists.page(...lists[method], params.cursor),
        ...(call.isModern ? this.lists.hints : {}),
      });
    const tasks = call.isModern ? MODERN_TASK_METHODS : TASK_METHODS;
    const own =
      (call.isModern ? MODERN_METHODS : {})[method] ??
      (this.hasTasks ? tasks : {})[method] ??
      this.methods[method] ??
      VENDOR_METHODS[method];
    if (own === undefined) return call.error(-32601, `Method not found: ${method}`);
    own.call(this, call, params);
  }

  methods = {
    initialize(call, params) {
      const asked = params.protocolVersion;
      const reply = () =>
        call.result({
          protocolVersion: this.revision ?? (REVISIONS.includes(asked) ? asked : '2025-11-25'),
          capabilities: { ...this.capabilities, ...(this.hasTasks && { tasks: TASK_CAPABILITY }) },
          serverInfo: { name: 'hostile-upstream', version: this.version },
          instructions: 'Test kit.',
        });
      const { refuseInitialize } = this.session;
      if (refuseInitialize) call.error(refuseInitialize.code, refuseInitialize.message);
      else if (this.session.delayInitializeMs) call.after(this.session.delayInitializeMs, reply);
      else reply();
    },
    ping: (call) => call.result({}),
    'logging/setLevel': (call) => call.result({}),
    'resources/subscribe': (call) => call.result({}),
    'resources/unsubscribe': (call) => call.result({}),
    'completion/complete': (call) =>
      call.result({ completion: { values: ['paris', 'park'], total: 2, hasMore: false } }),
    'resources/read'(call, { uri }) {
      if (uri === 'test://items/bytes')
        return call.result({ contents: [{ uri, mimeType: 'image/x-kit', blob: 'AAEC/w==' }] });
      if (uri === 'test://items/badtype')
        return call.result({ contents: [{ uri, mimeType: 'text/html\r\nx-evil: 1', text: 'x' }] });
      if (uri === 'test://items/nothing') return call.result({ contents: [] });
      call.result({ contents: [{ uri, mimeType: 'text/plain', text: `content of ${uri}` }] });
    },
    'prompts/get'(call, { name, arguments: args }) {
      if (name !== 'greet') return call.error(-32602, `Unknown prompt: ${name}`);
      const text = `Hello ${args?.name}`;
      call.result({ messages: [{ role: 'user', content: { type: 'text', text } }] });
    },
    'tools/call'(call, { name }) {
      if (beginTask(call, name)) return;
      if (String(name).startsWith('extra_')) return call.text(name);
      const tool = Object.hasOwn(TOOLS, name) && fits(name, call.session.transport);
      if (!tool) return call.error(-32602, `Unknown tool: ${name}`);
      void TOOLS[name](call);
    },
  };
}
