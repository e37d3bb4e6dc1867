import { aCaller } from '../../test/builders/caller.js';
import { alice, aRegistry, type Registry } from '../../test/builders/registry.js';
import { SYSTEM_ACTOR } from '../kernel/caller.js';
import type { GatewayId, ServerId, ToolId } from '../kernel/ids.js';
import { serverInfoText } from '../kernel/own-result.js';
import { changedSnapshot, emptySnapshot, type Snapshot } from './catalog.snapshot.js';
import { readAll } from './catalog-reader.js';
import { buildView } from './catalog-view.js';
import type { Discovered } from './discovered.js';
import { EVERYTHING } from './visibility.js';

const caller = aCaller();
const CHANGES = 120;
const LISTS = ['tools', 'wideTools', 'prompts', 'resources', 'resourceTemplates'] as const;

/** Numbers that look random and are the same in every run. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** What an upstream may offer: now this, now that. */
function offer(pick: (below: number) => number): Discovered {
  const some = <T>(make: (n: number, word: string) => T): T[] =>
    Array.from({ length: 6 }, (_, n) => ({ n, isThere: pick(3) > 0 }))
      .filter(({ isThere }) => isThere)
      .map(({ n }) => make(n, 'abc'.charAt(pick(3))));
  return {
    transport: 'STREAMABLEHTTP',
    capabilities: { tools: {}, prompts: {}, resources: {} },
    serverInfo: null,
    instructions: pick(2) === 0 ? null : 'Ask nicely.',
    protocolVersion: pick(2) === 0 ? '2025-11-25' : '2026-07-28',
    era: pick(2) === 0 ? 'legacy' : 'modern',
    eraAt: '2026-01-01T00:00:00.000Z',
    tools: some((n, word) => ({
      name: `t${String(n)}`,
      text: `{"name":"t${String(n)}","title":"${word}","inputSchema":{"type":"object"},"outputSchema":{"type":"array"}}`,
    })),
    prompts: some((n, word) => ({ name: `p${String(n)}`, text: `{"name":"p","title":"${word}"}` })),
    resources: some((n, word) => ({
      name: `x://r${String(n)}`,
      text: `{"uri":"x://r${String(n)}","name":"${word}"}`,
    })),
    resourceTemplates: some((n, word) => ({
      name: `x://t${String(n)}/{id}`,
      text: `{"uriTemplate":"x://t${String(n)}/{id}","name":"${word}"}`,
    })),
    skipped: [],
  };
}

/** As after a restart. */
async function readAnew({ config, schemas, database }: Registry): Promise<Snapshot> {
  const settings = {
    separator: config.gatewayToolNameSeparator,
    serverInfo: serverInfoText(config.appName),
    hintLimits: { maxTtlMs: config.mcpListMaxTtlMs, isOpen: !config.authRequired },
    compile: (text: string) => schemas.get(text),
  };
  return changedSnapshot(emptySnapshot(settings), await readAll(database.repositories), settings);
}

/** All that calls, lists and the API can read, in its order. */
function plain(snapshot: Snapshot): unknown {
  const rows = (all: Iterable<{ item: unknown; gateway: { id: string } }>): unknown =>
    [...all].map(({ item, gateway }) => ({ item, gateway }));
  const lists = [null, ...snapshot.servers.values()].map((server) => {
    const view = buildView(snapshot, EVERYTHING, server);
    return LISTS.map((list) => [view.listText(list, 'legacy'), view.listText(list, 'modern')]);
  });
  return {
    gateways: [...snapshot.gateways],
    servers: [...snapshot.servers],
    serversByName: [...snapshot.serversByName],
    tools: rows(snapshot.tools.values()),
    toolIds: [...snapshot.tools.keys()],
    prompts: rows(snapshot.prompts.values()),
    resources: rows(snapshot.resources.values()),
    lists,
  };
}

/** One change that somebody could make; some are refused. */
async function change(registry: Registry, pick: (below: number) => number): Promise<unknown> {
  const { gateways, tools, servers, catalog } = registry;
  const one = <T>(all: Iterable<T>): T | undefined => {
    const list = [...all];
    return list[pick(list.length)];
  };
  const gateway = one(catalog.snapshot.gateways.keys()) ?? ('none' as GatewayId);
  const tool = one(catalog.snapshot.tools.keys()) ?? ('none' as ToolId);
  const server = one(catalog.snapshot.servers.keys()) ?? ('none' as ServerId);
  const name = `n${String(pick(9))}`;
  const nameMode = pick(2) === 0 ? ('original' as const) : ('prefixed' as const);
  const members = {
    associatedTools: [...catalog.snapshot.tools.keys()].filter(() => pick(3) === 0),
    associatedResources: [...catalog.snapshot.resources.keys()].filter(() => pick(3) === 0),
  };
  const made: (() => Promise<unknown>)[] = [
    () => registry.add({ name, url: 'http://127.0.0.1:9/mcp', nameMode }, offer(pick)),
    () => registry.add({ name, url: 'http://127.0.0.1:9/mcp' }, null),
    () => gateways.update(gateway, { name, nameMode }, alice),
    () => gateways.setEnabled(gateway, pick(3) > 0, alice),
    () => gateways.delete(gateway),
    () => gateways.applySync(gateway, offer(pick), SYSTEM_ACTOR),
    () => gateways.applySync(gateway, offer(pick), SYSTEM_ACTOR),
    () => gateways.setHealth(gateway, { status: 'unhealthy', reachable: false }),
    () => gateways.setHealth(gateway, { lastSeen: new Date(pick(1e9)).toISOString() }),
    () => tools.update(tool, { customName: pick(4) === 0 ? null : name, title: name }, alice),
    () => tools.setEnabled(tool, pick(2) > 0, alice),
    () => tools.delete(tool),
    () => servers.create({ name, nameMode, ...members }, alice, caller),
    () => servers.update(server, { name, ...members, caller }, alice),
    () => servers.setEnabled(server, pick(2) > 0, alice),
    () => servers.delete(server),
  ];
  return one(made)?.().catch((error: unknown) => error);
}

describe('a catalog that follows its changes', () => {
  let registry: Registry;
  beforeEach(async () => {
    registry = await aRegistry();
  });
  afterEach(() => registry.close());

  it.each([1, 2, 3])('reads like one that is read anew, series %i', async (seed) => {
    const pick = numbers(seed);
    let mostTools = 0;
    for (let i = 0; i < CHANGES; i++) {
      await change(registry, pick);
      // Each as if somebody had looked, so that something is there to be kept.
      registry.catalog.view(caller, null).listText('tools', 'legacy');
      if (pick(4) > 0) continue;
      await registry.catalog.rebuild();
      const anew = await readAnew(registry);
      expect(plain(registry.catalog.snapshot)).toEqual(plain(anew));
      const now = registry.catalog.view(caller, null).listText('tools', 'legacy');
      expect(now).toBe(buildView(anew, EVERYTHING, null).listText('tools', 'legacy'));
      mostTools = Math.max(mostTools, anew.tools.size);
    }
    expect(mostTools).toBeGreaterThan(5);
  });

  it('keeps what a change does not touch', async () => {
    const pick = numbers(7);
    await registry.add({ name: 'a', url: 'http://127.0.0.1:9/mcp' }, offer(pick));
    await registry.add({ name: 'b', url: 'http://127.0.0.1:9/mcp' }, offer(pick));
    const before = registry.catalog.snapshot;
    const [first, second] = [...before.tools.keys()];
    const view = registry.catalog.view(caller, null);
    await registry.tools.setEnabled(first as ToolId, false, alice);
    const { snapshot } = registry.catalog;
    expect(snapshot.tools.get(first as ToolId)?.item.enabled).toBe(false);
    expect(snapshot.tools.get(second as ToolId)).toBe(before.tools.get(second as ToolId));
    expect(snapshot.resources).toBe(before.resources);
    expect(before.tools.get(first as ToolId)?.item.enabled).toBe(true);
    expect(registry.catalog.view(caller, null)).not.toBe(view);
  });

  it('keeps the view of everything, and of other servers, when a server changes', async () => {
    await registry.add({ name: 'a', url: 'http://127.0.0.1:9/mcp' }, offer(numbers(7)));
    const { id } = await registry.servers.create({ name: 's' }, alice, caller);
    const other = await registry.servers.create({ name: 'other' }, alice, caller);
    const views = () => [null, other.id, id].map((one) => registry.catalog.view(caller, one));
    const [everything, ofOther, own] = views();
    await registry.servers.update(id, { description: 'new', caller }, alice);
    const [everythingNow, ofOtherNow, ownNow] = views();
    expect(everythingNow).toBe(everything);
    expect(ofOtherNow).toBe(ofOther);
    expect(ownNow).not.toBe(own);
  });

  it('reads again what it could not read', async () => {
    const gateway = await registry.add({ name: 'a', url: 'http://127.0.0.1:9/mcp' }, null);
    const { gateways } = registry.database.repositories;
    const broken = jest.spyOn(gateways, 'findAll').mockRejectedValueOnce(new Error('gone'));
    await expect(registry.gateways.update(gateway.id, { name: 'b' }, alice)).rejects.toThrow(
      'gone',
    );
    expect(broken).toHaveBeenCalledTimes(1);
    await registry.catalog.rebuild();
    expect(registry.catalog.snapshot.gateways.get(gateway.id)?.name).toBe('b');
  });

  it('reads no more than was written', async () => {
    await registry.add({ name: 'a', url: 'http://127.0.0.1:9/mcp' }, offer(numbers(7)));
    const { repositories } = registry.database;
    const whole = jest.spyOn(repositories.tools, 'all');
    const some = jest.spyOn(repositories.tools, 'findAll');
    const [id] = [...registry.catalog.snapshot.tools.keys()];
    await registry.tools.setEnabled(id as ToolId, false, alice);
    expect(whole).not.toHaveBeenCalled();
    expect(some.mock.calls).toEqual([[[id]]]);
  });
});
