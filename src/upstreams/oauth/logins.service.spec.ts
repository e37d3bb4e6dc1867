import { aGateway } from '../../../test/builders/catalog.js';
import type { Gateway } from '../../kernel/catalog.js';
import { GatewayError } from '../../kernel/errors.js';
import type { Log } from '../../platform/log/log.js';
import type { GatewaysService } from '../../registry/gateways.service.js';
import { refusedByStatus } from '../mcp/upstream-fault.js';
import { type LiveCredential } from './live-credential.js';
import { blankRecord, type LoginRecord } from './login-record.js';
import { Logins } from './logins.service.js';
import type { OAuthClient, OAuthRun } from './oauth-client.service.js';

const gateway: Gateway = aGateway({ authType: 'oauth' });
const url = gateway.url ?? '';

function tokensOf(name: string, more: object = {}): LoginRecord['tokens'] {
  return { access_token: name, refresh_token: `r-${name}`, token_type: 'Bearer', ...more };
}

/** Logins over a Gateway that is stored with `tokens`; `run` is what the authorization server does. */
function aLogin(run: (asked: OAuthRun) => Promise<object>) {
  const before = { ...blankRecord(url), tokens: tokensOf('old'), tokensAt: 1 };
  const stored = { record: before as LoginRecord, url, needsLogin: false };
  const gateways = {
    login: () => Promise.resolve(stored.record),
    setLogin: (_id: string, login: { url: string; record: LoginRecord; needsLogin?: boolean }) => {
      if (login.url !== stored.url) return Promise.resolve(false);
      Object.assign(stored, login);
      return Promise.resolve(true);
    },
  } as unknown as GatewaysService;
  const client = {
    settingsOf: () => ({ grantType: 'authorization_code', scopes: [] }),
    run: (_gateway: Gateway, asked: OAuthRun) => run(asked),
  } as unknown as OAuthClient;
  const log = { info: () => undefined } as unknown as Log;
  return { logins: new Logins(client, gateways, log), stored, before };
}

const found = (record: LoginRecord) => ({ record, fault: null, issuer: null });

async function refuse(logins: Logins) {
  const credential = (await logins.credential(gateway)) as LiveCredential;
  return credential.renew(refusedByStatus(401), credential.headers);
}

describe('logins', () => {
  it('begun during a renewal keep the tokens that it brought', async () => {
    const { logins, stored, before } = aLogin(({ record }) =>
      Promise.resolve(found({ ...record, tokens: tokensOf('new'), tokensAt: 2 })),
    );
    const asked = await logins.recordOf(gateway);
    expect(await refuse(logins)).toBe('again');
    await logins.keepBegun(gateway, { ...asked, redirectUrl: 'https://here.example/back' });
    expect(before.tokens?.access_token).toBe('old');
    expect(stored.record).toMatchObject({
      tokens: { access_token: 'new' },
      redirectUrl: 'https://here.example/back',
    });
  });

  it('finished during a renewal stand, whatever became of the renewal', async () => {
    const { logins, stored } = aLogin(async ({ record }) => {
      const record2 = { ...record, tokens: tokensOf('person'), tokensAt: 3 };
      await logins.keep(gateway, record2, false);
      return found({ ...record, tokens: null });
    });
    expect(await refuse(logins)).toBe('again');
    expect(stored).toMatchObject({
      record: { tokens: { access_token: 'person' } },
      needsLogin: false,
    });
  });

  it('keep what a login that is begun meanwhile was registered as', async () => {
    const { logins, stored } = aLogin(async ({ record }) => {
      const clients = { 'https://as.example': { client_id: 'fresh' } };
      await logins.keepBegun(gateway, { ...record, clients, redirectUrl: 'https://new.example/' });
      return found({ ...record, tokens: tokensOf('new'), tokensAt: 2 });
    });
    expect(await refuse(logins)).toBe('again');
    expect(stored.record).toMatchObject({
      tokens: { access_token: 'new' },
      clients: { 'https://as.example': { client_id: 'fresh' } },
      redirectUrl: 'https://new.example/',
    });
  });

  it.each(['invalid_grant', 'invalid_scope', 'unsupported_grant_type'])(
    'are given up when the authorization server refuses them: %s',
    async (code) => {
      const cause = Object.assign(new Error(code), { code });
      const { logins, stored } = aLogin(() =>
        Promise.reject(new GatewayError('upstream_error', { reason: code }, { cause })),
      );
      expect(await refuse(logins)).toBe('login');
      expect(stored).toMatchObject({ record: { tokens: null }, needsLogin: true });
    },
  );

  it('are not stored at a gateway that stands for another server by now', async () => {
    const { logins, stored, before } = aLogin(() => Promise.reject(new Error('not asked')));
    stored.url = 'https://elsewhere.example/mcp';
    expect(await logins.keep(gateway, { ...before, tokens: tokensOf('new') }, false)).toBe(false);
    await expect(logins.keepBegun(gateway, before)).rejects.toMatchObject({
      code: 'login_outdated',
    });
    expect(stored.record).toBe(before);
  });
});
