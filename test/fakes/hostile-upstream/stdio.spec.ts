import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { KIT } from './upstream.js';

describe('hostile upstream over stdio', () => {
  let child: ChildProcess;
  let lines: AsyncIterator<string>;

  beforeEach(() => {
    child = spawn(process.execPath, [KIT, '--transport', 'stdio'], { stdio: 'pipe' });
    if (child.stdout === null) throw new Error('no stdout');
    lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  });
  afterEach(() => child.kill('SIGKILL'));

  function call(name: string, args: unknown = {}): void {
    const params = { name, arguments: args };
    child.stdin?.write(
      `${JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params })}\n`,
    );
  }
  const line = async () => (await lines.next()).value as string;

  it('answers a line with a line', async () => {
    call('echo', { message: 'hi' });
    expect(JSON.parse(await line())).toMatchObject({
      id: 1,
      result: { content: [{ text: 'hi' }] },
    });
  });

  it('talks between its messages', async () => {
    call('noise');
    expect(await line()).toContain('Debugger');
    expect(await line()).toContain('a log line');
    expect(await line()).toBe('');
    expect(JSON.parse(await line())).toMatchObject({ id: 1 });
  });

  it('starts with a byte order mark', async () => {
    call('bom');
    expect((await line()).charCodeAt(0)).toBe(0xfeff);
  });

  it('exits in a call', async () => {
    call('exit', { code: 3 });
    expect(await once(child, 'exit')).toEqual([3, null]);
  });

  it('ends when its input ends', async () => {
    child.stdin?.end();
    expect(await once(child, 'exit')).toEqual([0, null]);
  });
});
