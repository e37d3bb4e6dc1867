import { parseUpstreamMessage } from '../../kernel/jsonrpc.js';
import { notificationText } from '../../kernel/jsonrpc.js';
import type { UpstreamRequest } from '../../kernel/upstream.js';
import type { LegClock } from './leg-clock.js';
import { LegMessages } from './leg-messages.js';

const heard = (method: string, asked = 'tools/call', isDeaf = false) => {
  const passed: string[] = [];
  const dropped: string[] = [];
  const ofLine: string[] = [];
  const request = {
    method: asked,
    wantsProgress: false,
    mirrored: null,
    observer: { notification: (m: string) => passed.push(m) },
  } as unknown as UpstreamRequest; // only what a notification meets
  const line = {
    dropped: (reason: string) => dropped.push(reason),
    ...(isDeaf ? {} : { onNotification: (m: string) => ofLine.push(m) }),
  } as never;
  const clock = { touch: () => undefined } as unknown as LegClock;
  const message = JSON.stringify({ jsonrpc: '2.0', method, params: {} });
  new LegMessages(1, request, line, clock).take(parseUpstreamMessage(message));
  return { passed, dropped, ofLine };
};

describe('progress', () => {
  const told = (...values: unknown[]) => {
    let touches = 0;
    const passed: string[] = [];
    const dropped: string[] = [];
    const request = {
      wantsProgress: true,
      observer: { progress: (params: string) => passed.push(params) },
    } as unknown as UpstreamRequest; // only what progress meets
    const line = { dropped: (reason: string) => dropped.push(reason) } as never;
    const clock = { touch: () => touches++ } as unknown as LegClock;
    const messages = new LegMessages(1, request, line, clock);
    for (const params of values)
      messages.take(
        parseUpstreamMessage(
          JSON.stringify({ jsonrpc: '2.0', method: 'notifications/progress', params }),
        ),
      );
    return { passed, dropped, touches };
  };

  it('breaks the silence of its own call while it grows', () => {
    const step = (progress: number) => ({ progressToken: 1, progress });
    expect(told(step(1), step(2.5))).toEqual({
      passed: ['"progress":1', '"progress":2.5'],
      dropped: [],
      touches: 2,
    });
  });

  it.each([
    ['does not grow', 'progress_not_increasing', { progressToken: 1, progress: 1 }],
    ['is no number', 'progress_not_increasing', { progressToken: 1, progress: 'x' }],
    ['is of another call', 'progress_token', { progressToken: 2, progress: 2 }],
    ['has a token of another type', 'progress_token', { progressToken: '1', progress: 2 }],
  ])('is dropped when it %s, and breaks no silence', (_, reason, params) => {
    const { passed, dropped, touches } = told({ progressToken: 1, progress: 1 }, params);
    expect([passed.length, dropped, touches]).toEqual([1, [reason], 1]);
  });
});

describe('LegMessages', () => {
  it('passes notifications on', () => {
    expect(heard('notifications/message').passed).toEqual(['notifications/message']);
    expect(heard('notifications/vendor.x/thing').passed).toHaveLength(1);
  });

  it.each(['sampling/createMessage","id":7,"z":"', 'x","id":1,"result":{},"y":"', 'ping', ''])(
    'drops %j, a method that would write more than a method',
    (method) => {
      expect(heard(method)).toEqual({ passed: [], dropped: ['notification_method'], ofLine: [] });
    },
  );

  describe.each([
    'notifications/tools/list_changed',
    'notifications/resources/list_changed',
    'notifications/prompts/list_changed',
    'notifications/resources/updated',
  ])('%s', (method) => {
    it('is news of the upstream, not of the call on whose stream it comes', () => {
      expect(heard(method)).toEqual({ passed: [], dropped: [], ofLine: [method] });
    });

    it('is dropped where the line hears none', () => {
      expect(heard(method, 'tools/call', true)).toEqual({
        passed: [],
        dropped: ['change_notice'],
        ofLine: [],
      });
    });

    it('is for who listens, on the stream of a subscription', () => {
      expect(heard(method, 'subscriptions/listen').passed).toEqual([method]);
    });
  });
});

describe('notificationText', () => {
  it('keeps a method within its quotes', () => {
    const parsed = JSON.parse(notificationText('a","id":1,"b":"', '')) as object;
    expect(Object.keys(parsed)).toEqual(['jsonrpc', 'method']);
  });
});
