import { Injectable } from '@nestjs/common';
import { AuthService } from '../../auth/auth.service.js';
import { Config } from '../../config/config.js';
import type { Caller } from '../../kernel/caller.js';
import type { Gateway } from '../../kernel/catalog.js';
import { GatewayError } from '../../kernel/errors.js';
import { GatewaysService } from '../../registry/gateways.service.js';
import { LoginLinks } from '../../upstreams/oauth/login-links.service.js';
import type { BrowserRequest } from './login-door.service.js';
import { goOnPage, whoPage } from './login-page.js';
import { OwnLogins } from './own-logins.service.js';

/** What the form of the page sends. */
export interface LoginForm {
  readonly ticket: string;
  /** Empty for a token. */
  readonly user: string;
  readonly secret: string;
}

/** What a browser is answered. */
export interface LoginPageAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly html: string;
}

interface Refusal {
  readonly status: number;
  /** What was wrong with the credential that came; '' = none came. */
  readonly alert: string;
}

interface Linked {
  readonly gateway: Gateway;
  readonly holder: string;
}

/**
 * The page behind the links that clients show. Whoever opens one has to be the person it was made for:
 * else a stranger's link would have somebody log in on the stranger's behalf (26 Elicitation §Phishing).
 */
@Injectable()
export class LoginPage {
  constructor(
    private readonly links: LoginLinks,
    private readonly gateways: GatewaysService,
    private readonly own: OwnLogins,
    private readonly auth: AuthService,
    private readonly config: Config,
  ) {}

  /** @throws GatewayError `login_unknown` and those of OwnLogins.start */
  async open(
    ticket: string,
    request: BrowserRequest,
    caller: Caller | undefined,
  ): Promise<LoginPageAnswer> {
    const linked = await this.linked(ticket);
    if (!isHolder(caller, linked)) return this.who(linked, ticket, refusalOf(caller, ''));
    const started = await this.own.start(linked.gateway, caller, request);
    const headers = { 'Set-Cookie': started.cookie, Location: started.authorizationUrl };
    return { status: 303, headers, html: '' };
  }

  /** @throws GatewayError `login_unknown`, `too_many_attempts` and those of OwnLogins.start */
  async submit(
    { ticket, user, secret }: LoginForm,
    request: BrowserRequest,
    ip: string,
  ): Promise<LoginPageAnswer> {
    const linked = await this.linked(ticket);
    const pair = Buffer.from(`${user}:${secret}`).toString('base64');
    const authorization = user === '' ? `Bearer ${secret.trim()}` : `Basic ${pair}`;
    const caller = await this.known(authorization, ip);
    if (!isHolder(caller, linked))
      return this.who(linked, ticket, refusalOf(caller, 'That was not accepted. Try again.'));
    const started = await this.own.start(linked.gateway, caller, request);
    const headers = { 'Set-Cookie': started.cookie };
    return { status: 200, headers, html: goOnPage(linked.gateway.slug, started.authorizationUrl) };
  }

  private async linked(ticket: string): Promise<Linked> {
    const link = this.links.open(ticket);
    if (link === undefined) throw new GatewayError('login_unknown');
    return { gateway: await this.gateways.get(link.gatewayId), holder: link.holder };
  }

  private who({ gateway }: Linked, ticket: string, { status, alert }: Refusal): LoginPageAnswer {
    const base = this.config.appRootPath.replace(/\/+$/, '');
    const html = whoPage({ gateway: gateway.slug, ticket, base, alert });
    return { status, headers: status === 401 ? { 'WWW-Authenticate': 'Bearer' } : {}, html };
  }

  private async known(authorization: string, ip: string): Promise<Caller | undefined> {
    const allowBasic = this.config.apiAllowBasicAuth;
    try {
      return await this.auth.authenticate({ authorization, ip, allowBasic });
    } catch (e) {
      if (e instanceof GatewayError && e.row.status === 401) return undefined;
      throw e;
    }
  }
}

function isHolder(caller: Caller | undefined, { holder }: Linked): caller is Caller {
  return caller?.principalHash === holder;
}

/**
 * A browser may send what it has kept of somebody else, or nothing where nothing is asked for: it is
 * offered the form all the same.
 * @param alert for who has not shown who that is
 */
function refusalOf(caller: Caller | undefined, alert: string): Refusal {
  if (caller === undefined || caller.type === 'anonymous') return { status: 401, alert };
  const foreign = new GatewayError('login_foreign');
  return { status: foreign.row.status, alert: foreign.message };
}
