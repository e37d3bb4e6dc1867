import { aGateway } from '../../test/builders/catalog.js';
import { loadConfig } from '../config/load-config.js';
import { Sealer } from '../platform/crypto/sealer.js';
import { Database } from '../store/database.js';
import { GatewaySecrets } from './gateway-secrets.service.js';
import { PersonLogins } from './person-logins.service.js';

const gateway = aGateway({ authType: 'oauth', loginPerUser: true });
const url = gateway.url ?? '';
const config = loadConfig({
  JWT_SECRET_KEY: 'a-key-for-specs-0123456789-abcdefgh',
  AUTH_ENCRYPTION_SECRET: 'another-key-for-specs-0123456789-xy',
});

describe.each(['sqlite::memory:', 'memory:'])('logins of persons in %s', (address) => {
  let database: Database;
  let logins: PersonLogins;

  beforeEach(async () => {
    database = await Database.open({ url: address, busyTimeoutMs: 1000 });
    await database.repositories.gateways.insert([gateway]);
    logins = new PersonLogins(database, new GatewaySecrets(new Sealer(config)));
  });
  afterEach(() => database.onApplicationShutdown());

  const put = (holder: string, record: unknown, revision: number | null, at = url) =>
    logins.put(gateway.id, holder, { url: at, record }, revision);

  it('are kept sealed, one of each person', async () => {
    expect(await put('alice', { token: 'secret-a' }, null)).toBe(1);
    expect(await put('bob', { token: 'secret-b' }, null)).toBe(1);
    expect(await logins.find(gateway.id, 'alice')).toEqual({
      record: { token: 'secret-a' },
      revision: 1,
    });
    const rows = await logins.ofPerson('bob');
    expect(rows.map(({ gatewayId, principalHash }) => [gatewayId, principalHash])).toEqual([
      [gateway.id, 'bob'],
    ]);
    expect(JSON.stringify(rows)).not.toContain('secret');
  });

  it('of one person cannot be put in the place of another', async () => {
    await put('alice', { token: 'a' }, null);
    await put('bob', { token: 'b' }, null);
    const [[alice], [bob]] = [await logins.ofPerson('alice'), await logins.ofPerson('bob')];
    if (alice === undefined || bob === undefined) throw new Error('not kept');
    const { loginSealed, updatedAt } = alice;
    await database.repositories.personLogins.replace(bob, { loginSealed, updatedAt });
    expect((await logins.find(gateway.id, 'bob'))?.record).toBeNull();
  });

  it('are written over by who has read them last, and by nobody else', async () => {
    expect(await put('alice', 'first', null)).toBe(1);
    expect(await put('alice', 'late', null)).toBeNull();
    expect(await put('alice', 'second', 1)).toBe(2);
    expect(await put('alice', 'late', 1)).toBeNull();
    expect(await logins.find(gateway.id, 'alice')).toEqual({ record: 'second', revision: 2 });
    expect(await logins.delete(gateway.id, 'alice')).toBe(true);
    expect(await put('alice', 'late', 2)).toBeNull();
    expect(await logins.find(gateway.id, 'alice')).toBeUndefined();
  });

  it('are not kept for a gateway that is gone, or is another by now', async () => {
    expect(await put('alice', 'x', null, 'https://elsewhere.example/mcp')).toBeNull();
    await database.repositories.gateways.update(gateway.id, { loginPerUser: false });
    expect(await put('alice', 'x', null)).toBeNull();
    await database.repositories.gateways.delete(gateway.id);
    expect(await put('alice', 'x', null)).toBeNull();
  });
});
