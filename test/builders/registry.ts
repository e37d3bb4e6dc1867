import { Writable } from 'node:stream';
import { loadConfig } from '../../src/config/load-config.js';
import type { Actor } from '../../src/kernel/caller.js';
import type { Gateway } from '../../src/kernel/catalog.js';
import { MemoryBus } from '../../src/platform/bus/memory.bus.js';
import { Sealer } from '../../src/platform/crypto/sealer.js';
import { EgressPolicy } from '../../src/platform/http/egress-policy.js';
import { createLogger } from '../../src/platform/log/log.js';
import { CatalogChanges } from '../../src/registry/catalog-changes.service.js';
import { CatalogService } from '../../src/registry/catalog.service.js';
import type { Discovered, NewGateway } from '../../src/registry/discovered.js';
import { GatewayItems } from '../../src/registry/gateway-items.service.js';
import { GatewayRules } from '../../src/registry/gateway-rules.service.js';
import { GatewaySecrets } from '../../src/registry/gateway-secrets.service.js';
import { GatewaysService } from '../../src/registry/gateways.service.js';
import { PersonLogins } from '../../src/registry/person-logins.service.js';
import { SchemaThread } from '../../src/registry/schema/schema-thread.js';
import { SchemasService } from '../../src/registry/schema/schemas.service.js';
import { ServersService } from '../../src/registry/servers.service.js';
import { ToolsService } from '../../src/registry/tools.service.js';
import { Database } from '../../src/store/database.js';
import { aCaller } from './caller.js';

export const alice: Actor = { principal: 'alice', ip: '127.0.0.1', via: 'api', userAgent: null };
const caller = aCaller();

/** The whole registry over an empty database. */
export async function aRegistry() {
  const config = loadConfig({
    DATABASE_URL: 'sqlite::memory:',
    AUTH_ENCRYPTION_SECRET: '0123456789abcdef0123456789abcdef',
  });
  const log = createLogger(
    config,
    new Writable({
      write: (_c, _e, done) => {
        done();
      },
    }),
  );
  const database = await Database.open({ url: 'sqlite::memory:', busyTimeoutMs: 1000 });
  const bus = new MemoryBus(log);
  const schemas = new SchemasService(new SchemaThread());
  const catalog = new CatalogService(database, config, log, schemas, bus);
  await catalog.onModuleInit();
  const changes = new CatalogChanges(database, bus, catalog);
  const sealer = new Sealer(config);
  const secrets = new GatewaySecrets(sealer);
  const rules = new GatewayRules(config, new EgressPolicy(config), secrets);
  const gateways = new GatewaysService(changes, rules, secrets, new GatewayItems(config, schemas));
  return {
    catalog,
    config,
    schemas,
    database,
    gateways,
    logins: new PersonLogins(database, secrets),
    tools: new ToolsService(changes, catalog, config, sealer),
    servers: new ServersService(changes, catalog, sealer),
    add: async (input: NewGateway, found: Discovered | null): Promise<Gateway> =>
      gateways.create(await gateways.draft(input, alice), found, alice),
    view: () => catalog.view(caller, null),
    names: () => listed(catalog.view(caller, null).listText('tools', 'legacy')),
    close: async () => {
      await catalog.onModuleDestroy();
      await database.onApplicationShutdown();
    },
  };
}
export type Registry = Awaited<ReturnType<typeof aRegistry>>;

/** The names in the text of a list of tools. */
export const listed = (text: string): string[] =>
  (JSON.parse(text) as { tools: { name: string }[] }).tools.map((t) => t.name);
