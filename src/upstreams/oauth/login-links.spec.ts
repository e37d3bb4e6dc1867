import { loadConfig } from '../../config/load-config.js';
import type { GatewayId } from '../../kernel/ids.js';
import { Sealer } from '../../platform/crypto/sealer.js';
import { LoginLinks } from './login-links.service.js';

const SECRETS = {
  JWT_SECRET_KEY: 'a-key-for-specs-0123456789-abcdefgh',
  AUTH_ENCRYPTION_SECRET: 'another-key-for-specs-0123456789-xy',
};
const linked = { gatewayId: 'g1' as GatewayId, holder: 'alice' };

function someLinks(env: Record<string, string> = {}) {
  const config = loadConfig({ ...SECRETS, ...env });
  const links = new LoginLinks(config, new Sealer(config));
  const ticketIn = (url: string) => new URL(url).searchParams.get('ticket') ?? '';
  return { links, ticketIn };
}

describe('links to the login page', () => {
  afterEach(() => jest.useRealTimers());

  it('say what they are for, to us alone', () => {
    const { links, ticketIn } = someLinks();
    const ticket = ticketIn(links.to(linked));
    expect(links.open(ticket)).toEqual(linked);
    expect(links.open(`${ticket.slice(0, -2)}AA`)).toBeUndefined();
    expect(links.open('')).toBeUndefined();
    expect(ticket).not.toContain('alice');
  });

  it('are good for ten minutes', () => {
    jest.useFakeTimers();
    const { links, ticketIn } = someLinks();
    const ticket = ticketIn(links.to(linked));
    jest.advanceTimersByTime(600_000);
    expect(links.open(ticket)).toEqual(linked);
    jest.advanceTimersByTime(1);
    expect(links.open(ticket)).toBeUndefined();
  });

  it('lead to the public address, else to where the gateway listens', () => {
    const { links } = someLinks();
    links.listensAt('http://127.0.0.1:5555/gw');
    expect(links.to(linked)).toMatch(/^http:\/\/127\.0\.0\.1:5555\/gw\/oauth\/login\?ticket=/);
    const open = someLinks({ PUBLIC_URL: 'https://gateway.example.com/' }).links;
    open.listensAt('http://0.0.0.0:4444');
    expect(open.to(linked)).toMatch(/^https:\/\/gateway\.example\.com\/oauth\/login\?ticket=/);
  });
});
