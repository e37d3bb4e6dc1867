import { Faults } from './faults.js';
import { mergeOAuth, oauthFaults, oauthView } from './oauth-settings.js';

const keep = (value: string | null | undefined, before: string | undefined): string =>
  value === '*****' ? (before ?? '') : (value ?? '');

const faultsOf = (input: Parameters<typeof mergeOAuth>[0]): string => {
  const faults = new Faults();
  oauthFaults(mergeOAuth(input, undefined, keep), faults);
  try {
    faults.throwIfAny();
    return '';
  } catch (e) {
    return JSON.stringify((e as { extras: unknown }).extras);
  }
};

describe('oauthConfig', () => {
  const old = {
    grantType: 'authorization_code',
    clientId: 'a',
    clientSecret: 's',
    scopes: ['x'],
  } as const;

  it('is replaced whole, but keeps a secret sent as *****', () => {
    expect(mergeOAuth({ clientId: 'a', clientSecret: '*****' }, old, keep)).toEqual({
      ...{ grantType: 'authorization_code', clientId: 'a', clientSecret: 's', scopes: [] },
    });
    expect(mergeOAuth({ clientId: 'b' }, old, keep)).not.toHaveProperty('clientSecret');
    expect(mergeOAuth(undefined, old, keep)).toEqual(old);
  });

  it.each([
    ['client', { clientId: 'b' }],
    ['token endpoint', { clientId: 'a', tokenUrl: 'https://elsewhere.example/t' }],
  ])('keeps no secret for another %s', (_, change) => {
    expect(() => mergeOAuth({ ...change, clientSecret: '*****' }, old, keep)).toThrow(
      expect.objectContaining({ code: 'secret_required' }),
    );
  });

  it('is for all or for each person', () => {
    const shown = (perUser?: boolean) =>
      oauthView(mergeOAuth(perUser === undefined ? {} : { perUser }, undefined, keep))['perUser'];
    expect([shown(), shown(false), shown(true)]).toEqual([false, false, true]);
  });

  it('is shown without its secret', () => {
    expect(oauthView(old)).toMatchObject({ clientId: 'a', clientSecret: '*****', scopes: ['x'] });
  });

  it.each([
    ['grantType', { grantType: 'password' }],
    ['scopes', { scopes: ['a b'] }],
    ['scopes', { scopes: 'a' }],
    ['tokenUrl', { tokenUrl: 'file:///etc/passwd' }],
    ['clientSecret', { grantType: 'client_credentials', clientId: 'a' }],
    ['perUser', { perUser: 'yes' }],
    ['perUser', { perUser: true, grantType: 'client_credentials' }],
  ])('is refused for a wrong %s', (field, input) => {
    expect(faultsOf(input)).toContain(`/oauthConfig/${field}`);
  });

  it('needs nothing for a login by a person', () => {
    expect(faultsOf({})).toBe('');
    expect(faultsOf({ perUser: true })).toBe('');
    expect(faultsOf({ perUser: false, grantType: 'authorization_code' })).toBe('');
  });
});
