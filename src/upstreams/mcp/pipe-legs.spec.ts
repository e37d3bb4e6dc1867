import { Abort } from '../../kernel/abort.js';
import { UpstreamRpcError } from '../../kernel/jsonrpc.js';
import type { UpstreamObserver, UpstreamRequest } from '../../kernel/upstream.js';
import { SessionLostError } from './connection.js';
import type { Pipe } from './pipe-asides.js';
import { type PipeHooks, PipeLegs } from './pipe-legs.js';
import { probeRequest } from './probe-request.js';

interface Sent {
  id?: number;
  method?: string;
  params?: Record<string, unknown>;
  result?: unknown;
  error?: unknown;
}

interface Heard {
  readonly notices: string[];
  readonly asked: { method: string; params: string; answer: (reply: string) => void }[];
  withdrawn: number;
  readonly observer: UpstreamObserver;
}

function aListener(): Heard {
  const heard: Heard = {
    notices: [],
    asked: [],
    withdrawn: 0,
    observer: {
      progress: (params) => heard.notices.push(`progress ${params}`),
      notification: (method, params) => heard.notices.push(`${method} ${params}`),
      end: () => undefined,
      ask: (method, params, answer) => {
        heard.asked.push({ method, params, answer });
        return () => heard.withdrawn++;
      },
    },
  };
  return heard;
}

function aRequest(more: Partial<UpstreamRequest> = {}): UpstreamRequest {
  return { ...probeRequest('tools/call', '"name":"t"', 60_000), ...more };
}

function aPipe(more: Partial<Pipe> = {}) {
  const sent: Sent[] = [];
  const unasked: string[] = [];
  const drops: string[] = [];
  const hooks: PipeHooks = {
    onNotification: (method, params) => unasked.push(`${method} ${params}`),
    onRequest: (method) => `"error":{"code":-1,"message":"${method}"}`,
    onAsks: () => unasked.push('asks'),
  };
  const legs = new PipeLegs(hooks, {
    send: (text, begin) => {
      if (begin()) sent.push(JSON.parse(text) as Sent);
      return Promise.resolve();
    },
    dropped: (reason) => drops.push(reason),
    stallMs: 60_000,
    stuck: () => undefined,
    hold: () => undefined,
    ...more,
  });
  const receive = (message: object): void => {
    legs.receive(JSON.stringify({ jsonrpc: '2.0', ...message }));
  };
  return { legs, sent, unasked, drops, receive };
}

afterEach(() => jest.useRealTimers());

describe('PipeLegs: answers', () => {
  it('counts ids from 1 and gives each answer to its own request, in any order', async () => {
    const { legs, sent, receive } = aPipe();
    const first = legs.request(aRequest());
    const second = legs.request(aRequest({ method: 'ping', params: '' }));
    expect(sent).toEqual([
      { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 't' } },
      { jsonrpc: '2.0', id: 2, method: 'ping', params: {} },
    ]);
    receive({ id: 2, result: { b: 2 } });
    receive({ id: 1, result: { a: 1 } });
    expect(await first).toBe('{"a":1}');
    expect(await second).toBe('{"b":2}');
  });

  it('sends the id as progress token beside other _meta, only when progress is wanted', async () => {
    const { legs, sent, receive } = aPipe();
    const both = [
      legs.request(aRequest({ wantsProgress: true, meta: '"x":1' })),
      legs.request(aRequest({ meta: '"x":1' })),
    ];
    expect(sent[0]?.params).toEqual({ name: 't', _meta: { x: 1, progressToken: 1 } });
    expect(sent[1]?.params).toEqual({ name: 't', _meta: { x: 1 } });
    receive({ id: 1, result: {} });
    receive({ id: 2, result: {} });
    await Promise.all(both);
  });

  it('passes an error on as it came', async () => {
    const { legs, receive } = aPipe();
    const request = legs.request(aRequest());
    receive({ id: 1, error: { code: -32001, message: 'no', data: [1] } });
    const error = await request.catch((e: unknown) => e);
    expect(error).toBeInstanceOf(UpstreamRpcError);
    expect(error).toMatchObject({
      code: -32001,
      error: '{"code":-32001,"message":"no","data":[1]}',
    });
  });

  it.each([
    { result: 5 },
    { result: null },
    { error: 'x' },
    { error: { code: '1', message: 'x' } },
  ])('fails the request answered with %j', async (body) => {
    const { legs, receive } = aPipe();
    const request = legs.request(aRequest());
    receive({ id: 1, ...body });
    await expect(request).rejects.toMatchObject({ code: 'upstream_error' });
  });

  it('drops and counts unasked, wrongly typed, doubled and late answers, and what is no JSON-RPC', async () => {
    const { legs, drops, receive } = aPipe();
    const abort = new Abort();
    const late = legs.request(aRequest({ abort }));
    const request = legs.request(aRequest());
    abort.abort('gone');
    await expect(late).rejects.toMatchObject({ code: 'cancelled' });
    for (const id of [1, 99, '2', 0, -2]) receive({ id, result: { wrong: true } });
    legs.receive('{"jsonrpc":"2.0","id":2.0,"result":{}}');
    legs.receive('Server started on port 3000');
    legs.receive('{"jsonrpc":"2.0","id":2,"result":{},"error":{}}');
    receive({ id: 2, result: { right: true } });
    receive({ id: 2, result: { right: false } });
    expect(await request).toBe('{"right":true}');
    expect(drops.filter((reason) => reason === 'response_id')).toHaveLength(7);
    expect(drops.filter((reason) => reason === 'not_json_rpc')).toHaveLength(2);
  });
});

describe('PipeLegs: arrays', () => {
  const array = JSON.stringify([
    { jsonrpc: '2.0', method: 'notifications/progress', params: { progressToken: 1, progress: 1 } },
    { jsonrpc: '2.0', id: 'p', method: 'ping' },
    { jsonrpc: '2.0', id: 1, result: { a: 1 } },
  ]);

  it('takes each message of one that an upstream of 2025-03-26 sends', async () => {
    const { legs, sent } = aPipe();
    const { notices, observer } = aListener();
    const request = legs.request(aRequest({ wantsProgress: true, observer }));
    legs.agreedOn('2025-03-26');
    legs.receive(array);
    expect(await request).toBe('{"a":1}');
    expect(notices).toEqual(['progress "progress":1']);
    expect(sent.at(-1)).toEqual({ jsonrpc: '2.0', id: 'p', result: {} });
  });

  it.each([null, '2025-11-25'])('drops it where %s was agreed on', (revision) => {
    const { legs, drops } = aPipe();
    if (revision !== null) legs.agreedOn(revision);
    legs.receive(array);
    expect(drops).toEqual(['not_json_rpc']);
  });
});

describe('PipeLegs: notices and questions', () => {
  it('routes progress by token, in order, and drops what does not grow or is not ours', async () => {
    const { legs, drops, receive } = aPipe();
    const [a, b] = [aListener(), aListener()];
    const all = [
      legs.request(aRequest({ wantsProgress: true, observer: a.observer })),
      legs.request(aRequest({ wantsProgress: true, observer: b.observer })),
      legs.request(aRequest({ observer: b.observer })),
    ];
    const progress = (progressToken: unknown, value: number): void => {
      receive({
        method: 'notifications/progress',
        params: { progressToken, progress: value, message: 'm' },
      });
    };
    progress(1, 1);
    progress(2, 5);
    progress(1, 2);
    progress(1, 2);
    for (const token of [3, '1', 9]) progress(token, 10);
    expect(a.notices).toEqual([
      'progress "progress":1,"message":"m"',
      'progress "progress":2,"message":"m"',
    ]);
    expect(b.notices).toHaveLength(1);
    expect(drops).toEqual(['progress_not_increasing', ...Array<string>(3).fill('progress_token')]);
    for (const id of [1, 2, 3]) receive({ id, result: {} });
    progress(1, 20);
    expect(drops).toHaveLength(5);
    await Promise.all(all);
  });

  it('gives logs to the only request in flight, else to nobody in particular', async () => {
    const { legs, unasked, receive } = aPipe();
    const heard = aListener();
    const log = { method: 'notifications/message', params: { level: 'info', data: 1 } };
    receive(log);
    const first = legs.request(aRequest({ observer: heard.observer }));
    receive(log);
    receive({ method: 'notifications/tools/list_changed' });
    const second = legs.request(aRequest({ observer: heard.observer }));
    receive(log);
    expect(heard.notices).toEqual(['notifications/message "level":"info","data":1']);
    expect(unasked.map((text) => text.split(' ')[0])).toEqual([
      'notifications/message',
      'notifications/tools/list_changed',
      'notifications/message',
    ]);
    legs.close('test');
    await Promise.allSettled([first, second]);
  });

  it('answers ping at once, and other questions without owner as the connection says', () => {
    const { sent, unasked, receive } = aPipe();
    receive({ id: 'p', method: 'ping' });
    receive({ id: 7, method: 'roots/list' });
    expect(sent).toEqual([
      { jsonrpc: '2.0', id: 'p', result: {} },
      { jsonrpc: '2.0', id: 7, error: { code: -1, message: 'roots/list' } },
    ]);
    expect(unasked).toEqual(['asks']);
  });

  it('puts a question to the only request in flight; with two it is nobody’s', async () => {
    const { legs, sent, unasked, receive } = aPipe();
    const heard = aListener();
    const first = legs.request(aRequest({ observer: heard.observer }));
    receive({ id: 1, method: 'elicitation/create', params: { message: 'who?' } });
    expect(heard.asked[0]).toMatchObject({
      method: 'elicitation/create',
      params: '"message":"who?"',
    });
    heard.asked[0]?.answer('"result":{"action":"accept"}');
    heard.asked[0]?.answer('"result":{"action":"twice"}');
    expect(sent.slice(1)).toEqual([{ jsonrpc: '2.0', id: 1, result: { action: 'accept' } }]);
    const second = legs.request(aRequest({ observer: heard.observer }));
    receive({ id: 2, method: 'roots/list' });
    expect(heard.asked).toHaveLength(1);
    expect(sent.at(-1)).toMatchObject({ id: 2, error: { code: -1 } });
    expect(unasked).toEqual(['asks', 'asks']);
    legs.close('test');
    await Promise.allSettled([first, second]);
  });

  describe('after a call was given up', () => {
    const question = { id: 'q', method: 'elicitation/create', params: {} };
    const of = (sessionId: string, more: Partial<UpstreamRequest> = {}): UpstreamRequest => {
      const request = aRequest(more);
      return { ...request, client: { ...request.client, sessionId } };
    };
    function givenUp(clients: { gone: string; left: string }) {
      const pipe = aPipe();
      const heard = aListener();
      const abort = new Abort();
      pipe.legs.request(of(clients.gone, { abort })).catch(() => undefined);
      pipe.legs
        .request(of(clients.left, { observer: heard.observer, silenceMs: 1e9, totalMs: 1e9 }))
        .catch(() => undefined);
      abort.abort('enough');
      return { ...pipe, heard };
    }

    it('puts no question that may be of it to another client, for a while', () => {
      jest.useFakeTimers();
      const { sent, heard, unasked, receive, legs } = givenUp({ gone: 'a', left: 'b' });
      receive(question);
      receive({ method: 'notifications/message', params: { data: 'of the other' } });
      expect([heard.asked, heard.notices]).toEqual([[], []]);
      expect(sent.at(-1)).toMatchObject({ id: 'q', error: { code: -1 } });
      expect(unasked).toHaveLength(2);
      jest.advanceTimersByTime(30_000);
      receive(question);
      expect(heard.asked).toHaveLength(1);
      legs.close('test');
    });

    it('asks again once the upstream has answered it all the same', () => {
      const { heard, drops, receive, legs } = givenUp({ gone: 'a', left: 'b' });
      receive({ id: 1, result: {} });
      receive(question);
      expect([drops, heard.asked.length]).toEqual([['response_id'], 1]);
      legs.close('test');
    });

    it('goes on asking a client whose own call it was', () => {
      const { heard, receive, legs } = givenUp({ gone: 'a', left: 'a' });
      receive(question);
      expect(heard.asked).toHaveLength(1);
      legs.close('test');
    });

    it('forgets ids when there are too many, and waits', () => {
      jest.useFakeTimers();
      const { legs, heard, receive } = givenUp({ gone: 'a', left: 'b' });
      for (let i = 0; i < 100; i++) {
        const abort = new Abort();
        legs.request(of('b', { abort })).catch(() => undefined);
        abort.abort('enough');
      }
      for (let id = 1; id <= 102; id++) if (id !== 2) receive({ id, result: {} });
      receive(question);
      expect(heard.asked).toEqual([]);
      jest.advanceTimersByTime(30_000);
      receive(question);
      expect(heard.asked).toHaveLength(1);
      legs.close('test');
    });
  });

  it('withdraws a question that the upstream cancels, or that its request does not outlive', async () => {
    const { legs, sent, receive } = aPipe();
    const heard = aListener();
    const request = legs.request(aRequest({ observer: heard.observer }));
    receive({ id: 'q', method: 'roots/list' });
    receive({ method: 'notifications/cancelled', params: { requestId: 'q' } });
    expect(heard.withdrawn).toBe(1);
    heard.asked[0]?.answer('"result":{}');
    receive({ id: 'r', method: 'roots/list' });
    receive({ id: 1, result: {} });
    await request;
    expect(heard.withdrawn).toBe(2);
    expect(sent).toHaveLength(1);
  });
});

describe('PipeLegs: ends', () => {
  it('tells the upstream of an abort with our id and the reason', async () => {
    const { legs, sent } = aPipe();
    const abort = new Abort();
    const request = legs.request(aRequest({ abort }));
    abort.abort('user "stopped"');
    await expect(request).rejects.toMatchObject({ code: 'cancelled' });
    expect(sent[1]).toMatchObject({
      method: 'notifications/cancelled',
      params: { requestId: 1, reason: 'user "stopped"' },
    });
  });

  it('sends nothing for what was aborted before it went', async () => {
    const waiting: (() => void)[] = [];
    const sent: string[] = [];
    const { legs } = aPipe({
      send: (text, begin) =>
        new Promise((resolve) => {
          waiting.push(() => {
            if (begin()) sent.push(text);
            resolve();
          });
        }),
    });
    const abort = new Abort();
    const before = new Abort();
    before.abort('early');
    const request = legs.request(aRequest({ abort }));
    const never = legs.request(aRequest({ abort: before }));
    abort.abort('changed my mind');
    waiting.forEach((go) => {
      go();
    });
    await expect(request).rejects.toMatchObject({ code: 'cancelled' });
    await expect(never).rejects.toMatchObject({ code: 'cancelled' });
    expect(sent).toEqual([]);
  });

  it('times out on silence, which progress and logs of the request reset', async () => {
    jest.useFakeTimers();
    const { legs, sent, receive } = aPipe();
    const { observer } = aListener();
    const request = legs.request(aRequest({ silenceMs: 100, wantsProgress: true, observer }));
    const ended = request.catch((e: unknown) => e);
    jest.advanceTimersByTime(80);
    receive({ method: 'notifications/progress', params: { progressToken: 1, progress: 1 } });
    jest.advanceTimersByTime(80);
    receive({ method: 'notifications/message', params: { level: 'info', data: 1 } });
    jest.advanceTimersByTime(80);
    expect(sent).toHaveLength(1);
    jest.advanceTimersByTime(40);
    expect(await ended).toMatchObject({ code: 'upstream_timeout' });
    expect(sent[1]).toMatchObject({ method: 'notifications/cancelled', params: { requestId: 1 } });
  });

  it('times out in the end whatever arrives, but stands still while a question is open', async () => {
    jest.useFakeTimers();
    const { legs, sent, receive } = aPipe();
    const heard = aListener();
    const request = legs.request(
      aRequest({ silenceMs: 100, totalMs: 250, observer: heard.observer }),
    );
    const ended = request.catch((e: unknown) => e);
    receive({ id: 5, method: 'elicitation/create', params: {} });
    jest.advanceTimersByTime(5000);
    heard.asked[0]?.answer('"result":{}');
    for (let i = 0; i < 3; i++) {
      jest.advanceTimersByTime(70);
      receive({ method: 'notifications/message', params: { level: 'info', data: i } });
    }
    expect(sent.map((message) => message.method)).not.toContain('notifications/cancelled');
    jest.advanceTimersByTime(60);
    expect(await ended).toMatchObject({ code: 'upstream_timeout' });
  });

  it('answers for a client that is silent for ten minutes', async () => {
    jest.useFakeTimers();
    const { legs, sent, receive } = aPipe();
    const heard = aListener();
    const request = legs.request(aRequest({ observer: heard.observer }));
    receive({ id: 5, method: 'elicitation/create', params: {} });
    jest.advanceTimersByTime(600_000);
    expect(heard.withdrawn).toBe(1);
    expect(sent[1]).toMatchObject({ id: 5, error: { code: -32603 } });
    receive({ id: 1, result: {} });
    expect(await request).toBe('{}');
  });

  it('does not cancel initialize', async () => {
    const { legs, sent } = aPipe();
    const request = legs.request({ ...probeRequest('initialize', '', 1) });
    await expect(request).rejects.toMatchObject({ code: 'upstream_timeout' });
    expect(sent).toHaveLength(1);
  });

  it('says of what was sent when the pipe broke that its outcome is unknown, and refuses more', async () => {
    let isStuck = false;
    const { legs } = aPipe({
      send: (_text, begin) => {
        if (isStuck) return new Promise(() => undefined);
        begin();
        return Promise.resolve();
      },
    });
    const sent = legs.request(aRequest());
    isStuck = true;
    const unsent = legs.request(aRequest());
    legs.close('its process exited with code 3');
    await expect(sent).rejects.toMatchObject({
      code: 'upstream_error',
      message: 'Lost the upstream (its process exited with code 3), the outcome is unknown',
    });
    await expect(unsent).rejects.toMatchObject({ code: 'upstream_unreachable' });
    await expect(legs.request(aRequest())).rejects.toMatchObject({
      code: 'upstream_unreachable',
      message: expect.stringContaining('exited with code 3') as string,
    });
  });

  it('tells by whether bytes went what a failed send means', async () => {
    let error: Error = new Error('EPIPE');
    let begins = true;
    const { legs } = aPipe({
      send: (_text, begin) => {
        if (begins) begin();
        return Promise.reject(error);
      },
    });
    await expect(legs.request(aRequest())).rejects.toMatchObject({ code: 'upstream_error' });
    begins = false;
    await expect(legs.request(aRequest())).rejects.toMatchObject({ code: 'upstream_unreachable' });
    error = new SessionLostError();
    await expect(legs.request(aRequest())).rejects.toBe(error);
  });

  it('fails the only request in flight for a message that was too long', async () => {
    const { legs, drops } = aPipe();
    const request = legs.request(aRequest());
    legs.tooLong(1000);
    await expect(request).rejects.toMatchObject({
      code: 'upstream_error',
      message: 'Upstream sent a message of more than 1000 bytes',
    });
    expect(drops).toEqual(['message_too_long']);
  });
});
