import {
  collisionName,
  exposedName,
  isDisplayName,
  isUpstreamToolName,
  itemId,
  originalForm,
  slugify,
} from './names.js';

describe('names', () => {
  it.each([
    ['get_system_time', 'get-system-time'],
    ["Zoë's Café №1", 'zoes-cafe-no1'],
    ['  --a//b--  ', 'a-b'],
    ['日本', ''],
  ])('slugs %p as %p', (text, slug) => {
    expect(slugify(text, '-')).toBe(slug);
  });

  it('prefixes with the slug of the gateway', () => {
    expect(exposedName('time-server', 'get_system_time', '-')).toBe('time-server-get-system-time');
    expect(exposedName('g', 'a b', '__')).toBe('g__a__b');
  });

  it('gives names without any latin letter a stable name of their own', () => {
    expect(exposedName('g', '日本', '-')).toMatch(/^g-[0-9a-f]{8}$/);
    expect(exposedName('g', '日本', '-')).not.toBe(exposedName('g', '中国', '-'));
  });

  it('cuts long names to 128 characters and keeps them apart', () => {
    const a = exposedName('g', `${'x'.repeat(200)}a`, '-');
    const b = exposedName('g', `${'x'.repeat(200)}b`, '-');
    expect(a).toHaveLength(128);
    expect(a).not.toBe(b);
    expect(a).toMatch(/^[A-Za-z0-9_.-]+$/);
  });

  it('keeps the original form but for characters a name cannot have', () => {
    expect(originalForm('files/read.v2')).toBe('files_read.v2');
  });

  it('names a newcomer by gateway and original', () => {
    expect(collisionName('a-search', 'g1', 'search')).toMatch(/^a-search-[0-9a-f]{8}$/);
    expect(collisionName('n'.repeat(128), 'g1', 'search')).toHaveLength(128);
  });

  it.each(['ｅcho', 'ехо', 'echo ', 'ec\u200dho', 'x'.repeat(129), ''])('refuses %p', (name) => {
    expect(isUpstreamToolName(name)).toBe(false);
  });

  it('refuses display names with markup or control characters', () => {
    expect(isDisplayName('Zeit-Server 日本')).toBe(true);
    for (const bad of ['', '<b>', 'a\nb', 'a\u202eb', 'x'.repeat(256)])
      expect(isDisplayName(bad)).toBe(false);
  });

  it('derives the same UUID v5 for the same item', () => {
    const id = itemId('time', 'tool', 'echo');
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(itemId('time', 'tool', 'echo')).toBe(id);
    expect(itemId('time', 'prompt', 'echo')).not.toBe(id);
  });
});
