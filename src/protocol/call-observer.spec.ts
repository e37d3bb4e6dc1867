import { aCall } from '../../test/builders/call.js';
import { aWayUp } from '../../test/fakes/upstream-driver.js';
import { RELATED_TASK } from '../kernel/core-tasks.js';
import type { UpstreamObserver } from '../kernel/upstream.js';

const OF_TASK = `"_meta":{"${RELATED_TASK}":{"taskId":"T"}}`;

describe('CallObserver', () => {
  const { legs, clientRequests } = aWayUp();
  afterAll(() => {
    clientRequests.onModuleDestroy();
  });

  const call = () =>
    aCall(
      'tools/call',
      { _meta: { progressToken: 'p' } },
      { client: { capabilities: '{"elicitation":{}}' } },
    );
  const speak = (observer: UpstreamObserver | null) => {
    observer?.progress(`"progress":1,${OF_TASK}`);
    observer?.notification('notifications/message', `"level":"info","data":1,${OF_TASK}`);
    observer?.ask('elicitation/create', `"message":"?",${OF_TASK}`, () => undefined);
    observer?.end();
  };

  it('names no task: the client of a plain call knows none of the upstream', () => {
    const one = call();
    speak(legs.stream(one));
    expect(one.sent).toHaveLength(3);
    for (const text of one.sent) expect(text).not.toContain(RELATED_TASK);
  });

  it.each([
    ['legacy', 1],
    ['modern', 0],
  ] as const)('tells a %s client of completed elicitations: %d', (era, times) => {
    const one = aCall('tools/call', {}, { client: { era } });
    const observer = legs.stream(one);
    observer?.notification('notifications/elicitation/complete', '"elicitationId":"e"');
    expect(one.sent).toHaveLength(times);
  });

  it('names the task where its client has given the id', () => {
    const one = call();
    speak(legs.taskStream(one));
    expect(one.sent).toHaveLength(3);
    for (const text of one.sent) expect(text).toContain(OF_TASK);
  });
});
