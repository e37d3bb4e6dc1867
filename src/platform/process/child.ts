import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { LineCodec, type LineFault } from '../../kernel/line-codec.js';
import { MARK_NAME, OWN_MARK, endMarked, newMark } from './marked.js';
import { groupGone, signalGroup, within } from './process-group.js';
import { type Tail, TailRing } from './tail-ring.js';
import { sharedWatchdog } from './watchdog.js';

export interface ChildOptions {
  /** Absolute path, or a name looked up in PATH; never a shell's text. */
  readonly command: string;
  readonly args: readonly string[];
  /** The whole environment but PATH and LANG, which it may set too. */
  readonly env: Readonly<Record<string, string>>;
  /** Without one the child gets an empty directory, which is removed after it. */
  readonly cwd?: string | null;
  readonly maxLineBytes: number;
  /** How much of the end of stderr is kept. */
  readonly stderrBytes: number;
  onLine(line: string): void;
  /** Told once, when the process has ended and its output is read, or when it could not start. */
  onExit(info: ExitInfo): void;
  /** A line of stdout that was thrown away. */
  onNoise?(fault: LineFault): void;
  /** What it writes to stderr, as it comes. */
  onStderr?(chunk: Buffer): void;
}

export interface ExitInfo {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Why it could not be started (`ENOENT`, `EACCES`, …); `null` when it was. */
  readonly startFault: string | null;
}

export interface Child {
  /** `null` when it could not be started. */
  readonly pid: number | null;
  readonly exited: boolean;
  /**
   * Writes one line, behind those before it, once the child has room for it.
   * @param begin called right before the bytes go; answers whether the line is still wanted
   * @throws Error when the pipe is closed; whether bytes went before is what `begin` has seen
   */
  write(line: string, begin?: () => boolean): Promise<void>;
  /** Stops reading its stdout, or goes on. */
  hold(isHeld: boolean): void;
  /** The end of its stderr. */
  stderr(): Tail;
  /** EOF on stdin; after `graceMs` SIGTERM to the group; after as long again SIGKILL to the group. */
  stop(graceMs?: number): Promise<void>;
}

const GRACE_MS = 2000;
const MAX_STDERR_LINE = 4096;
/** How long the output of an ended process may stay open: what it left behind may hold it. */
const DRAIN_MS = 500;
const KILLED_MS = 1000;

const BASE_ENV = {
  // The gateway's own Node first, so that scripts which ask for `node` find one.
  PATH: `${dirname(process.execPath)}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
  LANG: 'C.UTF-8',
};

/** Starts a program in a process group of its own (PROTOCOL.md §7.3, SECURITY.md S41, S42). */
export function spawnChild(options: ChildOptions): Child {
  return new GroupChild(options);
}

class GroupChild implements Child {
  private readonly child: ChildProcessWithoutNullStreams;
  private readonly mark = newMark();
  private readonly ownDir: string | null;
  private readonly errors: TailRing;
  private readonly codec: LineCodec;
  private readonly ended: Promise<void>;
  private tellEnded!: () => void;
  private exit: ExitInfo | null = null;
  private told = false;
  private drainTimer: NodeJS.Timeout | undefined;
  private room: Promise<void> | null = null;
  private stopping: Promise<void> | null = null;
  private groupEnd: Promise<void> | null = null;

  constructor(private readonly options: ChildOptions) {
    this.errors = new TailRing(options.stderrBytes, MAX_STDERR_LINE);
    this.codec = new LineCodec({
      maxLineBytes: options.maxLineBytes,
      onLine: (line) => {
        options.onLine(line);
      },
      onFault: (fault) => options.onNoise?.(fault),
    });
    this.ended = new Promise((resolve) => {
      this.tellEnded = resolve;
    });
    this.ownDir =
      (options.cwd ?? null) === null ? mkdtempSync(join(tmpdir(), 'mcpgateway-child-')) : null;
    this.child = spawn(options.command, options.args, {
      cwd: options.cwd ?? this.ownDir ?? '/',
      env: { ...BASE_ENV, ...options.env, [MARK_NAME]: this.mark },
      detached: true,
      stdio: 'pipe',
    });
    if (this.child.pid !== undefined) sharedWatchdog(OWN_MARK).track(this.child.pid);
    this.listen();
  }

  get pid(): number | null {
    return this.child.pid ?? null;
  }

  get exited(): boolean {
    return this.exit !== null;
  }

  async write(line: string, begin?: () => boolean): Promise<void> {
    const { stdin } = this.child;
    while (stdin.writableNeedDrain && !stdin.destroyed) await this.drained();
    if (!stdin.writable) throw new Error('the process takes no input any more');
    if (begin?.() === false) return;
    await new Promise<void>((resolve, reject) => {
      // A line break between the tokens of a message would make two messages of it.
      stdin.write(`${line.replace(/[\r\n]+/g, ' ')}\n`, (error) => {
        if (error) reject(error);
        else resolve();
      });
    });
  }

  hold(isHeld: boolean): void {
    if (isHeld) this.child.stdout.pause();
    else this.child.stdout.resume();
  }

  stderr(): Tail {
    return this.errors.tail();
  }

  stop(graceMs: number = GRACE_MS): Promise<void> {
    this.stopping ??= this.end(graceMs);
    return this.stopping;
  }

  private async end(graceMs: number): Promise<void> {
    if (!this.exited) {
      this.child.stdin.end();
      await within(this.ended, graceMs);
    }
    await this.endGroup(graceMs);
    await within(this.ended, KILLED_MS);
  }

  private listen(): void {
    const { child, options } = this;
    child.stdout.on('data', (chunk: Buffer) => {
      this.codec.push(chunk);
    });
    child.stderr.on('data', (chunk: Buffer) => {
      this.errors.push(chunk);
      options.onStderr?.(chunk);
    });
    // One that no longer listens, or can no longer answer, is of no use.
    child.stdin.on('error', () => void this.endGroup(GRACE_MS));
    child.stdout.on('end', () => void this.endUseless());
    child.on('error', (error: NodeJS.ErrnoException) => {
      if (child.pid !== undefined || this.exit !== null) return;
      this.exit = { code: null, signal: null, startFault: error.code ?? 'unknown' };
      void this.endGroup(0);
      this.tell();
    });
    child.on('exit', (code, signal) => {
      this.exit = { code, signal, startFault: null };
      void this.endGroup(GRACE_MS);
      this.drainTimer = setTimeout(this.tell, DRAIN_MS);
    });
    child.on('close', this.tell);
  }

  private async endUseless(): Promise<void> {
    if (this.child.pid !== undefined && !(await within(this.ended, DRAIN_MS)))
      await this.endGroup(GRACE_MS);
  }

  private readonly tell = (): void => {
    if (this.told || this.exit === null) return;
    this.told = true;
    clearTimeout(this.drainTimer);
    this.codec.end();
    for (const stream of [this.child.stdin, this.child.stdout, this.child.stderr]) stream.destroy();
    this.tellEnded();
    this.options.onExit(this.exit);
  };

  /** Ends whatever is left in the group, then forgets it. */
  private endGroup(graceMs: number): Promise<void> {
    this.groupEnd ??= this.killGroup(graceMs);
    return this.groupEnd;
  }

  private async killGroup(graceMs: number): Promise<void> {
    const group = this.child.pid;
    if (group !== undefined) {
      if (signalGroup(group, 'SIGTERM') && !(await groupGone(group, graceMs))) {
        signalGroup(group, 'SIGKILL');
        await groupGone(group, KILLED_MS);
      }
      await endMarked(this.mark, graceMs);
      sharedWatchdog(OWN_MARK).untrack(group);
    }
    // What cannot be removed is the system's to clear away: it is in its directory for such things.
    if (this.ownDir !== null)
      await rm(this.ownDir, { recursive: true, force: true }).catch(() => 0);
  }

  private drained(): Promise<void> {
    this.room ??= new Promise((resolve) => {
      const done = (): void => {
        this.child.stdin.off('drain', done).off('close', done);
        this.room = null;
        resolve();
      };
      this.child.stdin.on('drain', done).on('close', done);
    });
    return this.room;
  }
}
