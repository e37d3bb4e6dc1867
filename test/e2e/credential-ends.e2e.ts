import { AuthService } from '../../src/auth/auth.service.js';
import { token } from '../drive/gateway-process.cjs';
import { HttpClient } from '../drive/http-client.js';
import { startInProcess, type InProcessGateway } from '../drive/in-process.js';
import { ModernClient } from '../drive/modern-client.js';
import { eventually } from '../drive/wait.js';

/** PROTOCOL.md §8: long streams are closed within five seconds after the credential has ended. */
describe('a stream whose credential ends', () => {
  let gateway: InProcessGateway;
  let open: AbortController;
  beforeAll(async () => {
    gateway = await startInProcess();
  });
  afterAll(() => gateway.close());
  beforeEach(() => {
    open = new AbortController();
  });
  afterEach(() => {
    open.abort();
  });

  const inSeconds = (s: number): number => Math.floor(Date.now() / 1000) + s;
  const revoke = (jti: string): void => {
    gateway.app.get(AuthService).revoke(jti);
  };
  const cases: readonly (readonly [string, () => { who: string; end: () => void }])[] = [
    [
      'is revoked',
      () => {
        const jti = `t${String(Math.random())}`;
        return {
          who: token('alice', { jti }),
          end: () => {
            revoke(jti);
          },
        };
      },
    ],
    ['expires', () => ({ who: token('alice', { exp: inSeconds(2) }), end: () => undefined })],
  ];

  describe.each(cases)('because it %s', (_what, made) => {
    it('is ended: the stream of a session', async () => {
      const { who, end } = made();
      const client = new HttpClient(`${gateway.url}/mcp`, who);
      await client.initialize();
      const { status, events } = await client.listen(open.signal);
      expect(status).toBe(200);
      end();
      await closedSoon(events?.closed);
    });

    it('is ended: a subscription, with its result', async () => {
      const { who, end } = made();
      const client = new ModernClient(`${gateway.url}/mcp`, who);
      const { id, events } = await client.subscribe({ toolsListChanged: true }, open.signal);
      await events.next();
      end();
      await closedSoon(events.closed);
      const last = JSON.parse((await events.next())?.data ?? '{}') as unknown;
      expect(last).toMatchObject({ id, result: { resultType: 'complete' } });
    });
  });
});

/** Within five seconds and what the machine takes. */
async function closedSoon(closed: Promise<void> | undefined): Promise<void> {
  let isClosed = false;
  void closed?.then(() => (isClosed = true));
  await eventually('the end of the stream', () => isClosed, 7500);
}
