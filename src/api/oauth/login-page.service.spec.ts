import { aCaller } from '../../../test/builders/caller.js';
import { aGateway } from '../../../test/builders/catalog.js';
import type { AuthService } from '../../auth/auth.service.js';
import { loadConfig } from '../../config/load-config.js';
import type { Caller } from '../../kernel/caller.js';
import { GatewayError } from '../../kernel/errors.js';
import type { GatewaysService } from '../../registry/gateways.service.js';
import type { LoginLinks } from '../../upstreams/oauth/login-links.service.js';
import type { BrowserRequest } from './login-door.service.js';
import { LoginPage } from './login-page.service.js';
import type { OwnLogins } from './own-logins.service.js';

const [bob, mallory] = ['bob', 'mallory'].map((principal) => aCaller({ principal })) as [
  Caller,
  Caller,
];
const anonymous = aCaller({ principal: 'anonymous', type: 'anonymous' });
const gateway = aGateway({ slug: 'kit', loginPerUser: true });
const browser = {} as BrowserRequest;

/** The page behind a link that was made for bob; `shown` is who the form says that it is. */
function aPage(shown: Caller | null = null): LoginPage {
  const started = { cookie: 'c=1', authorizationUrl: 'https://as.example/go', expiresInSeconds: 1 };
  const link = { gatewayId: gateway.id, holder: bob.principalHash };
  const authenticate = () =>
    shown === null ? Promise.reject(new GatewayError('token_invalid')) : Promise.resolve(shown);
  return new LoginPage(
    { open: () => link } as unknown as LoginLinks,
    { get: () => Promise.resolve(gateway) } as unknown as GatewaysService,
    { start: () => Promise.resolve(started) } as unknown as OwnLogins,
    { authenticate } as unknown as AuthService,
    loadConfig({ JWT_SECRET_KEY: 'k'.repeat(40) }),
  );
}

describe('the page behind a link', () => {
  it('leads on who the link was made for', async () => {
    const { status, headers } = await aPage().open('t', browser, bob);
    expect([status, headers['Location']]).toEqual([303, 'https://as.example/go']);
  });

  it.each([
    ['without a credential', undefined, 401, /<h1>/],
    ['where nobody needs one', anonymous, 401, /<h1>/],
    ['with that of somebody else', mallory, 403, /role="alert">[^<]*somebody else/],
  ] as const)('asks a browser who it is: %s', async (_, caller, status, said) => {
    const page = await aPage().open('t', browser, caller);
    expect(page).toMatchObject({ status, html: expect.stringMatching(said) as string });
    expect([page.html.includes('<form'), page.headers['Set-Cookie']]).toEqual([true, undefined]);
  });

  it.each([
    ['nobody', null, 401, /role="alert">That was not accepted/],
    ['somebody else', mallory, 403, /role="alert">[^<]*somebody else/],
  ] as const)('asks again whose form says that it is %s', async (_, shown, status, said) => {
    const form = { ticket: 't', user: '', secret: 's' };
    const page = await aPage(shown).submit(form, browser, '');
    expect(page).toMatchObject({ status, html: expect.stringMatching(said) as string });
    expect([page.html.includes('<form'), page.headers['Set-Cookie']]).toEqual([true, undefined]);
  });

  it('leads on whose form says who it was made for', async () => {
    const page = await aPage(bob).submit({ ticket: 't', user: '', secret: 's' }, browser, '');
    expect([page.status, page.headers['Set-Cookie']]).toEqual([200, 'c=1']);
  });
});
