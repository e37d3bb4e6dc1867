import { Injectable } from '@nestjs/common';
import type { Gateway, UpstreamCredential } from '../../kernel/catalog.js';
import { GatewayError } from '../../kernel/errors.js';
import type { GatewayId } from '../../kernel/ids.js';
import { Log } from '../../platform/log/log.js';
import { GatewaysService } from '../../registry/gateways.service.js';
import { answeredBadly } from '../mcp/upstream-fault.js';
import { asksMore, parseChallenge, scopeUnion } from './challenge.js';
import { LiveCredential, type Renewal } from './live-credential.js';
import { statusOf } from './logged-in.js';
import { isFresh, type LoginRecord, recordFrom } from './login-record.js';
import type { GatewayOAuthProvider } from './oauth-provider.js';
import { OAuthClient } from './oauth-client.service.js';
import { refusesGrant } from './refused-grant.js';

/** What is known of the login of one Gateway in this process. */
interface Line {
  record: LoginRecord;
  readonly credential: LiveCredential;
  renewing: Promise<Renewal> | null;
}

/** The tokens that upstreams are called with: read once, renewed by one for all who wait. */
@Injectable()
export class Logins {
  private readonly lines = new Map<GatewayId, Line>();

  constructor(
    private readonly client: OAuthClient,
    private readonly gateways: GatewaysService,
    private readonly log: Log,
  ) {}

  /** The credential for a connection that is about to be opened, as good as it can be now. */
  async credential(gateway: Gateway): Promise<UpstreamCredential> {
    const line = await this.lineOf(gateway);
    const { record } = line;
    if (!isFresh(record, Date.now()) && this.canRenew(gateway, record))
      // Refused or not: whoever calls now finds out, and tells it better.
      await this.once(line, () => this.renew(gateway, line)).catch((err: unknown) => {
        this.log.info({ event: 'login.not_renewed', gateway: gateway.slug, err });
      });
    return line.credential;
  }

  async recordOf(gateway: Gateway): Promise<LoginRecord> {
    return (await this.lineOf(gateway)).record;
  }

  /**
   * Keeps what was got and sends it from now on.
   * @returns whether it was stored: a Gateway may be gone, new or have another address by now
   */
  async keep(gateway: Gateway, record: LoginRecord, needsLogin: boolean): Promise<boolean> {
    const line = await this.lineOf(gateway);
    line.record = record;
    line.credential.set(record.tokens?.access_token ?? null);
    return this.gateways.setLogin(gateway.id, { url: record.url, record, needsLogin });
  }

  /**
   * Keeps what was found out on the way to a login, beside the tokens that are good by now: they may
   * have been renewed meanwhile, here or elsewhere.
   * @throws GatewayError `login_outdated` when the Gateway no longer is what this belongs to
   */
  async keepBegun(gateway: Gateway, found: LoginRecord): Promise<void> {
    const { url } = found;
    const line = await this.lineOf(gateway);
    await this.takeOther(gateway, line);
    const { tokens, tokensAt, scope, challenge } = line.record;
    line.record = { ...found, tokens, tokensAt, scope, challenge };
    for (let written: LoginRecord | null = null; written !== line.record;) {
      written = line.record;
      if (!(await this.gateways.setLogin(gateway.id, { url, record: written })))
        throw new GatewayError('login_outdated');
    }
  }

  /** The Gateway was changed or is gone. */
  forget(id: GatewayId): void {
    this.lines.delete(id);
  }

  private async lineOf(gateway: Gateway): Promise<Line> {
    const known = this.lines.get(gateway.id);
    if (known?.record.url === gateway.url) return known;
    const record = recordFrom(await this.gateways.login(gateway.id), gateway.url ?? '');
    const raced = this.lines.get(gateway.id);
    if (raced?.record.url === gateway.url) return raced;
    const line: Line = {
      record,
      renewing: null,
      credential: new LiveCredential((refusal, used) =>
        line.credential.headers === used
          ? this.once(line, () => this.refused(gateway, line, refusal))
          : Promise.resolve('again'),
      ),
    };
    line.credential.set(record.tokens?.access_token ?? null);
    this.lines.set(gateway.id, line);
    return line;
  }

  private once(line: Line, work: () => Promise<Renewal>): Promise<Renewal> {
    line.renewing ??= work().finally(() => {
      line.renewing = null;
    });
    return line.renewing;
  }

  private canRenew(gateway: Gateway, { tokens }: LoginRecord): boolean {
    const { grantType } = this.client.settingsOf(gateway);
    return grantType === 'client_credentials' || tokens?.refresh_token !== undefined;
  }

  /** The upstream has refused what was sent (26 Authorization §Scope Challenge Handling). */
  private async refused(gateway: Gateway, line: Line, refusal: GatewayError): Promise<Renewal> {
    if (await this.takeOther(gateway, line)) return 'again';
    const challenge = parseChallenge(refusal.extras.wayUp?.challenge);
    const isForbidden = statusOf(refusal) === 403;
    const { record } = line;
    // What was asked for before and refused all the same is not asked for again.
    const wantsMore =
      challenge.error === 'insufficient_scope' && asksMore(challenge.scope, record.scope);
    if (isForbidden && !wantsMore) return 'refused';
    const scope = scopeUnion(record.scope, challenge.scope);
    const asked = { ...challenge, ...(scope === undefined ? {} : { scope }) };
    line.record = { ...record, challenge: { ...record.challenge, ...asked } };
    const isByItself = this.client.settingsOf(gateway).grantType === 'client_credentials';
    if ((!isForbidden || isByItself) && this.canRenew(gateway, record)) {
      const renewal = await this.renew(gateway, line).catch((e: unknown) => {
        throw notRenewed(e, refusal);
      });
      if (renewal === 'again') return renewal;
    }
    this.log.info({ event: 'login.needed', gateway: gateway.slug });
    const { url } = record;
    await this.gateways.setLogin(gateway.id, { url, record: line.record, needsLogin: true });
    return 'login';
  }

  /** Another replica may have been faster. */
  private async takeOther(gateway: Gateway, line: Line): Promise<boolean> {
    const stored = recordFrom(await this.gateways.login(gateway.id), gateway.url ?? '');
    const token = stored.tokens?.access_token;
    if (token === undefined || stored.tokensAt <= line.record.tokensAt) return false;
    line.record = stored;
    line.credential.set(token);
    return true;
  }

  /**
   * Tokens are given up at the word of the authorization server alone: whatever else fails leaves them
   * for the next try.
   * @throws GatewayError when nobody knows whether they are good
   */
  private async renew(gateway: Gateway, line: Line): Promise<Renewal> {
    const { record } = line;
    const { scopes } = this.client.settingsOf(gateway);
    const scope = scopeUnion(scopes.join(' '), record.challenge.scope);
    const found = await this.client.run(gateway, { record, scope }).catch((e: unknown) => {
      if (record.tokens?.refresh_token !== undefined && refusesGrant(e)) return null;
      throw e;
    });
    // Somebody has logged in meanwhile.
    if (line.record.tokens !== record.tokens) return 'again';
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
    await this.keep(gateway, { ...after, scope: tokens.scope ?? scope ?? null }, false);
    return 'again';
  }
}

/** What a renewal has changed, beside what a login that was begun meanwhile has. */
function besides(now: LoginRecord, before: LoginRecord, after: LoginRecord): LoginRecord {
  if (now === before) return after;
  const { clients, redirectUrl, challenge } = now;
  return { ...after, clients: { ...after.clients, ...clients }, redirectUrl, challenge };
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
