import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { GatewayId } from '../kernel/ids.js';
import type { PersonLogin } from '../kernel/person-login.js';
import { Database } from '../store/database.js';
import { GatewaySecrets } from './gateway-secrets.service.js';

/** A login as it was read, for who wants to write the next one. */
export interface KeptLogin {
  readonly record: unknown;
  readonly revision: number;
}

/** What is kept of the login of one person at one Gateway, sealed. */
@Injectable()
export class PersonLogins {
  constructor(
    private readonly database: Database,
    private readonly secrets: GatewaySecrets,
  ) {}

  async find(gatewayId: GatewayId, holder: string): Promise<KeptLogin | undefined> {
    const row = await this.logins.find(idOf(gatewayId, holder));
    if (row === undefined) return undefined;
    const record = this.secrets.login(gatewayId, row.loginSealed, holder);
    return { record, revision: row.revision };
  }

  ofPerson(holder: string): Promise<PersonLogin[]> {
    return this.logins.ofPerson(holder);
  }

  /**
   * Keeps a login, unless somebody was faster (PROTOCOL.md §7.4 Refresh).
   * @param login `url` is what it belongs to
   * @param revision the one that was read; `null` = there was none
   * @returns the revision it has now; `null` when it was not kept: another one stands there, or the
   *   Gateway is gone or is reached in another way
   */
  async put(
    gatewayId: GatewayId,
    holder: string,
    login: { readonly url: string; readonly record: unknown },
    revision: number | null,
  ): Promise<number | null> {
    const id = idOf(gatewayId, holder);
    const loginSealed = this.secrets.sealLogin(gatewayId, login.record, holder);
    const updatedAt = new Date().toISOString();
    return this.database.transaction(async ({ gateways, personLogins }) => {
      const gateway = await gateways.find(gatewayId);
      if (gateway?.url !== login.url || !gateway.loginPerUser) return null;
      if (revision !== null) {
        const isKept = await personLogins.replace({ id, revision }, { loginSealed, updatedAt });
        return isKept ? revision + 1 : null;
      }
      if ((await personLogins.find(id)) !== undefined) return null;
      const row = { id, gatewayId, principalHash: holder, loginSealed, updatedAt };
      return (await personLogins.add({ ...row, revision: 1, since: updatedAt })) ? 1 : null;
    });
  }

  /** @returns whether there was one */
  delete(gatewayId: GatewayId, holder: string): Promise<boolean> {
    return this.logins.delete(idOf(gatewayId, holder));
  }

  private get logins() {
    return this.database.repositories.personLogins;
  }
}

function idOf(gatewayId: GatewayId, holder: string): string {
  return createHash('sha256').update(`${gatewayId} ${holder}`).digest('base64url');
}
