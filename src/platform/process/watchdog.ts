import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';

/**
 * Runs in a process of its own: remembers the groups told through its stdin and, when that ends because
 * the gateway is gone (be it by SIGKILL), ends them: SIGTERM, and SIGKILL two seconds later. So it does
 * to whatever carries the mark given as its argument and has left its group (Linux only).
 */
const SCRIPT = `
process.title = 'mcpgateway-watchdog';
const groups = new Set();
let rest = '';
process.stdin.setEncoding('utf8');
process.stdin.on('data', (text) => {
  const lines = (rest + text).split('\\n');
  rest = lines.pop();
  for (const line of lines) {
    const group = Number(line.slice(1));
    if (line[0] === '+') groups.add(group);
    else groups.delete(group);
  }
});
const fs = require('node:fs');
const mark = process.argv[1];
const marked = () => {
  if (!mark) return [];
  try {
    return fs.readdirSync('/proc').filter((pid) => {
      try { return /^\\d+$/.test(pid) && fs.readFileSync('/proc/' + pid + '/environ', 'latin1').includes(mark); }
      catch { return false; }
    });
  } catch { return []; }
};
const signal = (name) => {
  for (const group of groups) {
    try { process.kill(-group, name); } catch { groups.delete(group); }
  }
  const left = marked();
  for (const pid of left) try { process.kill(Number(pid), name); } catch {}
  return groups.size + left.length > 0;
};
process.stdin.on('error', () => {});
process.stdin.on('close', () => {
  if (signal('SIGTERM')) setTimeout(signal, 2000, 'SIGKILL');
});
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(name, () => {});
`;

/** Ends the process groups of our children should the gateway die without doing so (SECURITY.md S42). */
export class Watchdog {
  private readonly groups = new Set<number>();
  private helper: ChildProcess | null = null;

  /** @param mark what the environment of all children has; null = only groups are ended */
  constructor(private readonly mark: string | null = null) {}

  /** Process id of the helper; `undefined` before the first group. */
  get pid(): number | undefined {
    return this.helper?.pid;
  }

  track(group: number): void {
    this.groups.add(group);
    if (this.helper === null) this.start();
    else this.tell(`+${String(group)}`);
  }

  untrack(group: number): void {
    if (this.groups.delete(group)) this.tell(`-${String(group)}`);
  }

  /** Ends the helper without it ending the groups that are tracked; for tests. */
  async close(): Promise<void> {
    const { helper } = this;
    for (const group of [...this.groups]) this.untrack(group);
    if (helper === null) return;
    const ended = new Promise((resolve) => helper.once('exit', resolve));
    helper.stdin?.end();
    await ended;
  }

  private start(): void {
    const helper = spawn(process.execPath, ['-e', SCRIPT, this.mark ?? ''], {
      cwd: '/',
      env: {},
      // Its own group: what ends the gateway from a terminal must not end it too.
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    this.helper = helper;
    const gone = (): void => {
      if (this.helper !== helper) return;
      this.helper = null;
      // It was ended by someone else. One that could not even start is tried with the next child.
      if (helper.pid !== undefined && this.groups.size > 0) this.start();
    };
    helper.once('error', gone);
    helper.once('exit', gone);
    helper.stdin.on('error', gone);
    helper.unref();
    (helper.stdin as unknown as Socket).unref(); // a pipe is a Socket; the types say Writable
    for (const group of this.groups) this.tell(`+${String(group)}`);
  }

  private tell(line: string): void {
    this.helper?.stdin?.write(`${line}\n`);
  }
}

let shared: Watchdog | null = null;

/**
 * The watchdog of this process, however many apps run in it. Its helper starts with the first child.
 * @param mark of this process
 */
export function sharedWatchdog(mark: string | null = null): Watchdog {
  shared ??= new Watchdog(mark);
  return shared;
}
