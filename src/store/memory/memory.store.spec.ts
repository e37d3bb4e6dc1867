import { storeContract, THING, thing } from '../../../test/drive/store-contract.js';
import { MemoryStore } from './memory.store.js';

describe('the store in memory', () => {
  let store: MemoryStore;
  beforeEach(() => {
    store = new MemoryStore();
  });

  storeContract(() => store);

  it('keeps the newest records only, where it is told so', async () => {
    const things = new MemoryStore({ [THING.name]: 2 }).repo(THING);
    for (const slug of ['a', 'b', 'c']) await things.insert([thing(slug)]);
    const kept = await things.find({}, { sort: { slug: 1 } });
    expect(kept.map((row) => row.slug)).toEqual(['b', 'c']);
  });

  it('hands out copies', async () => {
    const given = thing('a');
    await store.repo(THING).insert([given]);
    Object.assign(given, { hits: 9 });
    const [found] = await store.repo(THING).find();
    Object.assign(found ?? {}, { hits: 8 });
    expect(await store.repo(THING).get(given.id)).toMatchObject({ hits: 0 });
  });
});
