import { UpstreamRpcError } from '../kernel/jsonrpc.js';
import type { UpstreamRequest } from '../kernel/upstream.js';
import { UpwardListen } from './upward-listen.js';

const ACKNOWLEDGED = 'notifications/subscriptions/acknowledged';

/** An upstream that tells what it was asked to, but of no task that has ended. */
function made() {
  const asked: string[] = [];
  const heard: [string, string][] = [];
  const gone = new Set<string>();
  let last: { request: UpstreamRequest; end: () => void } | null = null;
  const request = (r: UpstreamRequest) =>
    new Promise<string>((resolve, reject) => {
      asked.push(r.params);
      if ([...gone].some((id) => r.params.includes(id))) {
        reject(new UpstreamRpcError('{"code":-32602,"message":"gone"}', -32602, 'modern'));
        return;
      }
      last = {
        request: r,
        end: () => {
          resolve('{}');
        },
      };
      r.abort.onAbort(() => {
        reject(new Error('aborted'));
      });
      r.observer?.notification(ACKNOWLEDGED, r.params);
    });
  const notice = (method: string, params: string) => heard.push([method, params]);
  const listen = new UpwardListen({ request }, { notice, again: () => undefined }, 1000);
  listen.start();
  return { listen, asked, heard, gone, stream: () => last };
}

describe('UpwardListen', () => {
  it('listens for tasks and resources together, as one who follows tasks', async () => {
    const { listen, heard, stream } = made();
    await listen.watch('test://one', true);
    await listen.watch('T 1', true, 'task');
    const { request } = stream() ?? {};
    expect(JSON.parse(`{${request?.params ?? ''}}`)).toMatchObject({
      notifications: { resourceSubscriptions: ['test://one'], taskIds: ['T 1'] },
    });
    expect(request?.client.capabilities).toContain('io.modelcontextprotocol/tasks');
    request?.observer?.notification('notifications/tasks', '"taskId":"T 1"');
    expect(heard).toEqual([['notifications/tasks', '"taskId":"T 1"']]);
    listen.close();
  });

  it('says when the upstream tells nothing of a task, and goes on without it', async () => {
    const { listen, asked, gone } = made();
    await listen.watch('test://one', true);
    gone.add('T1');
    await expect(listen.watch('T1', true, 'task')).rejects.toMatchObject({ code: -32602 });
    await listen.watch('test://two', true);
    expect(asked.at(-1)).not.toContain('T1');
    listen.close();
  });

  it('listens again without the tasks that keep it from doing so', async () => {
    const { listen, asked, gone, stream } = made();
    await listen.watch('T1', true, 'task');
    gone.add('T1');
    jest.useFakeTimers();
    stream()?.end();
    await jest.advanceTimersByTimeAsync(1000);
    expect(asked.at(-1)).toContain('T1');
    await jest.advanceTimersByTimeAsync(2000);
    expect(asked.at(-1)).not.toContain('T1');
    jest.useRealTimers();
    listen.close();
  });
});
