import { ModernClient } from '../drive/modern-client.js';
import { eventually } from '../drive/wait.js';
import { aWorld, type World } from '../drive/world.js';

/** PROTOCOL.md §6.1: what lists say of their own life. */
describe('the hints of lists', () => {
  let world: World;
  beforeAll(async () => {
    world = await aWorld({ upstream: { era: 'modern', only: ['echo'] } });
  });
  afterAll(() => world.end());

  it('are kept with the gateway and shown to modern clients', async () => {
    const client = new ModernClient(`${world.url}/mcp`, world.token);
    const hintsOf = async (): Promise<unknown> => {
      const { answer } = await client.request('tools/list');
      return [answer?.result.ttlMs, answer?.result.cacheScope];
    };
    expect(await hintsOf()).toEqual([0, 'private']);

    await world.upstream.set({ list: { hints: { ttlMs: 60_000, cacheScope: 'public' } } });
    await world.rest('POST', '/gateways/kit/refresh');
    expect((await world.rest('GET', '/gateways/kit')).json().listHints.tools).toEqual({
      ttlMs: 60_000,
      cacheScope: 'public',
    });
    // Who needs a credential gets a list that nobody else may have.
    const wanted = JSON.stringify([60_000, 'private']);
    await eventually('hints', async () => JSON.stringify(await hintsOf()) === wanted);
  });
});
