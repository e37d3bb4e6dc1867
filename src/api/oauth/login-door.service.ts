import { Injectable } from '@nestjs/common';
import type { Request } from 'express';
import { SyncService } from '../../federation/sync.service.js';
import { Config } from '../../config/config.js';
import { type Actor, type Caller, SYSTEM_ACTOR } from '../../kernel/caller.js';
import { GatewayError } from '../../kernel/errors.js';
import type { Gateway } from '../../kernel/catalog.js';
import { GatewaysService } from '../../registry/gateways.service.js';
import { CALLBACK_PATH, OAuthClient } from '../../upstreams/oauth/oauth-client.service.js';
import {
  type LoginBeginner,
  LOGIN_TTL_MS,
  PersonLogin,
} from '../../upstreams/oauth/person-login.service.js';
import type { View } from '../../registry/views/common-view.js';
import type { Asked } from '../asked.decorator.js';
import { isHttps, publicBase } from '../edge/public-base.js';
import { loginCookie, loginSecret } from './login-cookie.js';

export type BrowserRequest = Pick<Request, 'headers' | 'socket'>;

/** Where to send the browser, and the cookie that it needs for the way back. */
export interface StartedLogin {
  readonly authorizationUrl: string;
  readonly expiresInSeconds: number;
  readonly cookie: string;
}

/** The way of a person who logs the gateway in to an upstream. */
@Injectable()
export class LoginDoor {
  constructor(
    private readonly gateways: GatewaysService,
    private readonly logins: PersonLogin,
    private readonly client: OAuthClient,
    private readonly sync: SyncService,
    private readonly config: Config,
  ) {}

  /** @returns where to send the browser, and the cookie that it needs for the way back */
  async begin(id: string, { caller, request }: Asked): Promise<{ body: View; cookie: string }> {
    const gateway = await this.gateways.get(id);
    if (gateway.authType !== 'oauth')
      throw new GatewayError('invalid_request', {
        reason: 'authType of this gateway is not oauth',
      });
    const { grantType } = this.client.settingsOf(gateway);
    if (grantType !== 'authorization_code')
      throw new GatewayError('invalid_request', {
        reason: `nobody logs in for grantType ${grantType}`,
      });
    const { principalHash } = caller;
    const { cookie, ...body } = await this.start(gateway, { principalHash, holder: null }, request);
    return { body, cookie };
  }

  /** @throws GatewayError as PersonLogin.begin */
  async start(
    gateway: Gateway,
    who: LoginBeginner,
    request: BrowserRequest,
  ): Promise<StartedLogin> {
    const redirectUrl = publicBase(request, this.config) + CALLBACK_PATH;
    const { authorizationUrl, browserSecret } = await this.logins.begin(gateway, who, redirectUrl);
    const seconds = LOGIN_TTL_MS / 1000;
    const cookie = loginCookie(browserSecret, isHttps(request, this.config), seconds);
    return { authorizationUrl, expiresInSeconds: seconds, cookie };
  }

  /** @returns what the person reads in the end */
  async finish(
    query: Readonly<Record<string, unknown>>,
    request: BrowserRequest,
    caller: Caller | undefined,
  ): Promise<string> {
    const text = (name: string): string | undefined => {
      const value = query[name];
      return typeof value === 'string' && value !== '' ? value : undefined;
    };
    const answer = {
      state: text('state') ?? '',
      code: text('code'),
      iss: text('iss'),
      error: text('error'),
      browserSecret: loginSecret(request, isHttps(request, this.config)),
      principalHash: caller?.principalHash,
    };
    const begun = await this.logins.owned(answer);
    const gateway = await this.gateways.get(begun.gatewayId);
    await this.logins.finish(gateway, begun, answer);
    if (begun.holder !== null)
      return `You are logged in to gateway ${gateway.slug}. Go back to your client. You can close this window.\n`;
    const actor: Actor = { ...SYSTEM_ACTOR, via: 'federation' };
    const read = await this.sync.refresh(gateway.id, actor);
    const then = read.success ? 'Its lists have been read.' : 'Its lists could not be read yet.';
    return `Logged in to gateway ${gateway.slug}. ${then} You can close this window.\n`;
  }

  /** The client id metadata document: who we are to authorization servers that fetch it. */
  document(request: BrowserRequest): View {
    const base = publicBase(request, this.config);
    const own = this.client.clientMetadataUrl;
    return {
      client_id: own === '' ? `${base}/oauth/client-metadata.json` : own,
      ...this.client.clientMetadata(base + CALLBACK_PATH),
      token_endpoint_auth_method: 'none',
    };
  }
}
