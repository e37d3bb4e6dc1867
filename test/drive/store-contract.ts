import { randomUUID } from 'node:crypto';
import { type Definition, DuplicateError, type Store } from '../../src/store/port.js';

interface Thing {
  readonly id: string;
  readonly slug: string;
  readonly team: string | null;
  readonly meta: unknown;
  readonly tags: readonly string[];
  readonly enabled: boolean;
  readonly hits: number;
  readonly seen: string | null;
}

export const THING: Definition<Thing> = {
  name: 'thing',
  fields: {
    slug: { kind: 'str' },
    team: { kind: 'str', optional: true },
    meta: { kind: 'json', optional: true },
    tags: { kind: 'json' },
    enabled: { kind: 'bool' },
    hits: { kind: 'int' },
    seen: { kind: 'time', optional: true },
  },
  unique: [['slug', 'team']],
  index: [['enabled', 'hits']],
};

export const thing = (slug: string, more: Partial<Thing> = {}): Thing => ({
  id: randomUUID(),
  slug,
  team: 't',
  meta: { a: [1, { b: 'é' }] },
  tags: ['x', slug],
  enabled: true,
  hits: 0,
  seen: '2026-03-29T02:30:00.123Z',
  ...more,
});

/** What every store must do. @param opened the empty store of the test that runs */
export function storeContract(opened: () => Store): void {
  const things = () => opened().repo(THING);
  const slugs = async (): Promise<string[]> =>
    (await things().find({}, { sort: { slug: 1 } })).map((row) => row.slug);

  it('gives back what was put in, nulls and odd keys too', async () => {
    const odd = JSON.parse('{"__proto__":{"x":1},"n":1.5,"big":"\\u0000é"}') as unknown;
    const rows = [thing('a', { meta: odd }), thing('b', { meta: null, seen: null, team: null })];
    await things().insert(rows);
    expect(await things().find({}, { sort: { slug: 1 } })).toEqual(rows);
    expect(await things().get(rows[0]?.id ?? '')).toEqual(rows[0]);
    expect(await things().get('none')).toBeUndefined();
  });

  it('refuses what is taken, case decides', async () => {
    await things().insert([thing('a')]);
    await expect(things().insert([thing('a')])).rejects.toThrow(DuplicateError);
    await things().insert([thing('A')]);
    await expect(things().update({ slug: 'A' }, { slug: 'a' })).rejects.toThrow(DuplicateError);
    expect(await things().count({ slug: 'A' })).toBe(1);
  });

  it('finds by every kind of condition', async () => {
    await things().insert(
      Array.from({ length: 30 }, (_, i) =>
        thing(`f${String(i)}`, {
          hits: i,
          enabled: i % 2 === 0,
          seen: i === 0 ? null : `2026-01-01T00:00:00.0${String(i).padStart(2, '0')}Z`,
        }),
      ),
    );
    const count = things().count.bind(things());
    expect(await count({ hits: { gte: 10, lt: 20 } })).toBe(10);
    expect(await count({ slug: { in: ['f1', 'f2', 'zz'] } })).toBe(2);
    expect(await count({ slug: { in: [] } })).toBe(0);
    expect(await count({ slug: { inAnyCase: ['F1', 'f2', 'zz'] } })).toBe(2);
    expect(await count({ slug: { inAnyCase: [] } })).toBe(0);
    expect(await count({ tags: { has: 'f3' } })).toBe(1);
    expect(await count({ slug: { contains: 'F2' } })).toBe(11);
    expect(await count({ slug: { contains: '%' } })).toBe(0);
    expect(await count({ or: [{ slug: 'f1' }, { hits: 2 }] })).toBe(2);
    expect(await count({ or: [] })).toBe(0);
    expect(await count({ seen: null })).toBe(1);
    expect(await count({ seen: { ne: null } })).toBe(29);
    expect(await count({ seen: { gt: '2026-01-01T00:00:00.028Z' } })).toBe(1);
    expect(await count({ enabled: false })).toBe(15);
    const page = await things().find({ hits: { lt: 28 } }, { sort: { hits: -1 }, limit: 3 });
    expect(page.map((row) => row.hits)).toEqual([27, 26, 25]);
  });

  it('picks fields, each as it was put in', async () => {
    await things().insert([thing('a', { team: null }), thing('b', { enabled: false })]);
    expect(await things().pick(['slug', 'enabled', 'team'], { enabled: false })).toEqual([
      { slug: 'b', enabled: false, team: 't' },
    ]);
    expect(await things().pick(['meta'], { slug: 'a' })).toEqual([{ meta: thing('a').meta }]);
  });

  it('updates, counts up and deletes, saying how many', async () => {
    await things().insert([thing('a'), thing('b')]);
    expect(await things().update({ slug: 'a' }, { meta: { z: 1 }, enabled: false })).toBe(1);
    await things().increment({ slug: 'a' }, 'hits', 4);
    expect(await things().find({ slug: 'a' })).toMatchObject([
      { meta: { z: 1 }, enabled: false, hits: 4 },
    ]);
    expect(await things().delete({ slug: 'a' })).toBe(1);
    expect(await things().delete({ slug: 'a' })).toBe(0);
    expect(await slugs()).toEqual(['b']);
  });

  it('inserts more rows than one statement can take, all or none', async () => {
    const rows = Array.from({ length: 9000 }, (_, i) => thing(`r${String(i)}`));
    await expect(things().insert([...rows, thing('r1')])).rejects.toThrow(DuplicateError);
    expect(await things().count()).toBe(0);
    await things().insert(rows);
    expect(await things().count()).toBe(9000);
  });

  it('rolls back a failed transaction and takes nobody else with it', async () => {
    let entered = (): void => undefined;
    const inside = new Promise<void>((resolve) => (entered = resolve));
    const failing = opened().transaction(async (tx) => {
      await tx.repo(THING).insert([thing('lost')]);
      entered();
      await new Promise((resolve) => setImmediate(resolve));
      throw new Error('boom');
    });
    const refused = expect(failing).rejects.toThrow('boom');
    await inside;
    await Promise.all([
      opened().transaction((tx) => tx.repo(THING).insert([thing('kept1')])),
      things().insert([thing('kept2')]),
      refused,
    ]);
    expect(await slugs()).toEqual(['kept1', 'kept2']);
  });
}
