import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { groupGone, signalGroup } from './process-group.js';
import { Watchdog } from './watchdog.js';

const STUBBORN = `process.on('SIGTERM', () => {}); setInterval(() => {}, 1e6); console.log('up');`;
const groups: number[] = [];

async function aGroup(env = {}): Promise<ChildProcess & { pid: number }> {
  const child = spawn(process.execPath, ['-e', STUBBORN], {
    detached: true,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  await once(child.stdout, 'data');
  groups.push(child.pid as number);
  return child as never;
}

afterEach(() => {
  for (const group of groups.splice(0)) signalGroup(group, 'SIGKILL');
});

describe('Watchdog', () => {
  it('has no helper before the first group', () => {
    expect(new Watchdog().pid).toBeUndefined();
  });

  it('ends tracked groups when its owner dies by SIGKILL, and spares others', async () => {
    const [tracked, untracked] = await Promise.all([aGroup(), aGroup()]);
    // The owner is a process of its own, which we kill: it runs the compiled text of the watchdog.
    const owner = spawn(process.execPath, ['-e', ownerScript(tracked.pid, untracked.pid)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(owner.stdout, 'data');
    owner.kill('SIGKILL');
    const started = performance.now();
    expect(await groupGone(tracked.pid, 5000)).toBe(true);
    expect(performance.now() - started).toBeLessThan(5000);
    expect(signalGroup(untracked.pid, 0)).toBe(true);
  }, 15_000);

  it('ends what carries the mark of its owner, though it has left every group', async () => {
    const mark = `${String(process.pid)}-spec`;
    const [marked, other] = [await aGroup({ MCPGATEWAY_CHILD: `${mark}.1` }), await aGroup()];
    const owner = spawn(process.execPath, ['-e', ownerScript(other.pid, other.pid, mark)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(owner.stdout, 'data');
    owner.kill('SIGKILL');
    expect(await groupGone(marked.pid, 5000)).toBe(true);
    expect(signalGroup(other.pid, 0)).toBe(true);
  }, 15_000);

  it('is replaced when someone ends its helper', async () => {
    const watchdog = new Watchdog();
    const child = await aGroup();
    watchdog.track(child.pid);
    const first = watchdog.pid as number;
    process.kill(first, 'SIGKILL');
    while (watchdog.pid === first) await new Promise(setImmediate);
    expect(watchdog.pid).toBeDefined();
    await watchdog.close();
    expect(signalGroup(child.pid, 0)).toBe(true);
  });
});

/** A program that tracks two groups, forgets the second, and says so. */
function ownerScript(tracked: number, untracked: number, mark = ''): string {
  const file = JSON.stringify(require.resolve('./watchdog.ts'));
  return `
    const { transformFileSync } = require('@swc/core');
    const { code } = transformFileSync(${file}, { swcrc: false, jsc: { parser: { syntax: 'typescript' }, target: 'es2022' }, module: { type: 'commonjs' } });
    const module_ = { exports: {} };
    new Function('module', 'exports', 'require', code)(module_, module_.exports, require);
    const watchdog = new module_.exports.Watchdog(${JSON.stringify(mark)});
    watchdog.track(${String(tracked)});
    watchdog.track(${String(untracked)});
    watchdog.untrack(${String(untracked)});
    setInterval(() => {}, 1e6);
    console.log('up');`;
}
