import { INSTANCE, VIA } from '../../kernel/federation.js';
import type { CatalogView } from '../../registry/entries.js';
import { aCall } from '../../../test/builders/call.js';
import { aGateway } from '../../../test/builders/catalog.js';
import { listForPeer, viaOf } from './peer-lists.js';

const gateways = {
  plain: aGateway(),
  asker: aGateway({ serverInfo: { name: 'x', [INSTANCE]: 'asker' } }),
  third: aGateway({ serverInfo: { name: 'x', [INSTANCE]: 'third' } }),
};
const items = Object.keys(gateways).map((name) => [name, `{"name":"${name}"}`] as const);
const view = {
  listText: () => `{"tools":[${items.map(([, text]) => text).join(',')}],"x":1}`,
  listContent: () => ({ items, missing: [] }),
  tool: (name: keyof typeof gateways) => ({ gateway: gateways[name] }),
} as unknown as CatalogView;
const callVia = (via: unknown) => aCall('tools/list', { _meta: { [VIA]: via } });
const listed = (via: unknown, isPassedOn: boolean): unknown => {
  const text = listForPeer(
    { view, kind: 'tools', call: callVia(via) },
    { id: 'own', name: 'gw', isPassedOn },
  );
  const { tools, x } = JSON.parse(text) as { tools: { name: string }[]; x: number };
  return [tools.map(({ name }) => name), x];
};

describe('lists for other gateways', () => {
  it('hold nothing of any gateway', () => {
    expect(listed(['asker'], false)).toEqual([['plain'], 1]);
  });

  it('hold what is of third ones where that is passed on', () => {
    expect(listed(['asker'], true)).toEqual([['plain', 'third'], 1]);
    expect(listed(['third', 'asker'], true)).toEqual([['plain'], 1]);
  });

  it('are refused where they come back to', () => {
    expect(() => listed(['asker', 'own'], true)).toThrow('Loop: gw is this gateway itself');
  });

  it('are for whom names gateways, as texts in a list', () => {
    expect(viaOf(callVia(['a', 7, 'b']))).toEqual(['a', 'b']);
    for (const call of [
      callVia('a'),
      callVia(null),
      aCall('tools/list'),
      aCall('tools/list', { _meta: {} }),
    ])
      expect(viaOf(call)).toEqual([]);
  });
});
