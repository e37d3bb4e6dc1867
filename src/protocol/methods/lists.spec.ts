import { loadConfig } from '../../config/load-config.js';
import { Sealer } from '../../platform/crypto/sealer.js';
import type { CatalogService } from '../../registry/catalog.service.js';
import type { CatalogView, PageOf } from '../../registry/entries.js';
import type { OwnInstance } from '../../registry/own-instance.service.js';
import { aCall } from '../../../test/builders/call.js';
import { Lists } from './lists.js';

const DAY_MS = 86_400_000;
const config = loadConfig({
  JWT_SECRET_KEY: 'k'.repeat(40),
  AUTH_ENCRYPTION_SECRET: 'e'.repeat(40),
  MCP_LIST_PAGE_SIZE: '1',
});
const view = {
  page: (_kind: unknown, { after }: PageOf) => ({
    text: `{"after":${JSON.stringify(after)}}`,
    last: '1 a',
  }),
} as unknown as CatalogView;
const lists = new Lists(
  { view: () => view } as unknown as CatalogService,
  config,
  new Sealer(config),
  { id: 'own' } as OwnInstance,
);
const read = (cursor?: string): Record<string, string | null> =>
  JSON.parse(lists.answer(aCall('tools/list', cursor === undefined ? {} : { cursor }), 'tools'));

describe('the cursor of a list', () => {
  afterEach(() => {
    jest.useRealTimers();
  });

  it('goes on after the last item, and an empty one from the start', () => {
    const { nextCursor } = read();
    expect(read(nextCursor ?? '').after).toBe('1 a');
    expect(read('').after).toBeNull();
  });

  it('holds for a day', () => {
    jest.useFakeTimers({ now: 0 });
    const { nextCursor } = read();
    jest.setSystemTime(DAY_MS);
    expect(read(nextCursor ?? '').after).toBe('1 a');
    jest.setSystemTime(DAY_MS + 1);
    expect(() => read(nextCursor ?? '')).toThrow(
      expect.objectContaining({ code: 'invalid_cursor' }),
    );
  });
});
