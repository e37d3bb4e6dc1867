import { createHash, randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { Gateway } from '../../kernel/catalog.js';
import { GatewayError } from '../../kernel/errors.js';
import type { GatewayId } from '../../kernel/ids.js';
import { Sealer } from '../../platform/crypto/sealer.js';
import { EgressPolicy } from '../../platform/http/egress-policy.js';
import { MemoryKv } from '../../platform/kv/memory.kv.js';
import { Log } from '../../platform/log/log.js';
import { answeredBadly } from '../mcp/upstream-fault.js';
import { scopeUnion } from './challenge.js';
import type { BegunLogin } from './login-record.js';
import { Logins } from './logins.service.js';
import { OAuthClient } from './oauth-client.service.js';

/** How long a person may take to log in. */
export const LOGIN_TTL_MS = 600_000;
const LABEL = 'login';

/** Who begins a login; `holder` is who is to have it, `null` = the gateway itself. */
export type LoginBeginner = Pick<BegunLogin, 'principalHash' | 'holder'>;

export interface LoginStart {
  readonly authorizationUrl: string;
  /** What the browser has to bring back, as a cookie. */
  readonly browserSecret: string;
}

/** What came back with the browser. */
export interface LoginAnswer {
  readonly state: string;
  readonly code?: string | undefined;
  readonly iss?: string | undefined;
  readonly error?: string | undefined;
  readonly browserSecret: string | undefined;
  readonly principalHash: string | undefined;
}

/** A person logs the gateway in to an upstream (26 Authorization §Authorization Flow). */
@Injectable()
export class PersonLogin {
  constructor(
    private readonly client: OAuthClient,
    private readonly logins: Logins,
    private readonly kv: MemoryKv,
    private readonly sealer: Sealer,
    private readonly egress: EgressPolicy,
    private readonly log: Log,
  ) {}

  /** @throws GatewayError `validation_failed`, `egress_blocked`, and those of OAuthClient.run */
  async begin(gateway: Gateway, who: LoginBeginner, redirectUrl: string): Promise<LoginStart> {
    const nonce = randomBytes(24).toString('base64url');
    const browserSecret = randomBytes(24).toString('base64url');
    const record = await this.logins.recordOf({ gateway, holder: who.holder });
    const { scopes } = this.client.settingsOf(gateway);
    const scope = scopeUnion(scopes.join(' '), record.challenge.scope);
    const state = this.sealer.seal(LABEL, nonce);
    const run = { record, scope, redirectUrl, state, anew: true };
    const {
      discovery,
      verifier,
      authorizationUrl,
      record: after,
    } = await this.client.run(gateway, run);
    if (authorizationUrl === null || discovery === undefined)
      throw answeredBadly('its authorization server names no place to log in');
    // A browser opens it: anything but a web address could start something else (S25).
    this.egress.checkUrl(authorizationUrl);
    const begun: BegunLogin = {
      gatewayId: gateway.id,
      url: record.url,
      verifier,
      discovery,
      scope: authorizationUrl.searchParams.get('scope'),
      redirectUrl,
      browserHash: hashOf(browserSecret),
      ...who,
    };
    await this.logins.keepBegun(gateway, { ...after, redirectUrl });
    await this.kv.set(keyOf(nonce), this.sealer.seal(LABEL, JSON.stringify(begun)), LOGIN_TTL_MS);
    return { authorizationUrl: authorizationUrl.href, browserSecret };
  }

  /**
   * Which login an answer belongs to, and that it comes from who began it.
   * @throws GatewayError `login_unknown`, `login_elsewhere`
   */
  async owned(answer: LoginAnswer): Promise<BegunLogin> {
    const nonce = this.sealer.open(LABEL, answer.state);
    const sealed = nonce === undefined ? undefined : await this.kv.get(keyOf(nonce));
    const plain = sealed === undefined ? undefined : this.sealer.open(LABEL, sealed);
    if (nonce === undefined || plain === undefined) throw new GatewayError('login_unknown');
    const begun = JSON.parse(plain) as BegunLogin;
    const { browserSecret, principalHash } = answer;
    const isSameBrowser =
      browserSecret !== undefined && hashOf(browserSecret) === begun.browserHash;
    if (!isSameBrowser && principalHash !== begun.principalHash)
      throw new GatewayError('login_elsewhere');
    await this.kv.delete(keyOf(nonce));
    return begun;
  }

  /**
   * Trades the code for a token.
   * @throws GatewayError `upstream_error`, `login_outdated` and those of OAuthClient.run
   */
  async finish(gateway: Gateway, begun: BegunLogin, answer: LoginAnswer): Promise<GatewayId> {
    if (gateway.url !== begun.url || gateway.authType !== 'oauth')
      throw new GatewayError('login_outdated');
    const { code, iss, error } = answer;
    if (code === undefined)
      throw answeredBadly(`its authorization server refused the login: ${shown(error)}`);
    const { redirectUrl, scope, holder } = begun;
    const place = { gateway, holder };
    const record = await this.logins.recordOf(place);
    const run = { record, scope: scope ?? undefined, redirectUrl, begun, answer: { code, iss } };
    const { record: after } = await this.client.run(gateway, run);
    const asked = scopeUnion(scope, after.tokens?.scope) ?? null;
    if (!(await this.logins.keep(place, { ...after, scope: asked })))
      throw new GatewayError('login_outdated');
    this.log.info({ event: 'login.done', gateway: gateway.slug });
    return gateway.id;
  }
}

const keyOf = (nonce: string): string => `login:${nonce}`;
const hashOf = (text: string): string => createHash('sha256').update(text).digest('base64url');

function shown(error: string | undefined): string {
  return (error ?? 'it sent no code').replace(/[^\x20-\x7e]/g, '?').slice(0, 100);
}
