import { MemoryKv } from './memory.kv.js';

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

it('keeps a text until its time is over, or it is deleted', async () => {
  const kv = new MemoryKv();
  await kv.set('a', '1', 1000);
  await kv.set('b', '2', 1000);
  await kv.delete('b');
  jest.setSystemTime(Date.now() + 999);
  expect(await kv.get('a')).toBe('1');
  expect(kv.getNow('b')).toBeUndefined();
  jest.setSystemTime(Date.now() + 1);
  expect(kv.getNow('a')).toBeUndefined();
});

it('lets the oldest go when it is full', async () => {
  const kv = new MemoryKv();
  for (let i = 0; i < 100_001; i += 1) await kv.set(String(i), 'x', 1e6);
  expect(kv.getNow('0')).toBeUndefined();
  expect(kv.getNow('100000')).toBe('x');
  expect(kv.getNow('50000')).toBe('x');
});
