import { createHash } from 'node:crypto';
import { type IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { KnownSessions, SESSION_HEADER } from './known-sessions.js';
import type { HeaderVariable } from './plan.js';
import type { TranslateApp } from './translate-app.js';

/** Values of headers at the same time, each with upstream processes of its own. */
const MAX_APPS = 50;
const MAX_VALUE = 4096;

type Env = Readonly<Record<string, string>>;
type App = Pick<TranslateApp, 'close'>;

interface Entry<A> {
  readonly app: Promise<A>;
  /** Digests of its values: they may be secrets, and are not kept. */
  readonly values: ReadonlyMap<string, string>;
  /** Exchanges that are open. */
  open: number;
}

/** Too many different values are in use at the same time. */
export class NoRoomError extends Error {}

/** The upstream of a session has made room, and the request does not say what would start it again. */
export class SessionGoneError extends Error {}

/**
 * One upstream for each set of values that the listed request headers have (`--header-to-env`).
 * Between looking for an entry and taking it nothing is waited for: no two requests start one upstream,
 * and none makes room of what another was just given.
 */
export class Apps<A extends App = TranslateApp> {
  /** The one that was used longest ago comes first. */
  private readonly entries = new Map<string, Entry<A>>();
  /** Those that made room, until they are closed. */
  private readonly ending = new Set<Promise<void>>();
  private readonly sessions = new KnownSessions();
  private isClosed = false;

  constructor(
    private readonly variables: readonly HeaderVariable[],
    private readonly start: (env: Env) => Promise<A>,
    private readonly max = MAX_APPS,
  ) {}

  /**
   * The upstream for a request; started when it is the first with its values.
   * @param end tells with `close` that the request, or what became of it, is over
   * @throws NoRoomError, SessionGoneError · GatewayError when it cannot be started
   */
  async of(req: IncomingMessage, end: ServerResponse | Duplex): Promise<A> {
    const env = this.envOf(req);
    const key = this.keyFor(req, env);
    const entry = this.entries.get(key) ?? this.add(key, env);
    this.entries.delete(key);
    this.entries.set(key, entry);
    entry.open++;
    end.once('close', () => {
      entry.open--;
    });
    if (this.variables.length > 0 && end instanceof ServerResponse)
      this.sessions.learnFrom(end, key);
    return entry.app;
  }

  /** The upstream of requests without the headers: whether it works at all is seen at the start. */
  async first(): Promise<A> {
    return (this.entries.get('') ?? this.add('', {})).app;
  }

  async close(): Promise<void> {
    this.isClosed = true;
    for (const { app } of this.entries.values()) void this.end(app);
    await Promise.all(this.ending);
  }

  private envOf(req: IncomingMessage): Env {
    const env: Record<string, string> = {};
    for (const { header, variable } of this.variables) {
      const value = req.headers[header];
      if (typeof value === 'string') env[variable] = value.slice(0, MAX_VALUE);
    }
    return env;
  }

  /**
   * Later requests of a session need not repeat the headers: its id alone leads to its program, as it
   * does to the session itself. Headers that are sent decide: where they differ from those it was opened
   * with, the id must not lead to a program with the values of somebody else.
   */
  private keyFor(req: IncomingMessage, env: Env): string {
    const key = keyOf(env);
    const session = req.headers[SESSION_HEADER];
    const known = typeof session === 'string' ? this.sessions.keyOf(session) : undefined;
    if (known === undefined || known === key) return key;
    const entry = this.entries.get(known);
    if (entry !== undefined && isPartOf(env, entry.values)) return known;
    if (key === '') throw new SessionGoneError('Session not found');
    return key;
  }

  private add(key: string, env: Env): Entry<A> {
    if (this.isClosed) throw new NoRoomError('shutting down');
    const room = this.entries.size >= this.max ? this.makeRoom() : null;
    const app = room === null ? this.start(env) : room.then(() => this.start(env));
    const values = new Map(Object.entries(env).map(([name, value]) => [name, digest(value)]));
    const entry = { app, values, open: 0 };
    this.entries.set(key, entry);
    app.catch(() => {
      if (this.entries.get(key) === entry) this.entries.delete(key);
    });
    return entry;
  }

  /** @returns settled once what made room is closed @throws NoRoomError */
  private makeRoom(): Promise<void> {
    const idle = [...this.entries].find(([, entry]) => entry.open === 0);
    if (idle === undefined) throw new NoRoomError('too many different header values');
    const [key, { app }] = idle;
    this.entries.delete(key);
    return this.end(app);
  }

  private end(app: Promise<A>): Promise<void> {
    const ended = app.then((one) => one.close()).catch(() => undefined);
    this.ending.add(ended);
    return ended.finally(() => this.ending.delete(ended));
  }
}

const digest = (text: string): string => createHash('sha256').update(text).digest('base64url');

/** '' where none of the headers is sent. */
function keyOf(env: Env): string {
  return Object.keys(env).length === 0 ? '' : digest(JSON.stringify(env));
}

function isPartOf(env: Env, values: ReadonlyMap<string, string>): boolean {
  return Object.entries(env).every(([name, value]) => values.get(name) === digest(value));
}
