import { aGateway } from '../../../test/builders/catalog.js';
import { loadConfig } from '../../config/load-config.js';
import type { Log } from '../../platform/log/log.js';
import type { Logins } from '../oauth/logins.service.js';
import type { ConnectionKind } from './connection.js';
import type { ConnectionKindRegistry } from './connection-kind.registry.js';
import { Dialer } from './dialer.js';
import { Eras } from './eras.service.js';

const config = loadConfig({
  JWT_SECRET_KEY: 'a-key-for-specs-0123456789-abcdefgh',
  AUTH_ENCRYPTION_SECRET: 'another-key-for-specs-0123456789-xy',
});
const secrets = { credential: { headers: {}, query: {} }, env: {} };

describe('Dialer', () => {
  it('says that an era is another than the one spoken, whoever found out first', async () => {
    const kind: Pick<ConnectionKind, 'probe'> = {
      probe: () => Promise.resolve({ era: 'legacy' }),
    };
    const kinds = { get: () => kind } as unknown as ConnectionKindRegistry;
    const dialer = new Dialer(kinds, new Eras({} as Log), config, {} as Logins);
    const gateway = aGateway({ era: 'modern' });
    expect(await dialer.recheck(gateway, secrets)).toBe(true);
    expect(await dialer.recheck(gateway, secrets)).toBe(false);
    expect(await dialer.recheck(gateway, secrets, 'modern')).toBe(true);
  });
});
