import {
  startUpstream,
  type Upstream,
  type UpstreamOptions,
} from '../fakes/hostile-upstream/upstream.js';
import { startGateway, token, type GatewayProcess } from './gateway-process.cjs';
import { HttpClient } from './http-client.js';
import { restClient, type Rest } from './rest.js';

export interface World {
  readonly gateway: GatewayProcess;
  readonly upstream: Upstream;
  readonly url: string;
  readonly token: string;
  readonly rest: Rest;
  /** A client of `/mcp`, or of another path of the gateway, not yet initialised. */
  client(path?: string, token?: string | null): HttpClient;
  end(): Promise<void>;
}

/** A gateway process and one upstream registered as `kit`, names prefixed (`kit-echo`). */
export async function aWorld(
  options: {
    env?: Record<string, string>;
    upstream?: UpstreamOptions;
    gateway?: Record<string, unknown>;
  } = {},
): Promise<World> {
  const upstream = await startUpstream(options.upstream);
  const gateway = await startGateway(options.env === undefined ? {} : { env: options.env });
  const world = worldOf(gateway, upstream);
  const made = await world.rest('POST', '/gateways', {
    name: 'kit',
    url: upstream.urls.http,
    transport: 'STREAMABLEHTTP',
    ...options.gateway,
  });
  if (made.status !== 200) {
    await world.end();
    throw new Error(
      `registration answered ${String(made.status)}: ${made.text}\n${gateway.output()}`,
    );
  }
  return world;
}

/** The same view on a gateway that was started by other means. */
export function worldOf(gateway: GatewayProcess, upstream: Upstream): World {
  const alice = token();
  return {
    gateway,
    upstream,
    url: gateway.url,
    token: alice,
    rest: restClient(gateway.url, alice),
    client: (path = '/mcp', who = alice) => new HttpClient(gateway.url + path, who),
    async end() {
      await gateway.dispose();
      await upstream.close();
    },
  };
}
