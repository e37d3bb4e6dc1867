import { aGateway } from '../../../test/builders/catalog.js';
import type { Gateway } from '../../kernel/catalog.js';
import { GatewayError } from '../../kernel/errors.js';
import type { Log } from '../../platform/log/log.js';
import type { GatewaysService } from '../../registry/gateways.service.js';
import type { PersonLogins } from '../../registry/person-logins.service.js';
import { refusedByStatus } from '../mcp/upstream-fault.js';
import { type LiveCredential } from './live-credential.js';
import { blankRecord, type LoginRecord } from './login-record.js';
import { LoginLinks } from './login-links.service.js';
import { LoginStore } from './login-store.service.js';
import { Logins } from './logins.service.js';
import type { OAuthClient, OAuthRun } from './oauth-client.service.js';

const gateway: Gateway = aGateway({ authType: 'oauth' });
const own = { gateway, holder: null };
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
  const logged: unknown[] = [];
  const log = { info: (entry: unknown) => logged.push(entry) } as unknown as Log;
  // Rows of persons: one at most, with the revision that it has.
  const row = {
    kept: undefined as { record: LoginRecord; revision: number } | undefined,
    writes: 0,
    /** What is read arrives then. */
    arrival: Promise.resolve(),
  };
  const persons = {
    find: async () => {
      const { kept } = row;
      await row.arrival;
      return kept;
    },
    put: (_id: string, _who: string, { record }: { record: LoginRecord }, of: number | null) => {
      row.writes++;
      if (of !== (row.kept?.revision ?? null)) return Promise.resolve(null);
      row.kept = { record, revision: (of ?? 0) + 1 };
      return Promise.resolve(row.kept.revision);
    },
    delete: () => {
      const wasKept = row.kept !== undefined;
      row.kept = undefined;
      return Promise.resolve(wasKept);
    },
  } as unknown as PersonLogins;
  const store = new LoginStore(gateways, persons);
  const links = { to: () => 'https://here.example/oauth/login?ticket=t' } as unknown as LoginLinks;
  return { logins: new Logins(client, store, links, log), stored, before, row, logged };
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
    const asked = await logins.recordOf(own);
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
      await logins.keep(own, record2);
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
    expect(await logins.keep(own, { ...before, tokens: tokensOf('new') })).toBe(false);
    await expect(logins.keepBegun(gateway, before)).rejects.toMatchObject({
      code: 'login_outdated',
    });
    expect(stored.record).toBe(before);
  });
});

describe('the login of a person', () => {
  const alice = { type: 'user', principalHash: 'alice' } as const;
  const place = { gateway, holder: 'alice' };
  const tokenIn = (credential: { headers: object }) => credential.headers;
  const bearer = (name: string) => ({ authorization: `Bearer ${name}` });
  const login = (name: string, tokensAt = 1): LoginRecord => ({
    ...blankRecord(url),
    tokens: tokensOf(name),
    tokensAt,
  });
  const renewing = (logins: Logins) =>
    logins
      .credential(gateway, alice)
      .then((c) => (c as LiveCredential).renew(refusedByStatus(401), c.headers));

  it('is asked for with a link to our page, and never replaced by that of the gateway', async () => {
    const { logins } = aLogin(() => Promise.reject(new Error('not asked')));
    await expect(logins.credential(gateway, alice)).rejects.toMatchObject({
      code: 'login_needed',
      extras: { data: { loginUrl: 'https://here.example/oauth/login?ticket=t' } },
    });
    expect(tokenIn(await logins.credential(gateway))).toEqual(bearer('old'));
  });

  it('is nobody’s who comes without a credential', async () => {
    const { logins, row } = aLogin(() => Promise.reject(new Error('not asked')));
    row.kept = { record: login('a'), revision: 1 };
    const anonymous = { type: 'anonymous', principalHash: 'alice' } as const;
    await expect(logins.credential(gateway, anonymous)).rejects.toThrow('with a credential');
  });

  it('is renewed once for all who wait', async () => {
    let runs = 0;
    const { logins, row } = aLogin(({ record }) => {
      runs++;
      return Promise.resolve(found({ ...record, tokens: tokensOf('new'), tokensAt: 2 }));
    });
    row.kept = { record: login('a'), revision: 4 };
    expect(await Promise.all([renewing(logins), renewing(logins)])).toEqual(['again', 'again']);
    expect([runs, row.kept.revision]).toEqual([1, 5]);
    expect(row.kept.record.tokens?.access_token).toBe('new');
  });

  it('that another replica has renewed meanwhile is taken from there, not overwritten', async () => {
    const { logins, row } = aLogin(({ record }) => {
      row.kept = { record: login('theirs', 3), revision: 2 };
      return Promise.resolve(found({ ...record, tokens: tokensOf('ours'), tokensAt: 4 }));
    });
    row.kept = { record: login('a'), revision: 1 };
    expect(await renewing(logins)).toBe('again');
    expect(row.kept).toMatchObject({ revision: 2, record: { tokens: { access_token: 'theirs' } } });
    expect(tokenIn(await logins.credential(gateway, alice))).toEqual(bearer('theirs'));
  });

  it('that another replica has renewed meanwhile survives our refusal', async () => {
    const cause = Object.assign(new Error('x'), { code: 'invalid_grant' });
    const { logins, row } = aLogin(() => {
      row.kept = { record: login('theirs', 3), revision: 2 };
      return Promise.reject(new GatewayError('upstream_error', { reason: 'x' }, { cause }));
    });
    row.kept = { record: login('a'), revision: 1 };
    expect(await renewing(logins)).toBe('login');
    expect(row.kept).toMatchObject({ revision: 2, record: { tokens: { access_token: 'theirs' } } });
    expect(tokenIn(await logins.credential(gateway, alice))).toEqual(bearer('theirs'));
  });

  it('that has ended during a renewal stays ended', async () => {
    const { logins, row } = aLogin(async ({ record }) => {
      await logins.end(place);
      return found({ ...record, tokens: tokensOf('new'), tokensAt: 2 });
    });
    row.kept = { record: login('a'), revision: 1 };
    expect(await renewing(logins)).toBe('login');
    expect(row.kept).toBeUndefined();
    await expect(logins.credential(gateway, alice)).rejects.toMatchObject({ code: 'login_needed' });
  });

  it('tells when it has begun and ended, and counts over a renewal that was faster', async () => {
    const { logins, row } = aLogin(() => Promise.reject(new Error('not asked')));
    const told: unknown[] = [];
    logins.onChange((...change) => told.push(change));
    await logins.recordOf(place);
    row.kept = { record: login('other'), revision: 7 };
    expect(await logins.keep(place, login('person', 9))).toBe(true);
    expect(row.kept).toMatchObject({ revision: 8, record: { tokens: { access_token: 'person' } } });
    await logins.end(place);
    expect(told).toEqual([
      [gateway.id, 'alice', true],
      [gateway.id, 'alice', false],
    ]);
  });

  it('that was read before it ended is not sent any more', async () => {
    const { logins, row } = aLogin(() => Promise.reject(new Error('not asked')));
    row.kept = { record: login('a'), revision: 1 };
    let arrive = (): void => undefined;
    row.arrival = new Promise((resolve) => {
      arrive = resolve;
    });
    const late = logins.credential(gateway, alice);
    await logins.end(place);
    arrive();
    await expect(late).rejects.toMatchObject({ code: 'login_needed' });
  });

  it('that another replica renewed before it ended is not sent any more', async () => {
    const { logins, row } = aLogin(() => Promise.reject(new Error('not asked')));
    row.kept = { record: login('a'), revision: 1 };
    const credential = (await logins.credential(gateway, alice)) as LiveCredential;
    row.kept = { record: login('theirs', 3), revision: 2 };
    let arrive = (): void => undefined;
    row.arrival = new Promise((resolve) => {
      arrive = resolve;
    });
    const late = credential.renew(refusedByStatus(401), credential.headers);
    await logins.end(place);
    expect(credential.isMissing).toBe(true);
    arrive();
    expect(await late).toBe('login');
    expect(credential.isMissing).toBe(true);
  });

  it('is told to have ended by nobody who has none', async () => {
    const { logins } = aLogin(() => Promise.reject(new Error('not asked')));
    const told: unknown[] = [];
    logins.onChange((...change) => told.push(change));
    expect(await logins.end(place)).toBe(false);
    expect(told).toEqual([]);
  });

  it('that is renewed is kept over what somebody wrote down beside the same tokens', async () => {
    const challenge = { scope: 'admin', error: 'insufficient_scope' };
    const { logins, row } = aLogin(({ record }) => {
      row.kept = { record: { ...login('a'), challenge }, revision: 2 };
      return Promise.resolve(found({ ...record, tokens: tokensOf('new'), tokensAt: 2 }));
    });
    row.kept = { record: login('a'), revision: 1 };
    expect(await renewing(logins)).toBe('again');
    expect(row.kept).toMatchObject({
      revision: 3,
      record: { tokens: { access_token: 'new' }, challenge },
    });
    expect(tokenIn(await logins.credential(gateway, alice))).toEqual(bearer('new'));
  });

  it('that is of no use any more is written down and told once, however many calls come', async () => {
    const cause = Object.assign(new Error('x'), { code: 'invalid_grant' });
    const { logins, row, logged } = aLogin(() =>
      Promise.reject(new GatewayError('upstream_error', { reason: 'x' }, { cause })),
    );
    const told: unknown[] = [];
    logins.onChange((...change) => told.push(change));
    row.kept = { record: login('a'), revision: 1 };
    const credential = (await logins.credential(gateway, alice)) as LiveCredential;
    for (let calls = 0; calls < 3; calls++)
      expect(await credential.renew(refusedByStatus(401), credential.headers)).toBe('login');
    expect([row.writes, row.kept.record.tokens, credential.isMissing]).toEqual([1, null, true]);
    expect(logged).toHaveLength(1);
    expect(told).toEqual([[gateway.id, 'alice', false]]);
  });
});
