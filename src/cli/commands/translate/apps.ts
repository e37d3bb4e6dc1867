import { createHash } from 'node:crypto';
import { type IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { HeaderVariable } from './plan.js';
import type { TranslateApp } from './translate-app.js';

/** Values of headers at the same time, each with upstream processes of its own. */
const MAX_APPS = 50;
const MAX_SESSIONS = 10_000;
const MAX_VALUE = 4096;
const SESSION = 'mcp-session-id';

type Env = Readonly<Record<string, string>>;

interface Entry {
  readonly app: Promise<TranslateApp>;
  /** Exchanges that are open. */
  open: number;
}

/** Too many different values are in use at the same time. */
export class NoRoomError extends Error {}

/** One upstream for each set of values that the listed request headers have (`--header-to-env`). */
export class Apps {
  /** The one that was used longest ago comes first. */
  private readonly entries = new Map<string, Entry>();
  /** Which upstream a session belongs to: its later requests need not repeat the headers. */
  private readonly sessions = new Map<string, string>();

  constructor(
    private readonly variables: readonly HeaderVariable[],
    private readonly start: (env: Env) => Promise<TranslateApp>,
  ) {}

  /**
   * The upstream for a request; started when it is the first with its values.
   * @param end tells with `close` that the request, or what became of it, is over
   * @throws NoRoomError · GatewayError when it cannot be started
   */
  async of(req: IncomingMessage, end: ServerResponse | Duplex): Promise<TranslateApp> {
    const env = this.envOf(req);
    const session = req.headers[SESSION];
    const known = typeof session === 'string' ? this.sessions.get(session) : undefined;
    const key = known !== undefined && this.entries.has(known) ? known : keyOf(env);
    const entry = this.entries.get(key) ?? (await this.add(key, env));
    this.entries.delete(key);
    this.entries.set(key, entry);
    entry.open++;
    end.once('close', () => {
      entry.open--;
    });
    if (this.variables.length > 0 && end instanceof ServerResponse) this.learnSession(end, key);
    return entry.app;
  }

  /** The upstream of requests without the headers: whether it works at all is seen at the start. */
  async first(): Promise<TranslateApp> {
    return (this.entries.get('') ?? (await this.add('', {}))).app;
  }

  async close(): Promise<void> {
    const apps = await Promise.allSettled([...this.entries.values()].map(({ app }) => app));
    await Promise.all(
      apps.flatMap((app) => (app.status === 'fulfilled' ? [app.value.close()] : [])),
    );
  }

  private envOf(req: IncomingMessage): Env {
    const env: Record<string, string> = {};
    for (const { header, variable } of this.variables) {
      const value = req.headers[header];
      if (typeof value === 'string') env[variable] = value.slice(0, MAX_VALUE);
    }
    return env;
  }

  private async add(key: string, env: Env): Promise<Entry> {
    if (this.entries.size >= MAX_APPS) await this.makeRoom();
    const app = this.start(env);
    const entry: Entry = { app, open: 0 };
    this.entries.set(key, entry);
    app.catch(() => this.entries.delete(key));
    return entry;
  }

  private async makeRoom(): Promise<void> {
    const idle = [...this.entries].find(([, entry]) => entry.open === 0);
    if (idle === undefined) throw new NoRoomError('too many different header values');
    const [key, { app }] = idle;
    this.entries.delete(key);
    await app.then((one) => one.close()).catch(() => undefined);
  }

  /** The id stands in the head of the answer to `initialize`. */
  private learnSession(res: ServerResponse, key: string): void {
    const writeHead = res.writeHead.bind(res) as (...args: unknown[]) => ServerResponse;
    res.writeHead = (...args: unknown[]): ServerResponse => {
      const written = writeHead(...args);
      const id = sessionIn(args.at(-1));
      if (id !== undefined) this.remember(id, key);
      return written;
    };
  }

  private remember(session: string, key: string): void {
    if (this.sessions.size >= MAX_SESSIONS) {
      const oldest = this.sessions.keys().next();
      if (oldest.done !== true) this.sessions.delete(oldest.value);
    }
    this.sessions.set(session, key);
  }
}

/** Values of headers may be secrets: they are not kept as keys. */
function keyOf(env: Env): string {
  if (Object.keys(env).length === 0) return '';
  return createHash('sha256').update(JSON.stringify(env)).digest('hex');
}

/** @param headers as the endpoints write them: names and values in turn */
function sessionIn(headers: unknown): string | undefined {
  if (!Array.isArray(headers)) return undefined;
  const at = headers.findIndex((one) => typeof one === 'string' && one.toLowerCase() === SESSION);
  const value: unknown = at < 0 ? undefined : headers[at + 1];
  return typeof value === 'string' ? value : undefined;
}
