import { clientOver, type Way } from '../drive/over.js';
import { aWorld, type World } from '../drive/world.js';
import type { Loose } from '../drive/rest.js';

/** SECURITY.md S46: schemas too large for the loop. */
describe('large schemas', () => {
  let world: World;
  beforeAll(async () => {
    world = await aWorld({ upstream: { only: ['echo', 'ok'] } });
  });
  afterAll(() => world.end());

  const offer = async (schemas: Record<string, unknown>): Promise<Loose> => {
    await world.upstream.set({ list: { schemas } });
    return (await world.rest('POST', '/gateways/kit/refresh')).json();
  };
  const properties = (n: number, schema: (i: number) => unknown): Record<string, unknown> =>
    Object.fromEntries(Array.from({ length: n }, (_, i) => [`p${String(i)}`, schema(i)]));

  it.each<Way>(['http', 'rpc'])('are enforced before the upstream hears (%s)', async (way) => {
    const echo = {
      type: 'object',
      properties: { ...properties(200, () => ({ type: 'integer' })), nonce: { type: 'string' } },
      required: ['message'],
    };
    const result = await offer({ echo });
    expect(result).toMatchObject({ success: true, skippedItems: [] });
    const client = await clientOver(way, world);
    const refused = await client.call('kit-echo', { message: 'm', p199: 'x', nonce: `no-${way}` });
    const { error, result: told } = refused.answer ?? {};
    if (way === 'rpc') expect(error?.data.errors).toMatchObject([{ pointer: '/p199' }]);
    else expect(told).toMatchObject({ isError: true });
    expect(world.upstream.journal.times(`no-${way}`)).toBe(0);
    const taken = await client.call('kit-echo', { message: 'm', p199: 1, nonce: `yes-${way}` });
    expect(taken.answer?.result.content[0].text).toContain('m');
    expect(world.upstream.journal.times(`yes-${way}`)).toBe(1);
  });

  it('hold nobody up while they are compiled, and are not enforced when that takes too long', async () => {
    const ok = {
      type: 'object',
      properties: properties(1_500, (i) => ({ pattern: `(a{1,30}){1,33}${String(i)}` })),
    };
    const syncing = offer({ ok });
    const client = await clientOver('rpc', world);
    const during = await client.call('kit-echo', { message: 'meanwhile' });
    expect(during.answer?.result.content[0].text).toContain('meanwhile');
    expect(await syncing).toMatchObject({ success: true, skippedItems: [] });
    const tool = (await world.rest('GET', '/tools/kit-ok')).json();
    expect(tool.warnings).toEqual([expect.stringContaining('takes too long')]);
    const answer = await client.call('kit-ok', { p1: 'nothing like it' });
    expect(answer.answer?.result.isError).not.toBe(true);
  });
});
