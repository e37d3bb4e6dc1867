import type { World } from './world.js';
import type { McpClient } from './http-client.js';
import { RpcClient } from './rpc-client.js';
import { SseClient } from './sse-client.js';
import { WsClient } from './ws-client.js';

export type Way = 'http' | 'rpc' | 'sse' | 'ws';

const MAKE: Readonly<Record<Way, (world: World) => McpClient>> = {
  http: (world) => world.client(),
  rpc: (world) => new RpcClient(world.url, world.token),
  sse: (world) => new SseClient(`${world.url}/sse`, world.token),
  ws: (world) => new WsClient(`${world.url}/ws`, world.token),
};

/** An open client of that transport. */
export async function clientOver(way: Way, world: World): Promise<McpClient> {
  const client = MAKE[way](world);
  await client.initialize();
  return client;
}

/** One behaviour, all transports: `over('http', 'ws')('answers a call', world, async (client) => …)`. */
export const over =
  (...ways: readonly Way[]) =>
  (
    name: string,
    world: () => World,
    body: (client: McpClient, way: Way) => Promise<void>,
  ): void => {
    for (const way of ways)
      it(`${name} (${way})`, async () => {
        const client = await clientOver(way, world());
        try {
          await body(client, way);
        } finally {
          if (way !== 'rpc') await client.close();
        }
      });
  };

/** Over all of them. */
export const everywhere = over('http', 'rpc', 'sse', 'ws');
