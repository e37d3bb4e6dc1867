import type { Dispatcher } from 'undici';
import type { UpstreamCredential } from '../../kernel/catalog.js';
import { GatewayError } from '../../kernel/errors.js';
import { LiveCredential, type Renewal } from '../oauth/live-credential.js';
import { HttpAddress } from './http-line.js';
import { HttpListener } from './http-listener.js';

const CONTROLLER = { abort: () => undefined } as unknown as Dispatcher.DispatchController;
const STREAM = { 'content-type': 'text/event-stream' };
const PLAIN: UpstreamCredential = { headers: {}, query: {} };

/** An upstream that is asked for its stream, and answers when the spec says so. */
class Asked {
  readonly heads: string[][] = [];
  readonly lost: string[] = [];
  readonly listener: HttpListener;
  private handler: Dispatcher.DispatchHandler = {};

  constructor(credential: UpstreamCredential = PLAIN) {
    const pool = {
      dispatch: (request: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler) => {
        this.heads.push(request.headers as string[]);
        this.handler = handler;
        handler.onRequestStart?.(CONTROLLER, {});
        return true;
      },
    } as unknown as Dispatcher;
    this.listener = new HttpListener(
      pool,
      new HttpAddress('http://127.0.0.1/mcp', credential),
      () => undefined,
      (reason) => this.lost.push(reason),
    );
    this.listener.open();
  }

  get times(): number {
    return this.heads.length;
  }

  stands(text = ''): void {
    this.handler.onResponseStart?.(CONTROLLER, 200, STREAM);
    this.handler.onResponseData?.(CONTROLLER, Buffer.from(text));
  }

  ends(): void {
    this.handler.onResponseEnd?.(CONTROLLER, {});
  }

  refuses(status: number, headers: Record<string, string> = {}): void {
    this.handler.onResponseStart?.(CONTROLLER, status, headers);
    this.handler.onResponseError?.(CONTROLLER, new Error('no stream'));
  }

  /** @returns ms until it is asked again; `null` when it is not within two hours */
  untilAsked(): number | null {
    const { times } = this;
    const start = Date.now();
    while (this.times === times && jest.getTimerCount() > 0) jest.advanceTimersToNextTimer();
    return this.times > times ? Date.now() - start : null;
  }
}

describe('the stream for what an upstream says unasked', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it.each([405, 404, 410])('is given up for good by %i at the first request', async (status) => {
    const asked = new Asked();
    asked.refuses(status);
    await asked.listener.answered;
    expect(asked.untilAsked()).toBeNull();
    expect(asked.lost).toEqual([]);
  });

  it('has lost its session by 404 once it has stood', () => {
    const asked = new Asked();
    asked.stands();
    asked.ends();
    expect(asked.untilAsked()).toBe(1000);
    asked.refuses(404);
    expect(asked.lost).toHaveLength(1);
    expect(asked.untilAsked()).toBeNull();
  });

  it.each([408, 409, 425, 429, 500, 503])(
    'is asked for again after %i, half a minute apart at most',
    (status) => {
      const asked = new Asked();
      const pauses = Array.from({ length: 7 }, () => {
        asked.refuses(status);
        return asked.untilAsked();
      });
      expect(pauses).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
    },
  );

  it('is asked for ever less often where it is refused for itself', () => {
    const asked = new Asked();
    const pauses = Array.from({ length: 10 }, () => {
      asked.refuses(400);
      return asked.untilAsked();
    });
    expect(pauses.slice(-2)).toEqual([256_000, 300_000]);
  });

  it('is asked for ever less often where another answer than a stream is all there is', () => {
    const asked = new Asked();
    const pauses = Array.from({ length: 10 }, () => {
      asked.refuses(200, { 'content-type': 'text/html' });
      return asked.untilAsked();
    });
    expect(pauses.slice(-2)).toEqual([256_000, 300_000]);
  });

  it('forgets an event id that is refused, and takes none that no header can say', () => {
    const asked = new Asked();
    asked.stands('id: 1\ndata:\n\nid: \u4e00\ndata:\n\n');
    asked.ends();
    asked.untilAsked();
    expect(asked.heads[1]).toEqual(expect.arrayContaining(['last-event-id', '1']));
    asked.refuses(400);
    asked.untilAsked();
    expect(asked.heads[2]).not.toContain('last-event-id');
  });

  it('comes back when Retry-After says', () => {
    const asked = new Asked();
    asked.refuses(429, { 'retry-after': '120' });
    expect(asked.untilAsked()).toBe(120_000);
    asked.refuses(409, { 'retry-after': '1' });
    expect(asked.untilAsked()).toBe(1000);
  });

  it('pauses at least as long as the stream wished', () => {
    const asked = new Asked();
    asked.stands('retry: 5000\nid: 1\ndata:\n\n');
    asked.ends();
    expect(asked.untilAsked()).toBe(5000);
    expect(asked.heads[1]).toContain('last-event-id');
  });

  describe('refused for its credential', () => {
    const answering = (renewal: Renewal | Error): LiveCredential => {
      const credential: LiveCredential = new LiveCredential(() => {
        if (renewal instanceof Error) return Promise.reject(renewal);
        if (renewal === 'again') credential.set('new');
        return Promise.resolve(renewal);
      });
      credential.set('old');
      return credential;
    };
    const settled = () => jest.advanceTimersByTimeAsync(0);

    it('is opened at once with a renewed one, once', async () => {
      const asked = new Asked(answering('again'));
      asked.refuses(401);
      await settled();
      expect(asked.heads[0]).toContain('Bearer old');
      expect(asked.heads[1]).toContain('Bearer new');
      asked.refuses(401);
      await settled();
      expect(asked.times).toBe(2);
      expect(asked.untilAsked()).toBe(1000);
    });

    it('is renewed again after it has stood', async () => {
      const asked = new Asked(answering('again'));
      for (let times = 1; times < 5; times += 2) {
        asked.refuses(401);
        await settled();
        asked.stands();
        asked.ends();
        expect(asked.untilAsked()).toBe(1000);
      }
      expect(asked.times).toBe(5);
    });

    it.each<[string, Renewal | Error]>([
      ['login', 'login'],
      ['refused', 'refused'],
      ['failed', new Error('down')],
    ])('is asked for later when that does not help (%s)', async (_, renewal) => {
      const asked = new Asked(answering(renewal));
      asked.refuses(403);
      await settled();
      expect(asked.times).toBe(1);
      expect(asked.untilAsked()).toBe(1000);
    });

    it('stays closed when it was closed meanwhile', async () => {
      const asked = new Asked(answering('again'));
      asked.refuses(401);
      asked.listener.close();
      await settled();
      expect(asked.times).toBe(1);
    });
  });

  it('is not asked for without the login of its person, until there is one', async () => {
    let renewal: Renewal = 'login';
    const credential: LiveCredential = new LiveCredential(
      () => {
        if (renewal === 'again') credential.set('new');
        return Promise.resolve(renewal);
      },
      () => new GatewayError('login_needed', { gateway: 'kit', url: 'https://here' }),
    );
    const asked = new Asked(credential);
    await asked.listener.answered;
    await jest.advanceTimersByTimeAsync(10_000);
    expect(asked.times).toBe(0);
    renewal = 'again';
    const again = new Asked(credential);
    await jest.advanceTimersByTimeAsync(0);
    expect(again.heads.flat()).toContain('Bearer new');
    for (const { listener } of [asked, again]) listener.close();
  });
});
