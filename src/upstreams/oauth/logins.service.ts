import { Injectable } from '@nestjs/common';
import type { Caller } from '../../kernel/caller.js';
import type { Gateway, UpstreamCredential } from '../../kernel/catalog.js';
import { GatewayError } from '../../kernel/errors.js';
import type { GatewayId } from '../../kernel/ids.js';
import { Log } from '../../platform/log/log.js';
import { answeredBadly } from '../mcp/upstream-fault.js';
import { asksMore, parseChallenge, scopeUnion } from './challenge.js';
import { LiveCredential, type Renewal } from './live-credential.js';
import { statusOf } from './logged-in.js';
import type { LoginLine } from './login-line.js';
import { LoginLines } from './login-lines.js';
import { LoginLinks } from './login-links.service.js';
import {
  besides,
  type Challenge,
  isFresh,
  type LoginRecord,
  registeredAs,
} from './login-record.js';
import { type LoginPlace, LoginStore } from './login-store.service.js';
import type { GatewayOAuthProvider } from './oauth-provider.js';
import { OAuthClient } from './oauth-client.service.js';
import { refusesGrant } from './refused-grant.js';

/** A login of a person has begun or ended: what was opened before is of no use to it. */
export type PersonChange = (id: GatewayId, holder: string, isIn: boolean) => void;

type Person = Pick<Caller, 'type' | 'principalHash'>;

const MAX_WRITES = 5;

/** The tokens that upstreams are called with: read once, renewed by one for all who wait. */
@Injectable()
export class Logins {
  private readonly lines: LoginLines;
  private readonly listeners = new Set<PersonChange>();

  constructor(
    private readonly client: OAuthClient,
    private readonly store: LoginStore,
    private readonly links: LoginLinks,
    private readonly log: Log,
  ) {
    this.lines = new LoginLines(store, (line) => this.credentialOf(line));
  }

  /**
   * The credential for a connection that is about to be opened, as good as it can be now.
   * @param person whose login it is to be; `null` = the gateway's own
   * @throws GatewayError `login_needed` when the person has none
   */
  async credential(gateway: Gateway, person: Person | null = null): Promise<UpstreamCredential> {
    if (person?.type === 'anonymous') throw nobody(gateway);
    const line = await this.lines.of({ gateway, holder: person?.principalHash ?? null });
    if (!isFresh(line.record, Date.now()) && this.canRenew(line))
      // Refused or not: whoever calls now finds out, and tells it better.
      await line
        .once(() => this.renew(line))
        .catch((err: unknown) => {
          this.log.info({ event: 'login.not_renewed', gateway: gateway.slug, err });
        });
    const { credential } = line;
    if (credential.isMissing && !(await line.takeOther())) throw this.needed(line);
    return credential;
  }

  /** What a run of the authorization for that login goes by. */
  async recordOf({ gateway, holder }: LoginPlace): Promise<LoginRecord> {
    const { record } = await this.lines.of({ gateway, holder });
    if (holder === null) return record;
    return registeredAs(record, (await this.lines.of({ gateway, holder: null })).record);
  }

  /**
   * Keeps what somebody has got by logging in, and sends it from now on.
   * @returns whether it was stored: a Gateway may be gone, new or have another address by now
   */
  async keep(place: LoginPlace, record: LoginRecord): Promise<boolean> {
    const line = await this.lines.of(place);
    for (let writes = 0; writes < MAX_WRITES; writes++) {
      const { revision } = line;
      line.hold({ record, revision });
      if (await line.write(false)) {
        if (place.holder !== null) this.changed(place.gateway.id, place.holder, true);
        return true;
      }
      // A renewal may have been faster: whoever has just logged in counts.
      const now = (await this.store.read(place)).revision;
      if (now === revision) return false;
      line.revision = now;
    }
    return false;
  }

  /**
   * Keeps what was found out on the way to a login, beside the tokens that are good by now: they may
   * have been renewed meanwhile, here or elsewhere. Authorization servers know us by the Gateway,
   * whoever logs in.
   * @throws GatewayError `login_outdated` when the Gateway no longer is what this belongs to
   */
  async keepBegun(gateway: Gateway, found: LoginRecord): Promise<void> {
    const line = await this.lines.of({ gateway, holder: null });
    await line.takeOther();
    const { tokens, tokensAt, scope, challenge } = line.record;
    line.record = { ...found, tokens, tokensAt, scope, challenge };
    for (let written: LoginRecord | null = null; written !== line.record;) {
      written = line.record;
      if (!(await line.write())) throw new GatewayError('login_outdated');
    }
  }

  /** A person logs out. @returns whether there was a login */
  async end(place: LoginPlace & { readonly holder: string }): Promise<boolean> {
    const wasKept = await this.store.delete(place);
    const wasKnown = this.lines.ended(place);
    if (wasKept || wasKnown) this.changed(place.gateway.id, place.holder, false);
    return wasKept;
  }

  /** @returns ends the listening */
  onChange(listener: PersonChange): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** The Gateway was changed or is gone. */
  forget(id: GatewayId): void {
    this.lines.forget(id);
  }

  private changed(...change: Parameters<PersonChange>): void {
    for (const listener of this.listeners) listener(...change);
  }

  private credentialOf(line: LoginLine): LiveCredential {
    return new LiveCredential(
      (refusal, used) =>
        line.credential.headers === used
          ? line.once(() => this.refused(line, refusal))
          : Promise.resolve('again'),
      line.holder === null ? null : (cause) => this.needed(line, cause),
    );
  }

  private canRenew({ gateway, record: { tokens } }: LoginLine): boolean {
    const { grantType } = this.client.settingsOf(gateway);
    return grantType === 'client_credentials' || tokens?.refresh_token !== undefined;
  }

  /** The upstream has refused what was sent (26 Authorization §Scope Challenge Handling). */
  private async refused(line: LoginLine, refusal: GatewayError): Promise<Renewal> {
    if (await line.takeOther()) return 'again';
    const isForbidden = statusOf(refusal) === 403;
    const { gateway, record } = line;
    const wish = wishOf(record, refusal);
    if (isForbidden && !wish.isMore) return 'refused';
    line.record = { ...record, challenge: { ...record.challenge, ...wish.challenge } };
    const isByItself = this.client.settingsOf(gateway).grantType === 'client_credentials';
    if ((!isForbidden || isByItself) && this.canRenew(line)) {
      const renewal = await this.renew(line).catch((e: unknown) => {
        throw notRenewed(e, refusal);
      });
      if (renewal === 'again') return renewal;
    }
    if (await line.giveUp()) this.givenUp(line);
    return 'login';
  }

  private givenUp({ gateway, holder, record }: LoginLine): void {
    this.log.info({ event: 'login.needed', gateway: gateway.slug });
    if (holder !== null && record.tokens === null) this.changed(gateway.id, holder, false);
  }

  /**
   * Tokens are given up at the word of the authorization server alone: whatever else fails leaves them
   * for the next try.
   * @throws GatewayError when nobody knows whether they are good
   */
  private async renew(line: LoginLine): Promise<Renewal> {
    const { gateway, record } = line;
    const { scopes } = this.client.settingsOf(gateway);
    const scope = scopeUnion(scopes.join(' '), record.challenge.scope);
    const found = await this.client.run(gateway, { record, scope }).catch((e: unknown) => {
      if (record.tokens?.refresh_token !== undefined && refusesGrant(e)) return null;
      throw e;
    });
    // Somebody has logged in meanwhile, or out.
    if (line.record.tokens !== record.tokens)
      return line.record.tokens === null ? 'login' : 'again';
    if (found === null) {
      line.record = { ...line.record, tokens: null };
      return 'login';
    }
    const after = besides(line.record, record, found.record);
    const { tokens } = after;
    if (tokens !== null && tokens === record.tokens) throwUnlessElsewhere(found, tokens.issuer);
    if (tokens === null || tokens.access_token === record.tokens?.access_token) {
      line.record = after;
      return 'login';
    }
    const renewed = { ...after, scope: tokens.scope ?? scope ?? null };
    return (await line.keepRenewed(record, renewed)) ? 'again' : 'login';
  }

  private needed({ gateway, holder }: LoginPlace, cause?: unknown): GatewayError {
    const url = this.links.to({ gatewayId: gateway.id, holder: holder ?? '' });
    const extras = { cause, data: { loginUrl: url } };
    return new GatewayError('login_needed', { gateway: gateway.slug, url }, extras);
  }
}

/** What a refusal asks for, and whether that is more than was asked for before and refused all the same. */
function wishOf(
  record: LoginRecord,
  refusal: GatewayError,
): { readonly challenge: Challenge; readonly isMore: boolean } {
  const challenge = parseChallenge(refusal.extras.wayUp?.challenge);
  const scope = scopeUnion(record.scope, challenge.scope);
  const isMore =
    challenge.error === 'insufficient_scope' && asksMore(challenge.scope, record.scope);
  return { challenge: { ...challenge, ...(scope === undefined ? {} : { scope }) }, isMore };
}

/** Tokens of another authorization server than the one found are of no use; else nobody has refused them. */
function throwUnlessElsewhere(
  { fault, issuer }: Pick<GatewayOAuthProvider, 'fault' | 'issuer'>,
  ofTokens: string | undefined,
): void {
  if (fault !== null) throw fault;
  if (issuer === null || issuer === ofTokens) throw answeredBadly('it gave no token');
}

/** The upstream has answered: what is wrong is on the way to its authorization server. */
function notRenewed(cause: unknown, refusal: GatewayError): GatewayError {
  if (!(cause instanceof GatewayError)) throw cause;
  const status = statusOf(refusal);
  const extras = { cause, data: { status }, wayUp: { reach: 'answered' } } as const;
  return new GatewayError('token_not_renewed', { reason: cause.message }, extras);
}

/** All who come without a credential have one name: a login of theirs would be everybody's. */
function nobody({ slug }: Gateway): GatewayError {
  const reason = `Everybody logs in to gateway '${slug}' for themselves: come with a credential`;
  return new GatewayError('upstream_error', { reason }, { wayUp: { reach: 'untried' } });
}
