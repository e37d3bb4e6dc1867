import { Injectable } from '@nestjs/common';
import type { Gateway } from '../../kernel/catalog.js';
import { GatewaysService } from '../../registry/gateways.service.js';
import { PersonLogins } from '../../registry/person-logins.service.js';
import { type LoginRecord, recordFrom } from './login-record.js';

/** A login as it was read; `revision` is what the next write says: `null` = nothing was kept. */
export interface KeptLogin {
  readonly record: LoginRecord;
  readonly revision: number | null;
}

/** Whose login at which Gateway; `holder` is a principal hash, `null` = the gateway's own. */
export interface LoginPlace {
  readonly gateway: Gateway;
  readonly holder: string | null;
}

/** Where logins are kept: the gateway's own with the record of the Gateway, those of persons apart. */
@Injectable()
export class LoginStore {
  constructor(
    private readonly gateways: GatewaysService,
    private readonly persons: PersonLogins,
  ) {}

  async read({ gateway, holder }: LoginPlace): Promise<KeptLogin> {
    const url = gateway.url ?? '';
    if (holder === null)
      return { record: recordFrom(await this.gateways.login(gateway.id), url), revision: 0 };
    const kept = await this.persons.find(gateway.id, holder);
    return { record: recordFrom(kept?.record ?? null, url), revision: kept?.revision ?? null };
  }

  /**
   * @param login what to keep, over the revision that was read
   * @param needsLogin of the Gateway, where the login is its own; without it as it was
   * @returns the revision it has now; `null` when it was not kept: the Gateway is gone, new or has
   *   another address, or somebody else has written meanwhile
   */
  async write(
    { gateway, holder }: LoginPlace,
    { record, revision }: KeptLogin,
    needsLogin?: boolean,
  ): Promise<number | null> {
    const { url } = record;
    if (holder !== null) return this.persons.put(gateway.id, holder, { url, record }, revision);
    const login = { url, record, ...(needsLogin === undefined ? {} : { needsLogin }) };
    return (await this.gateways.setLogin(gateway.id, login)) ? 0 : null;
  }

  /** Only persons log out. @returns whether there was a login */
  delete({ gateway, holder }: LoginPlace): Promise<boolean> {
    return holder === null ? Promise.resolve(false) : this.persons.delete(gateway.id, holder);
  }
}
