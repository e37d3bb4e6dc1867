import { setTimeout as pause } from 'node:timers/promises';
import { aGateway } from '../../../test/builders/catalog.js';
import { anOpening } from '../../../test/builders/opening.js';
import { eventually } from '../../../test/drive/wait.js';
import { startUpstream, type Upstream } from '../../../test/fakes/hostile-upstream/upstream.js';
import { loadConfig } from '../../config/load-config.js';
import { Abort } from '../../kernel/abort.js';
import type { UpstreamObserver, UpstreamRequest } from '../../kernel/upstream.js';
import { EgressPolicy } from '../../platform/http/egress-policy.js';
import { SafeClient } from '../../platform/http/safe-client.js';
import { createLogger } from '../../platform/log/log.js';
import { Meters } from '../../platform/metrics/meters.js';
import type { MirroredArguments } from '../../registry/mirrored-arguments.service.js';
import type { UpstreamConnection } from './connection.js';
import { HttpConnections } from './http.connection.js';
import { probeRequest } from './probe-request.js';

const config = loadConfig({ LOG_LEVEL: 'error' }, { cwd: __dirname });
const client = new SafeClient(config, new EgressPolicy(config), createLogger(config));
const mirrored = { of: () => [] } as Pick<MirroredArguments, 'of'> as MirroredArguments;
const kinds = new HttpConnections(client, config, new Meters(config), mirrored);

/** Whoever hears the call: behind from its second message on, until told to read. */
class Reader implements UpstreamObserver {
  readonly heard: number[] = [];
  isReading = false;
  caughtUp: (() => void) | null = null;

  progress(): void {
    // A torrent says log messages only.
  }
  notification(_method: string, params: string): void {
    this.heard.push(Number(/"i":(\d+)/.exec(params)?.[1]));
  }
  ask(): () => void {
    return () => undefined;
  }
  end(): void {
    // Nothing waits.
  }
  behind(caughtUp: () => void): boolean {
    if (this.isReading || this.heard.length < 2) return false;
    this.caughtUp = caughtUp;
    return true;
  }
  read(): void {
    this.isReading = true;
    this.caughtUp?.();
  }
}

describe('a client of Streamable HTTP upstreams that is behind', () => {
  let upstream: Upstream;
  let connection: UpstreamConnection;
  const said = (nonce: string) =>
    upstream.journal.events().filter((e) => e.event === 'said' && e.nonce === nonce);
  const torrent = (reader: Reader, args: object, more: Partial<UpstreamRequest> = {}) =>
    connection.request({
      ...probeRequest('tools/call', `"name":"torrent","arguments":${JSON.stringify(args)}`, 30_000),
      observer: reader,
      ...more,
    });
  const failure = (answer: Promise<string>) =>
    answer.then(
      () => null,
      (e: unknown) => e as Error & { code?: string },
    );
  const isHeld = (reader: Reader, nonce: string) =>
    eventually(
      'the upstream is held',
      async () => {
        const before = said(nonce).length;
        await pause(50);
        const after = said(nonce);
        return reader.caughtUp !== null && after.length === before && after.at(-1)?.isStuck;
      },
      15_000,
    );

  beforeAll(async () => {
    upstream = await startUpstream();
    connection = await kinds.open(
      anOpening({
        gateway: aGateway({ url: upstream.urls.http }),
      }),
    );
  });
  afterAll(async () => {
    await connection.close();
    await upstream.close();
    await client.close();
  });

  it('makes the upstream of its call wait, and no other; then gets all in order', async () => {
    const reader = new Reader();
    const answer = torrent(reader, { n: 50, nonce: 'order' });
    await isHeld(reader, 'order');
    expect(said('order').length).toBeLessThan(15);
    expect(reader.heard.length).toBeLessThan(4);
    const other = probeRequest('tools/call', '"name":"ok","arguments":{}', 5000);
    expect(await connection.request(other)).toContain('"ok"');
    reader.read();
    expect(await answer).toContain('all said');
    expect(reader.heard).toEqual(Array.from({ length: 50 }, (_, i) => i + 1));
  });

  it('is not taken for a silent upstream', async () => {
    const reader = new Reader();
    const answer = torrent(reader, { n: 20, nonce: 'silent' }, { silenceMs: 400 });
    await isHeld(reader, 'silent');
    await pause(800);
    reader.read();
    expect(await answer).toContain('all said');
  });

  it('does not outlast the absolute end of its call', async () => {
    const reader = new Reader();
    const answer = torrent(reader, { n: 50, nonce: 'total' }, { totalMs: 700 });
    expect(await failure(answer)).toMatchObject({ code: 'upstream_timeout' });
    reader.read();
    expect(reader.heard.length).toBeLessThan(4);
  });

  it('can cancel', async () => {
    const reader = new Reader();
    const abort = new Abort();
    const answer = failure(torrent(reader, { n: 50, nonce: 'cancel' }, { abort }));
    await isHeld(reader, 'cancel');
    abort.abort('enough');
    expect(await answer).toMatchObject({ code: 'cancelled' });
    await eventually('the upstream is told', () => upstream.journal.cancelOf('cancel'));
  });

  it('leaves the connection fit for the next call', async () => {
    const reader = new Reader();
    const answer = torrent(reader, { n: 2, bytes: 100, nonce: 'brief' });
    expect(await answer).toContain('all said');
    const next = probeRequest('tools/call', '"name":"ok","arguments":{}', 5000);
    for (let i = 0; i < 5; i++) expect(await connection.request(next)).toContain('"ok"');
  });
});
