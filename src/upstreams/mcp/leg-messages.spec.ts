import { parseUpstreamMessage } from '../../kernel/jsonrpc.js';
import { notificationText } from '../../kernel/jsonrpc.js';
import type { UpstreamRequest } from '../../kernel/upstream.js';
import type { LegClock } from './leg-clock.js';
import { LegMessages } from './leg-messages.js';

const heard = (method: string) => {
  const passed: string[] = [];
  const dropped: string[] = [];
  const request = {
    wantsProgress: false,
    observer: { notification: (m: string) => passed.push(m) },
  } as unknown as UpstreamRequest; // only what a notification meets
  const line = { dropped: (reason: string) => dropped.push(reason) } as never;
  const clock = { touch: () => undefined } as unknown as LegClock;
  const message = JSON.stringify({ jsonrpc: '2.0', method, params: {} });
  new LegMessages(1, request, line, clock).take(parseUpstreamMessage(message));
  return { passed, dropped };
};

describe('LegMessages', () => {
  it('passes notifications on', () => {
    expect(heard('notifications/message').passed).toEqual(['notifications/message']);
    expect(heard('notifications/vendor.x/thing').passed).toHaveLength(1);
  });

  it.each(['sampling/createMessage","id":7,"z":"', 'x","id":1,"result":{},"y":"', 'ping', ''])(
    'drops %j, a method that would write more than a method',
    (method) => {
      expect(heard(method)).toEqual({ passed: [], dropped: ['notification_method'] });
    },
  );
});

describe('notificationText', () => {
  it('keeps a method within its quotes', () => {
    const parsed = JSON.parse(notificationText('a","id":1,"b":"', '')) as object;
    expect(Object.keys(parsed)).toEqual(['jsonrpc', 'method']);
  });
});
