import type { Call } from '../kernel/call.js';
import { loadConfig } from '../config/load-config.js';
import type { Watches } from '../federation/watches.service.js';
import { MemoryBus } from '../platform/bus/memory.bus.js';
import type { CatalogService } from '../registry/catalog.service.js';
import type { ResourceEntry } from '../registry/entries.js';
import { UPSTREAM_NOTICE } from '../registry/upstream-notice.js';
import { aCall, aModernCall } from '../../test/builders/call.js';
import { aCaller } from '../../test/builders/caller.js';
import { aGateway, aResource } from '../../test/builders/catalog.js';
import { CachedReads } from './cached-reads.js';

const gateway = aGateway({ era: 'modern' });
const entryOf = (uri: string, at = gateway): ResourceEntry => ({
  resource: aResource(),
  gateway: at,
  upstreamUri: uri,
  uris: null,
});
const ONE = entryOf('x://1');
const PUBLIC = '{"contents":[],"ttlMs":5000,"cacheScope":"public"}';
const PRIVATE = '{"contents":[],"ttlMs":5000,"cacheScope":"private"}';
const [alice, bob] = ['alice', 'bob'].map((principal) =>
  aCaller({ principal, principalHash: principal }),
) as [ReturnType<typeof aCaller>, ReturnType<typeof aCaller>];
const readOf = (caller = alice, params: Readonly<Record<string, unknown>> = {}): Call =>
  aModernCall('resources/read', { uri: 'shown', ...params }, {}, { caller });

const turn = () => new Promise<void>((next) => setImmediate(next));

function aHouse(env: Record<string, string> = {}) {
  let updated: (id: string, uri: string) => void = () => undefined;
  const swaps: (() => void)[] = [];
  const bus = new MemoryBus({ error: () => undefined } as never);
  const reads = new CachedReads(
    loadConfig({ JWT_SECRET_KEY: 'k'.repeat(40), ...env }),
    {
      onSwap: (swapped: () => void) => {
        swaps.push(swapped);
        return () => undefined;
      },
    } as unknown as CatalogService,
    {
      onResourceUpdated: (f: typeof updated) => ((updated = f), () => undefined),
    } as unknown as Watches,
    bus,
  );
  reads.onModuleInit();
  const keep = (result: string, call = readOf(), entry = ONE) => {
    reads.keeper(call, entry)?.({ result, era: 'modern' });
  };
  return {
    ...{ reads, keep, bus },
    update: (uri: string) => {
      updated(gateway.id, uri);
    },
    swap: () => {
      for (const swapped of swaps) swapped();
    },
  };
}

describe('CachedReads', () => {
  it('gives what is public to everybody, with the life that is left', () => {
    const { reads, keep } = aHouse();
    keep(PUBLIC);
    for (const call of [
      readOf(alice),
      readOf(bob),
      aCall('resources/read', { uri: 'shown' }, { caller: bob }),
    ]) {
      const { result, era } = reads.find(call, ONE)!;
      const { ttlMs } = JSON.parse(result) as { ttlMs: number };
      expect([era, ttlMs > 4000 && ttlMs <= 5000]).toEqual(['modern', true]);
    }
    expect(reads.find(readOf(), entryOf('x://2'))).toBeNull();
    expect(reads.find(readOf(), entryOf('x://1', aGateway({ era: 'modern' })))).toBeNull();
  });

  it('gives what is private to its person alone', () => {
    const { reads, keep } = aHouse();
    keep(PRIVATE);
    expect(reads.find(readOf(bob), ONE)).toBeNull();
    expect(reads.find(readOf(alice), ONE)).not.toBeNull();
  });

  it('gives what has become public to who had a private answer that is over', () => {
    const { reads, keep } = aHouse();
    const now = jest.spyOn(performance, 'now').mockReturnValue(0);
    keep('{"contents":[],"ttlMs":1000,"cacheScope":"private"}');
    now.mockReturnValue(2000);
    keep(PUBLIC, readOf(bob));
    const found = reads.find(readOf(alice), ONE);
    const { size } = reads;
    now.mockReturnValue(8000);
    const after = [reads.find(readOf(alice), ONE), reads.size];
    now.mockRestore();
    expect([found === null, size, after]).toEqual([false, 1, [null, 0]]);
  });

  it('keeps nothing that was read with the login of a person', () => {
    const own = entryOf('x://1', aGateway({ era: 'modern', loginPerUser: true }));
    const { reads, keep } = aHouse();
    for (const result of [PUBLIC, PRIVATE]) keep(result, readOf(alice), own);
    expect([reads.size, reads.find(readOf(alice), own)]).toEqual([0, null]);
  });

  it.each([
    ['{"contents":[],"ttlMs":0,"cacheScope":"public"}'],
    ['{"contents":[],"cacheScope":"public"}'],
    ['{"contents":[],"ttlMs":"5000"}'],
    ['{"resultType":"input_required","ttlMs":5000}'],
  ])('keeps nothing of %s', (result) => {
    const { reads, keep } = aHouse();
    keep(result);
    expect(reads.size).toBe(0);
  });

  it('keeps nothing, and gives nothing, where more than the URI went up', () => {
    const { reads, keep } = aHouse();
    const more = [
      readOf(alice, { inputResponses: {} }),
      readOf(alice, { vendor: 1 }),
      readOf(alice, { _meta: { 'com.example/a': 1 } }),
    ];
    for (const call of more) keep(PUBLIC, call);
    expect(reads.size).toBe(0);
    keep(PUBLIC, readOf(alice, { _meta: { progressToken: 1 } }));
    expect(more.map((call) => reads.find(call, ONE))).toEqual([null, null, null]);
    expect(reads.find(readOf(), ONE)).not.toBeNull();
  });

  it('keeps nothing of legacy upstreams', () => {
    const { reads, keep } = aHouse();
    keep(PUBLIC, readOf(), entryOf('x://1', aGateway({ era: 'legacy' })));
    expect(reads.size).toBe(0);
  });

  it('drops what the upstream says has changed, and everything with the catalog', async () => {
    const { reads, keep, bus, update, swap } = aHouse();
    const two = entryOf('x://2');
    const fill = () => {
      for (const entry of [ONE, two]) keep(PUBLIC, readOf(), entry);
    };
    fill();
    update('x://1');
    expect([reads.find(readOf(), ONE), reads.size]).toEqual([null, 1]);
    fill();
    bus.publish(UPSTREAM_NOTICE, { gatewayId: gateway.id, kinds: ['tools'], ageMs: 0 });
    bus.publish(UPSTREAM_NOTICE, { gatewayId: 'other', kinds: ['resources'], ageMs: 0 });
    await turn();
    expect(reads.size).toBe(2);
    bus.publish(UPSTREAM_NOTICE, { gatewayId: gateway.id, kinds: ['resources'], ageMs: 0 });
    await turn();
    expect(reads.size).toBe(0);
    fill();
    swap();
    expect(reads.size).toBe(0);
  });

  it('does not keep an answer that was asked for before a change', () => {
    const { reads, update } = aHouse();
    const take = reads.keeper(readOf(), ONE);
    update('x://1');
    take?.({ result: PUBLIC, era: 'modern' });
    expect(reads.size).toBe(0);
  });

  it('lets the client keep what is public for everybody only where everybody may come in', () => {
    const scopes = ['true', 'false'].flatMap((AUTH_REQUIRED) =>
      [alice, aCaller({ visibility: 'narrow' })].map((caller) => {
        const result = aHouse({ AUTH_REQUIRED }).reads.scoped(readOf(caller), PUBLIC);
        return (JSON.parse(result) as { cacheScope: string }).cacheScope;
      }),
    );
    expect(scopes).toEqual(['private', 'private', 'public', 'private']);
  });

  it('is bounded in entries and bytes: what was used least recently goes', () => {
    const { reads, keep } = aHouse({ RESOURCE_CACHE_SIZE: '2' });
    for (const uri of ['a', 'b']) keep(PUBLIC, readOf(), entryOf(uri));
    reads.find(readOf(), entryOf('a'));
    keep(PUBLIC, readOf(), entryOf('c'));
    expect(['a', 'b', 'c'].map((u) => reads.find(readOf(), entryOf(u)) !== null)).toEqual([
      ...[true, false, true],
    ]);
    const small = aHouse({ RESOURCE_CACHE_MAX_BYTES: String(PUBLIC.length + 1) });
    for (const uri of ['a', 'b']) small.keep(PUBLIC, readOf(), entryOf(uri));
    expect(small.reads.size).toBe(1);
    const none = aHouse({ RESOURCE_CACHE_SIZE: '0' });
    expect(none.reads.keeper(readOf(), ONE)).toBeUndefined();
  });
});
