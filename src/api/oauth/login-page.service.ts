import { Injectable } from '@nestjs/common';
import { AuthService } from '../../auth/auth.service.js';
import { Config } from '../../config/config.js';
import type { Caller } from '../../kernel/caller.js';
import type { Gateway } from '../../kernel/catalog.js';
import { GatewayError } from '../../kernel/errors.js';
import { GatewaysService } from '../../registry/gateways.service.js';
import { LoginLinks } from '../../upstreams/oauth/login-links.service.js';
import type { BrowserRequest, StartedLogin } from './login-door.service.js';
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

  /** @throws GatewayError `login_unknown`, `login_foreign` and those of OwnLogins.start */
  async open(
    ticket: string,
    request: BrowserRequest,
    caller: Caller | undefined,
  ): Promise<LoginPageAnswer> {
    const linked = await this.linked(ticket);
    if (caller === undefined) return this.who(linked, ticket, false);
    const started = await this.start(linked, caller, request);
    const headers = { 'Set-Cookie': started.cookie, Location: started.authorizationUrl };
    return { status: 303, headers, html: '' };
  }

  /** @throws GatewayError `login_unknown`, `login_foreign`, `too_many_attempts` and those of OwnLogins.start */
  async submit(
    { ticket, user, secret }: LoginForm,
    request: BrowserRequest,
    ip: string,
  ): Promise<LoginPageAnswer> {
    const linked = await this.linked(ticket);
    const pair = Buffer.from(`${user}:${secret}`).toString('base64');
    const authorization = user === '' ? `Bearer ${secret.trim()}` : `Basic ${pair}`;
    const caller = await this.known(authorization, ip);
    if (caller === undefined) return this.who(linked, ticket, true);
    const started = await this.start(linked, caller, request);
    const headers = { 'Set-Cookie': started.cookie };
    return { status: 200, headers, html: goOnPage(linked.gateway.slug, started.authorizationUrl) };
  }

  private async linked(ticket: string): Promise<Linked> {
    const link = this.links.open(ticket);
    if (link === undefined) throw new GatewayError('login_unknown');
    return { gateway: await this.gateways.get(link.gatewayId), holder: link.holder };
  }

  private who({ gateway }: Linked, ticket: string, wasRefused: boolean): LoginPageAnswer {
    const base = this.config.appRootPath.replace(/\/+$/, '');
    const html = whoPage({ gateway: gateway.slug, ticket, base, wasRefused });
    return { status: 401, headers: { 'WWW-Authenticate': 'Bearer' }, html };
  }

  private start(
    { gateway, holder }: Linked,
    caller: Caller,
    request: BrowserRequest,
  ): Promise<StartedLogin> {
    if (caller.principalHash !== holder) throw new GatewayError('login_foreign');
    return this.own.start(gateway, caller, request);
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
