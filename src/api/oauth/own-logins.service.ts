import { Injectable } from '@nestjs/common';
import type { Caller } from '../../kernel/caller.js';
import type { Gateway } from '../../kernel/catalog.js';
import { GatewayError } from '../../kernel/errors.js';
import { GatewaysService } from '../../registry/gateways.service.js';
import { PersonLogins } from '../../registry/person-logins.service.js';
import type { View } from '../../registry/views/common-view.js';
import { Logins } from '../../upstreams/oauth/logins.service.js';
import type { Asked } from '../asked.decorator.js';
import { type BrowserRequest, LoginDoor, type StartedLogin } from './login-door.service.js';

/** The logins of the person who asks, at Gateways where each has its own (PROTOCOL.md §7.4). */
@Injectable()
export class OwnLogins {
  constructor(
    private readonly gateways: GatewaysService,
    private readonly kept: PersonLogins,
    private readonly logins: Logins,
    private readonly door: LoginDoor,
  ) {}

  async list({ caller }: Asked): Promise<View[]> {
    const holder = caller.principalHash;
    const rows = await this.kept.ofPerson(holder);
    const gateways = new Map((await this.gateways.list()).map((g) => [g.id, g]));
    const views = rows.map(async ({ gatewayId, since, updatedAt }) => {
      const gateway = gateways.get(gatewayId);
      if (gateway === undefined) return [];
      const { tokens, scope } = await this.logins.recordOf({ gateway, holder });
      const { slug: name } = gateway;
      return [{ gatewayId, gateway: name, needsLogin: tokens === null, scope, since, updatedAt }];
    });
    return (await Promise.all(views)).flat();
  }

  /** @throws GatewayError `gateway_not_found`, `invalid_request`, `not_authenticated` and those of LoginDoor.start */
  async begin(id: string, { caller, request }: Asked): Promise<StartedLogin> {
    return this.start(await this.gateways.get(id), caller, request);
  }

  /** @throws GatewayError `invalid_request`, `not_authenticated` and those of LoginDoor.start */
  start(gateway: Gateway, caller: Caller, request: BrowserRequest): Promise<StartedLogin> {
    if (!gateway.loginPerUser)
      throw new GatewayError('invalid_request', {
        reason: 'nobody logs in to this gateway for themselves',
      });
    if (caller.type === 'anonymous') throw new GatewayError('not_authenticated');
    const { principalHash } = caller;
    return this.door.start(gateway, { principalHash, holder: principalHash }, request);
  }

  /**
   * Nothing is left of it here; the authorization server is not told. Where there is none, nothing
   * happens, and nobody learns whether there is such a Gateway.
   */
  async end(id: string, { caller }: Asked): Promise<void> {
    const gateway = await this.gateways.get(id).catch(unlessUnknown);
    if (gateway?.loginPerUser === true)
      await this.logins.end({ gateway, holder: caller.principalHash });
  }
}

function unlessUnknown(error: unknown): undefined {
  if (error instanceof GatewayError && error.code === 'gateway_not_found') return undefined;
  throw error;
}
