import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startChild, type StartedChild } from '../../drive/child.cjs';

export const KIT = join(__dirname, 'main.mjs');

export interface JournalEvent {
  readonly n: number;
  readonly pid: number;
  readonly tMono: number;
  readonly event: string;
  readonly session?: string | null;
  readonly method?: string | null;
  readonly id?: string | number | null;
  readonly tool?: string;
  readonly nonce?: string;
  readonly credential?: string | null;
  readonly headers?: Record<string, string>;
  readonly bytes?: string;
  /** Of a cancellation. */
  readonly reason?: string;
  readonly control?: string;
  readonly childPid?: number;
  /** How many messages a torrent has said, and whether it waits for its reader since. */
  readonly count?: number;
  readonly isStuck?: boolean;
  /** What a `subscriptions/listen` asked for. */
  readonly filter?: Record<string, unknown>;
}

export interface UpstreamOptions {
  /** What it speaks over Streamable HTTP; `legacy` unless said. */
  readonly era?: 'legacy' | 'modern';
  /** Items beyond the behaviours: `extra_0`, … */
  readonly tools?: number;
  /** Only these behaviours are listed. */
  readonly only?: readonly string[];
  /** The credential it wants: `Authorization: Bearer s3cret`. */
  readonly auth?: string;
  /** It runs tools as tasks, of 2025-11-25 or of the extension: `task_echo`, … */
  readonly tasks?: boolean;
}

/** Modes of a running kit. */
export interface Modes {
  readonly list?: {
    extra?: number;
    pageSize?: number;
    repeatCursor?: boolean;
    badItems?: boolean;
    only?: readonly string[] | null;
    schemas?: Record<string, unknown>;
    hints?: { ttlMs?: unknown; cacheScope?: unknown };
  };
  readonly session?: {
    status?: 404 | 400 | 410;
    forgetAfter?: number;
    forgetNow?: boolean;
    delayInitializeMs?: number;
    refuseInitialize?: { code: number; message: string } | null;
  };
  /** It becomes a server of another era, or of both, and forgets what was before. */
  readonly era?: 'legacy' | 'modern' | 'both';
  /** So many requests for results of tasks lose their connection. */
  readonly cutResults?: number;
  /** The revision that a legacy server answers from now on, whatever is asked. */
  readonly revision?: string;
  /** What a legacy server says of itself from now on; `1.0.0` before. */
  readonly version?: string;
  readonly modern?: {
    /** So many tool calls are refused with -32020. */
    refuseHeaders?: number;
    /** It tells of no tasks, whoever listens for them. */
    tellsNoTasks?: boolean;
    /** Ends all subscriptions that are open. */
    endListens?: boolean;
  };
  readonly auth?: { header: string; value: string } | null;
  /** Experimental capabilities that it announces from now on. */
  readonly experimental?: Record<string, unknown>;
}

/** The oracle: reads what the kit wrote down before it acted. */
export class JournalFile {
  constructor(readonly file: string) {}

  events(): JournalEvent[] {
    // What follows the last line break is empty, or a line that is being written just now.
    return readFileSync(this.file, 'utf8')
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as JournalEvent);
  }

  calls(nonce: string): JournalEvent[] {
    return this.events().filter((e) => e.event === 'request' && e.nonce === nonce);
  }

  /** How often this call arrived. */
  times(nonce: string): number {
    return this.calls(nonce).length;
  }

  credential(nonce: string): string | null | undefined {
    return this.calls(nonce)[0]?.credential;
  }

  /** The message exactly as it arrived. */
  bytes(nonce: string): string | undefined {
    return this.calls(nonce)[0]?.bytes;
  }

  /** The cancellation of that call: same upstream session, its own id. */
  cancelOf(nonce: string): JournalEvent | undefined {
    const call = this.calls(nonce)[0];
    if (call === undefined) return undefined;
    return this.events().find(
      (e) => e.event === 'cancel' && e.session === call.session && e.id === call.id,
    );
  }

  initializes(): number {
    return this.events().filter((e) => e.method === 'initialize').length;
  }
}

export interface Upstream {
  readonly urls: { readonly http: string; readonly sse: string; readonly ws: string };
  readonly port: number;
  readonly pid: number;
  readonly journal: JournalFile;
  set(modes: Modes): Promise<void>;
  emit(message: unknown, session?: string): Promise<void>;
  /** How many sessions it holds. */
  live(): Promise<number>;
  die(how: 'kill9' | 'stop' | 'cont' | 'exit'): Promise<void>;
  /** Starts again on the same port, with everything forgotten but the journal. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

interface Ready {
  readonly control: string;
  readonly port: number;
}

/** What a running kit does when its control door is asked. */
export async function control(url: string, path: string, body: unknown): Promise<unknown> {
  const answer = await fetch(url + path, { method: 'POST', body: JSON.stringify(body) });
  return answer.json();
}

/** Starts the kit as a process of its own, so that it can really be killed, stopped and restarted. */
export async function startUpstream(options: UpstreamOptions = {}): Promise<Upstream> {
  const dir = mkdtempSync(join(tmpdir(), 'kit-'));
  const journal = new JournalFile(join(dir, 'journal.ndjson'));
  let port = 0;
  const start = (): Promise<StartedChild<Ready>> =>
    startChild(process.execPath, argumentsOf(options, port, journal.file), {
      ready: (line) => (line.startsWith('{"ready"') ? (JSON.parse(line) as Ready) : undefined),
    });
  let running = await start();
  port = running.value.port;
  const base = `http://127.0.0.1:${String(port)}`;
  return {
    urls: { http: `${base}/mcp`, sse: `${base}/sse`, ws: `${base.replace('http', 'ws')}/ws` },
    port,
    get pid() {
      return running.pid;
    },
    journal,
    async set(modes) {
      await control(running.value.control, '/set', modes);
    },
    async emit(message, session) {
      await control(running.value.control, '/emit', { message, session });
    },
    async live() {
      return (await control(running.value.control, '/live', {})) as number;
    },
    async die(how) {
      if (how === 'stop') running.child.kill('SIGSTOP');
      else if (how === 'cont') running.child.kill('SIGCONT');
      else await running.stop(how === 'kill9' ? 'SIGKILL' : 'SIGTERM');
    },
    async restart() {
      await running.stop('SIGKILL');
      running = await start();
    },
    async close() {
      running.child.kill('SIGCONT');
      await running.stop('SIGKILL');
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

function argumentsOf(options: UpstreamOptions, port: number, journal: string): string[] {
  return [
    KIT,
    ...['--port', String(port), '--journal', journal],
    ...(options.era === undefined ? [] : ['--era', options.era]),
    ...(options.tools === undefined ? [] : ['--tools', String(options.tools)]),
    ...(options.only === undefined ? [] : ['--only', options.only.join(',')]),
    ...(options.auth === undefined ? [] : ['--auth', options.auth]),
    ...(options.tasks === true ? ['--tasks'] : []),
  ];
}
