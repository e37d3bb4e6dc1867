import { existsSync, readFileSync, readlinkSync } from 'node:fs';
import { type Child, type ChildOptions, type ExitInfo, spawnChild } from './child.js';
import { signalGroup } from './process-group.js';
import { sharedWatchdog } from './watchdog.js';

interface Run {
  readonly child: Child;
  readonly lines: string[];
  readonly faults: string[];
  readonly exit: Promise<ExitInfo>;
  line(index?: number): Promise<string>;
}

const running: Child[] = [];

function run(script: string, options: Partial<ChildOptions> = {}): Run {
  const lines: string[] = [];
  const waiting: (() => void)[] = [];
  let exited!: (info: ExitInfo) => void;
  const exit = new Promise<ExitInfo>((resolve) => (exited = resolve));
  const faults: string[] = [];
  const child = spawnChild({
    command: process.execPath,
    args: ['-e', script],
    env: {},
    maxLineBytes: 1024 * 1024,
    stderrBytes: 64 * 1024,
    onLine: (line) => {
      lines.push(line);
      waiting.splice(0).forEach((go) => {
        go();
      });
    },
    onNoise: (fault) => faults.push(fault),
    onExit: exited,
    ...options,
  });
  running.push(child);
  const line = async (index = 0): Promise<string> => {
    while (lines.length <= index) await new Promise<void>((resolve) => waiting.push(resolve));
    return lines[index] as string;
  };
  return { child, lines, faults, exit, line };
}

const STAY = 'setInterval(() => {}, 1e6);';

function isAlive(pid: number): boolean {
  try {
    // A zombie that nobody has collected yet is dead all the same.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${String(pid)}/status`, 'utf8'));
  } catch {
    return false;
  }
}

afterEach(async () => {
  await Promise.all(running.splice(0).map((child) => child.stop(100)));
});

afterAll(() => sharedWatchdog().close());

describe('spawnChild', () => {
  it('writes one line however many line breaks stand in it', async () => {
    const { child, line } = run('process.stdin.on("data", (d) => process.stdout.write(d))');
    await child.write('{"a":\n{"method":"tools/call"}\r\n}');
    await child.write('second');
    expect(await line()).toBe('{"a": {"method":"tools/call"} }');
    expect(await line(1)).toBe('second');
  });

  it('exchanges lines and ends on EOF with the exit code', async () => {
    const { child, line, exit } = run(
      `process.stdin.on('data', (d) => process.stdout.write('got ' + d)).on('end', () => process.exit(3));`,
    );
    await child.write('grüße');
    expect(await line()).toBe('got grüße');
    await child.stop();
    expect(await exit).toEqual({ code: 3, signal: null, startFault: null });
    expect(child.exited).toBe(true);
    await expect(child.write('more')).rejects.toThrow('no input');
  });

  it('gives the listed environment and no more, in an empty directory that goes away', async () => {
    const { line, child } = run(
      `console.log(JSON.stringify({ env: process.env, cwd: process.cwd(), ls: fs.readdirSync('.'),
        fds: fs.readdirSync('/proc/self/fd').map((fd) => { try { return fs.readlinkSync('/proc/self/fd/' + fd); } catch { return ''; } }) }));
       process.stdin.resume();`,
      { env: { API_KEY: 'k' } },
    );
    const told = JSON.parse(await line()) as { env: object; cwd: string; ls: []; fds: string[] };
    expect(Object.keys(told.env).sort()).toEqual(['API_KEY', 'LANG', 'MCPGATEWAY_CHILD', 'PATH']);
    expect(told.ls).toEqual([]);
    const ours = readlinkSync('/proc/self/fd/2');
    expect(told.fds.filter((fd) => fd === ours && !fd.startsWith('/dev/null'))).toEqual([]);
    await child.stop();
    expect(existsSync(told.cwd)).toBe(false);
  });

  it('tells why it could not start', async () => {
    const { exit, child } = run('', { command: '/no/such/program' });
    expect(await exit).toEqual({ code: null, signal: null, startFault: 'ENOENT' });
    expect(child.pid).toBeNull();
    await expect(child.write('x')).rejects.toThrow();
    await child.stop();
  });

  it('kills a group that ignores EOF and SIGTERM, grandchild included', async () => {
    const stubborn = `process.on('SIGTERM', () => {}); ${STAY}`;
    const { child, line, exit } = run(
      `const g = require('child_process').spawn(process.execPath, ['-e', ${JSON.stringify(stubborn)} + 'console.log("up")'], { stdio: ['ignore', 'pipe', 'ignore'] });
       g.stdout.once('data', () => console.log(g.pid)); ${stubborn}`,
    );
    const grandchild = Number(await line());
    expect(isAlive(grandchild)).toBe(true);
    await child.stop(150);
    expect((await exit).signal).toBe('SIGKILL');
    expect(isAlive(grandchild)).toBe(false);
  });

  it('ends a daemon that has left the group and its parent', async () => {
    const daemon = `process.on('SIGTERM', () => {}); ${STAY}; console.log(process.pid)`;
    const { child, line } = run(
      `const g = require('child_process').spawn(process.execPath, ['-e', ${JSON.stringify(daemon)}], { detached: true, stdio: ['ignore', 'pipe', 'ignore'] });
       g.stdout.once('data', (pid) => { console.log(String(pid)); g.unref(); g.stdout.destroy(); }); ${STAY}`,
    );
    const pid = Number(await line());
    expect(isAlive(pid)).toBe(true);
    await child.stop(150);
    expect(isAlive(pid)).toBe(false);
  });

  it('ends what a process leaves behind when it exits by itself', async () => {
    const { child, line, exit } = run(
      `const g = require('child_process').spawn(process.execPath, ['-e', ${JSON.stringify(STAY)}], { stdio: 'inherit' });
       console.log(g.pid); g.unref(); setImmediate(() => process.exit(0));`,
    );
    const grandchild = Number(await line());
    expect((await exit).code).toBe(0);
    await child.stop();
    expect(isAlive(grandchild)).toBe(false);
  });

  it('tells of an exit by signal, with the last lines read', async () => {
    const { lines, exit } = run(`fs.writeSync(1, 'a\\nb'); process.kill(process.pid, 'SIGKILL');`);
    expect((await exit).signal).toBe('SIGKILL');
    expect(lines).toEqual(['a', 'b']);
  });

  it('skips a flood without line end and stays bounded', async () => {
    const { line, faults } = run(
      `const b = Buffer.alloc(1024 * 1024, 120); for (let i = 0; i < 64; i++) fs.writeSync(1, b); fs.writeSync(1, '\\nok\\n'); ${STAY}`,
    );
    const before = process.memoryUsage().rss;
    expect(await line()).toBe('ok');
    expect(faults).toEqual(['overflow']);
    expect(process.memoryUsage().rss - before).toBeLessThan(48 * 1024 * 1024);
  });

  it('keeps only the end of a stderr flood', async () => {
    const { child, line } = run(
      `const b = ('e'.repeat(8000) + '\\n').repeat(1000); for (let i = 0; i < 4; i++) fs.writeSync(2, b); fs.writeSync(2, 'last words\\n'); console.log('done'); ${STAY}`,
    );
    await line();
    // The two pipes are read independently of each other.
    while (!child.stderr().text.endsWith('last words')) await new Promise(setImmediate);
    expect(child.stderr().text.length).toBeLessThanOrEqual(64 * 1024);
    expect(child.stderr().text.split('\n')[0]).toBe('e'.repeat(4096));
  });

  it('waits for room, and lets a line be taken back until then', async () => {
    const { child, line } = run(
      `${STAY} process.once('SIGUSR2', () => { let n = 0; process.stdin.on('data', (d) => { n += d.length; }).on('end', () => { console.log(n); process.exit(0); }); }); console.log('up');`,
    );
    await line();
    const big = 'x'.repeat(4 * 1024 * 1024);
    const first = child.write(big);
    let wanted = true;
    const begun: string[] = [];
    const second = child.write('second', () => begun.push('second') > 0 && wanted);
    const third = child.write('third', () => begun.push('third') > 0);
    await new Promise(setImmediate);
    expect(begun).toEqual([]);
    wanted = false;
    process.kill(child.pid as number, 'SIGUSR2');
    await Promise.all([first, second, third]);
    expect(begun).toEqual(['second', 'third']);
    await child.stop();
    expect(await line(1)).toBe(String(big.length + 1 + 'third\n'.length));
  });

  it('ends a process that no longer listens', async () => {
    const { child, line, exit } = run(`fs.closeSync(0); console.log('deaf'); ${STAY}`);
    await line();
    await expect(child.write('hello')).rejects.toThrow();
    expect((await exit).signal).toBe('SIGTERM');
  });

  it('leaves no group behind after many children', async () => {
    const all = Array.from({ length: 6 }, () => run(`process.stdin.resume();`));
    await Promise.all(all.map(({ child }) => child.stop()));
    for (const { child } of all) expect(signalGroup(child.pid as number, 0)).toBe(false);
  });
});
