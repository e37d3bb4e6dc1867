import type { GatewayId } from '../../kernel/ids.js';
import type { ListKind } from '../../kernel/mcp.js';
import { MemoryBus } from '../../platform/bus/memory.bus.js';
import type { CatalogView } from '../../registry/entries.js';
import { UPSTREAM_NOTICE } from '../../registry/upstream-notice.js';
import { differing, ListMarking } from './list-marks.js';

const one = 'one' as GatewayId;

/** @param shown what the Gateway `one` shows */
function aView(texts: Partial<Record<ListKind, string>>, shown: ListKind[] = []): CatalogView {
  return {
    gateways: [{ id: one }],
    listText: (kind: ListKind) => texts[kind] ?? '[]',
    shows: (id: GatewayId, kind: ListKind) => id === one && shown.includes(kind),
  } as unknown as CatalogView;
}

describe('ListMarking', () => {
  let bus: MemoryBus;
  let marking: ListMarking;
  beforeEach(() => {
    bus = new MemoryBus({ error: () => undefined } as never);
    marking = new ListMarking(bus);
    marking.onModuleInit();
  });
  afterEach(() => {
    marking.onModuleDestroy();
  });

  const said = async (kinds: ListKind[], gatewayId = one): Promise<void> => {
    bus.publish(UPSTREAM_NOTICE, { gatewayId, kinds, ageMs: 0 });
    await Promise.resolve();
  };

  it('tells apart the lists that read differently, over Snapshots', () => {
    const before = marking.of(aView({ tools: '[1]' }));
    expect(differing(before, marking.of(aView({ tools: '[1]' })))).toEqual([]);
    expect(differing(before, marking.of(aView({ tools: '[2]', prompts: '[3]' })))).toEqual([
      'tools',
      'prompts',
    ]);
  });

  it('is one object for all sessions with a view', () => {
    const view = aView({});
    expect(marking.of(view)).toBe(marking.of(view));
  });

  it('tells apart what an upstream itself called changed, where an item of its is shown', async () => {
    const view = aView({}, ['resources']);
    const before = marking.of(view);
    await said(['tools', 'resources']);
    expect(differing(before, marking.of(view))).toEqual(['resources']);
    const later = marking.of(view);
    await said(['resources'], 'other' as GatewayId);
    expect(differing(later, marking.of(view))).toEqual([]);
  });
});
