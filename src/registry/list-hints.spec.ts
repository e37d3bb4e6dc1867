import { aCaller } from '../../test/builders/caller.js';
import { aGateway, aServer, aTool } from '../../test/builders/catalog.js';
import type { Gateway, ListHints } from '../kernel/catalog.js';
import { buildSnapshot } from './catalog.snapshot.js';
import { buildView } from './catalog-view.js';
import { changedKinds } from './changed-kinds.js';
import type { CatalogView } from './entries.js';
import { hintsAfter, type HintLimits } from './list-hints.js';
import { LightSchema } from './schema/argument-schema.js';
import { SchemaThread } from './schema/schema-thread.js';
import { visibilityOf } from './visibility.js';

const hint = (ttlMs: number, cacheScope: ListHints['cacheScope'] = 'public'): ListHints => ({
  ttlMs,
  cacheScope,
});
const saying = (name: string, tools: ListHints | null, more: Partial<Gateway> = {}): Gateway =>
  aGateway({ name, era: 'modern', listHints: tools === null ? null : { tools }, ...more });

interface Scene {
  readonly limits?: Partial<HintLimits>;
  readonly scopes?: { readonly tools: readonly string[] };
  /** Of a Server with the tools of these Gateways only. */
  readonly served?: readonly Gateway[];
}

function viewOf(gateways: readonly Gateway[], { limits, scopes, served }: Scene = {}): CatalogView {
  const tools = gateways.map((g) => aTool({ gatewayId: g.id, name: `${g.name}-echo` }));
  const chosen = tools.filter((tool) => served?.some((g) => g.id === tool.gatewayId));
  const server = aServer({ toolIds: chosen.map((tool) => tool.id) });
  const snapshot = buildSnapshot(
    { gateways, tools, resources: [], prompts: [], servers: [server] },
    {
      separator: '-',
      serverInfo: '{}',
      hintLimits: { maxTtlMs: 1000, isOpen: true, ...limits },
      compile: (text) => new LightSchema(text, new SchemaThread()),
    },
  );
  const caller = aCaller(scopes === undefined ? {} : { scopes, visibility: 'narrow' });
  return buildView(snapshot, visibilityOf(caller), served === undefined ? null : server);
}

const shown = (view: CatalogView): ListHints => {
  const { ttlMs, cacheScope } = JSON.parse(view.listText('tools', 'modern')) as ListHints;
  return { ttlMs, cacheScope };
};
const hintsOf = (gateways: readonly Gateway[], scene?: Scene): ListHints =>
  shown(viewOf(gateways, scene));

describe('the hints of a list', () => {
  const long = saying('long', hint(900));
  const short = saying('short', hint(50, 'private'));

  it('are those of the shortest and most private upstream behind it', () => {
    expect(hintsOf([long])).toEqual(hint(900));
    expect(hintsOf([long, short])).toEqual(hint(50, 'private'));
    expect(hintsOf([long, short], { served: [long] })).toEqual(hint(900));
    expect(hintsOf([long, saying('mute', null)])).toEqual(hint(0, 'private'));
    expect(hintsOf([])).toEqual(hint(0, 'private'));
  });

  it('count an upstream whose list is empty, and none that declares no such list', () => {
    expect(hintsOf([long, saying('other', null, { capabilities: { prompts: {} } })])).toEqual(
      hint(900),
    );
    const empty = saying('empty', hint(10));
    const scene = { scopes: { tools: ['long-*', 'empty-*'] } };
    expect(hintsOf([long, empty], scene).ttlMs).toBe(10);
  });

  it('promise no more than the gateway itself', () => {
    expect(hintsOf([saying('a', hint(5000))])).toEqual(hint(1000));
    expect(hintsOf([long], { limits: { maxTtlMs: 0 } }).ttlMs).toBe(0);
  });

  it('promise no time while an upstream is missing', () => {
    const down = saying('down', hint(900), { status: 'unhealthy' });
    expect(hintsOf([long, down])).toEqual(hint(0));
  });

  it('are private where others see another list, or nobody may look without a credential', () => {
    expect(hintsOf([long], { limits: { isOpen: false } }).cacheScope).toBe('private');
    expect(hintsOf([long], { scopes: { tools: ['long-*'] } }).cacheScope).toBe('private');
  });

  it('are the same on all pages, and no part of a legacy list', () => {
    const view = viewOf([long, saying('other', hint(900))]);
    const page = view.page('tools', { after: null, size: 1, era: 'modern' });
    expect(JSON.parse(page.text)).toMatchObject(hint(900));
    expect(view.listText('tools', 'legacy')).not.toContain('ttlMs');
  });

  it('are no reason to tell of a change', () => {
    const before = viewOf([long]);
    const after = viewOf([{ ...long, listHints: { tools: hint(3) } }]);
    expect(shown(after)).toEqual(hint(3));
    expect(changedKinds(before, after, 'modern')).toEqual([]);
    expect(changedKinds(before, viewOf([]), 'modern')).toContain('tools');
  });
});

describe('the hints of a gateway after a sync', () => {
  const found = {
    transport: 'STREAMABLEHTTP',
    capabilities: {},
    serverInfo: null,
    instructions: null,
    protocolVersion: null,
    era: 'modern',
    eraAt: '2026-01-01T00:00:00.000Z',
    skipped: [],
  } as const;

  it('keep those of lists that were not read, and none of a legacy upstream', () => {
    const before = { tools: hint(1), prompts: hint(2) };
    const read = { ...found, tools: [], listHints: { tools: hint(3) } };
    expect(hintsAfter(before, read)).toEqual({ tools: hint(3), prompts: hint(2) });
    expect(hintsAfter(before, { ...found, prompts: [] })).toEqual({ tools: hint(1) });
    expect(hintsAfter(before, { ...found, era: 'legacy' })).toBeNull();
  });
});
