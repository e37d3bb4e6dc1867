import { aCaller } from '../../../test/builders/caller.js';
import { aGateway } from '../../../test/builders/catalog.js';
import type { Gateway } from '../../kernel/catalog.js';
import { GatewayError } from '../../kernel/errors.js';
import type { GatewaysService } from '../../registry/gateways.service.js';
import type { PersonLogins } from '../../registry/person-logins.service.js';
import type { Logins } from '../../upstreams/oauth/logins.service.js';
import type { Asked } from '../asked.decorator.js';
import type { LoginDoor } from './login-door.service.js';
import { OwnLogins } from './own-logins.service.js';

const caller = aCaller({ principal: 'bob' });

function aHouse(error: GatewayError = new GatewayError('gateway_not_found', { name: 'nowhere' })) {
  const shared = aGateway({ slug: 'shared' });
  const own = aGateway({ slug: 'own', loginPerUser: true });
  const ended: [string, string][] = [];
  const get = (id: string): Promise<Gateway> => {
    const found = [shared, own].find(({ slug }) => slug === id);
    return found === undefined ? Promise.reject(error) : Promise.resolve(found);
  };
  const end = ({ gateway, holder }: { gateway: Gateway; holder: string }) => {
    ended.push([gateway.slug, holder]);
    return Promise.resolve(true);
  };
  const logins = new OwnLogins(
    { get } as unknown as GatewaysService,
    {} as PersonLogins,
    { end } as unknown as Logins,
    {} as LoginDoor,
  );
  return { ended, logOut: (id: string) => logins.end(id, { caller } as Asked) };
}

describe('logging out', () => {
  it('ends the login of who asks, where each person has one, and touches no other gateway', async () => {
    const { ended, logOut } = aHouse();
    for (const id of ['shared', 'nowhere', 'own']) await logOut(id);
    expect(ended).toEqual([['own', caller.principalHash]]);
  });

  it('tells of what fails', async () => {
    const { logOut } = aHouse(new GatewayError('internal_error', { requestId: 'r' }));
    await expect(logOut('nowhere')).rejects.toMatchObject({ code: 'internal_error' });
  });
});
