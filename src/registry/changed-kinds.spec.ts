import { aCaller } from '../../test/builders/caller.js';
import { aGateway, aTool } from '../../test/builders/catalog.js';
import type { Gateway, Tool } from '../kernel/catalog.js';
import { LIST_KINDS } from '../kernel/mcp.js';
import { buildSnapshot } from './catalog.snapshot.js';
import { buildView } from './catalog-view.js';
import { changedKinds } from './changed-kinds.js';
import type { CatalogView } from './entries.js';
import { LightSchema } from './schema/argument-schema.js';
import { SchemaThread } from './schema/schema-thread.js';
import { visibilityOf } from './visibility.js';

const up = aGateway({ name: 'up' });
const other = aGateway({ name: 'other' });
const tool = aTool({ gatewayId: up.id, name: 'up-echo', description: 'says it' });

/** Each call is as after a swap: another Snapshot, another view. */
function viewOf(tools: readonly Tool[], gateways: readonly Gateway[] = [up, other]): CatalogView {
  const snapshot = buildSnapshot(
    { gateways, tools, resources: [], prompts: [], servers: [] },
    {
      separator: '-',
      serverInfo: '{}',
      hintLimits: { maxTtlMs: 1000, isOpen: true },
      compile: (text) => new LightSchema(text, new SchemaThread()),
    },
  );
  return buildView(snapshot, visibilityOf(aCaller()), null);
}

describe('the kinds whose list changed', () => {
  it('are none where all reads as before', () => {
    expect(changedKinds(viewOf([tool]), viewOf([{ ...tool }]), 'legacy')).toEqual([]);
  });

  it('are all where nothing was seen before', () => {
    expect(changedKinds(undefined, viewOf([tool]), 'legacy')).toEqual(LIST_KINDS);
  });

  it('are those with an item more, less or other', () => {
    const before = viewOf([tool]);
    const more = aTool({ gatewayId: up.id, name: 'up-more' });
    for (const tools of [[], [tool, more], [{ ...tool, description: 'says it twice' }]])
      expect(changedKinds(before, viewOf(tools), 'legacy')).toEqual(['tools']);
  });

  it('are all where another gateway is missing', () => {
    const down = (gateway: Gateway): Gateway => ({ ...gateway, status: 'unhealthy' });
    const third = aGateway({ name: 'third' });
    const before = viewOf([tool], [up, down(other), third]);
    expect(changedKinds(before, viewOf([tool], [up, other, third]), 'modern')).toEqual(LIST_KINDS);
    expect(changedKinds(before, viewOf([tool], [up, other, down(third)]), 'modern')).toEqual(
      LIST_KINDS,
    );
  });

  it('are found once for all who share the two views, in each era', () => {
    const [before, after] = [viewOf([tool]), viewOf([])];
    const asked = jest.spyOn(after, 'listContent');
    const answers = [1, 2, 3].map(() => changedKinds(before, after, 'legacy'));
    expect(answers).toEqual([['tools'], ['tools'], ['tools']]);
    expect(asked).toHaveBeenCalledTimes(LIST_KINDS.length);
    expect(changedKinds(before, after, 'modern')).toEqual(['tools']);
    expect(asked).toHaveBeenCalledTimes(2 * LIST_KINDS.length);
    expect(changedKinds(viewOf([]), after, 'legacy')).toEqual([]);
  });

  it('are found without making any text anew', () => {
    const view = viewOf([tool]);
    for (const era of ['legacy', 'modern'] as const)
      expect(view.listContent('tools', era)).toBe(view.listContent('tools', era));
    expect(view.listContent('tools', 'legacy').items).toHaveLength(1);
  });
});
