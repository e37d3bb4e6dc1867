import type { World } from './world.js';
import type { HttpClient } from './http-client.js';
import { RpcClient } from './rpc-client.js';

export type Way = 'http' | 'rpc';

/** An open client of that transport. */
export async function clientOver(way: Way, world: World): Promise<HttpClient> {
  const client = way === 'rpc' ? new RpcClient(world.url, world.token) : world.client();
  await client.initialize();
  return client;
}

/** One behaviour, all transports: `over('http', 'rpc')('answers a call', world, async (client) => …)`. */
export const over =
  (...ways: readonly Way[]) =>
  (
    name: string,
    world: () => World,
    body: (client: HttpClient, way: Way) => Promise<void>,
  ): void => {
    for (const way of ways)
      it(`${name} (${way})`, async () => {
        await body(await clientOver(way, world()), way);
      });
  };
