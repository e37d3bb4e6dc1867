import { Injectable } from '@nestjs/common';
import type { Gateway, GatewayAuthType, UpstreamCredential } from '../kernel/catalog.js';
import { GatewayError } from '../kernel/errors.js';
import type { GatewayId } from '../kernel/ids.js';
import { Sealer } from '../platform/crypto/sealer.js';
import { oauthView } from './oauth-settings.js';
import type { View } from './views/common-view.js';

/** The auth fields of a Gateway in the clear: only between the door and the seal. */
export interface AuthSecrets {
  readonly username?: string;
  readonly password?: string;
  readonly token?: string;
  readonly headers?: readonly { readonly key: string; readonly value: string }[];
  readonly queryKey?: string;
  readonly queryValue?: string;
  readonly oauth?: OAuthSettings;
}

/** How a token for an upstream is got (API.md §2.1 `oauthConfig`). */
export interface OAuthSettings {
  readonly grantType: 'client_credentials' | 'authorization_code';
  /** Configured at the authorization server; without it the gateway registers itself. */
  readonly clientId?: string;
  readonly clientSecret?: string;
  /** Where a token is asked for; without it the upstream says. */
  readonly tokenUrl?: string;
  readonly scopes: readonly string[];
  readonly audience?: string;
  /** Each person logs in for itself (PROTOCOL.md §7.4). */
  readonly perUser?: true;
}

const LABEL = 'secrets';

/** Seals and opens what a Gateway must not show: its credential and the environment of its child. */
@Injectable()
export class GatewaySecrets {
  constructor(private readonly sealer: Sealer) {}

  sealAuth(id: GatewayId, secrets: AuthSecrets): string {
    return this.sealer.seal(LABEL, JSON.stringify(secrets), `gateway:${id}:auth`);
  }

  sealEnv(id: GatewayId, env: Readonly<Record<string, string>>): string | null {
    if (Object.keys(env).length === 0) return null;
    return this.sealer.seal(LABEL, JSON.stringify(env), `gateway:${id}:env`);
  }

  /** @throws GatewayError `upstream_error` when the seal cannot be opened */
  auth(gateway: Pick<Gateway, 'id' | 'name' | 'authSealed'>): AuthSecrets {
    return this.open(gateway, gateway.authSealed, 'auth') as AuthSecrets;
  }

  /** @throws GatewayError `upstream_error` when the seal cannot be opened */
  env(gateway: Pick<Gateway, 'id' | 'name' | 'envSealed'>): Record<string, string> {
    return this.open(gateway, gateway.envSealed, 'env') as Record<string, string>;
  }

  /** @param holder the person it belongs to; '' = the gateway itself */
  sealLogin(id: GatewayId, login: unknown, holder = ''): string {
    return this.sealer.seal(LABEL, JSON.stringify(login), loginPlace(id, holder));
  }

  /** What was sealed with `sealLogin`; `null` when there is nothing, or nothing that can be opened. */
  login(id: GatewayId, sealed: string | null, holder = ''): unknown {
    if (sealed === null) return null;
    const plain = this.sealer.open(LABEL, sealed, loginPlace(id, holder));
    return plain === undefined ? null : (JSON.parse(plain) as unknown);
  }

  /** The credential as it is sent. @throws GatewayError `upstream_error` */
  credential(gateway: Gateway): UpstreamCredential {
    return toCredential(gateway.authType, this.auth(gateway));
  }

  /** @throws GatewayError `upstream_error` when the seal cannot be opened */
  oauth(gateway: Gateway): OAuthSettings {
    return this.auth(gateway).oauth ?? { grantType: 'authorization_code', scopes: [] };
  }

  /** `oauthConfig` as it is shown. A seal that cannot be opened any more must not hide the rest. */
  oauthShown(gateway: Gateway): View {
    if (gateway.authType !== 'oauth') return {};
    return { oauthConfig: unlessSealed(() => oauthView(this.oauth(gateway)), null) };
  }

  /** Names of its environment. A seal that cannot be opened any more must not hide it from its owner. */
  envNames(gateway: Gateway): string[] {
    if (gateway.envSealed === null) return [];
    return unlessSealed(() => Object.keys(this.env(gateway)), []);
  }

  private open(
    gateway: Pick<Gateway, 'id' | 'name'>,
    sealed: string | null,
    part: 'auth' | 'env',
  ): unknown {
    if (sealed === null) return {};
    const plain = this.sealer.open(LABEL, sealed, `gateway:${gateway.id}:${part}`);
    if (plain !== undefined) return JSON.parse(plain) as unknown;
    throw new GatewayError('upstream_error', {
      reason: `The stored ${part === 'auth' ? 'credential' : 'environment'} of gateway '${gateway.name}' cannot be opened with AUTH_ENCRYPTION_SECRET: enter it again`,
    });
  }
}

function loginPlace(id: GatewayId, holder: string): string {
  return `gateway:${id}:login${holder === '' ? '' : `:${holder}`}`;
}

function toCredential(type: GatewayAuthType, secrets: AuthSecrets): UpstreamCredential {
  const headers = (headers: Record<string, string>): UpstreamCredential => ({ headers, query: {} });
  switch (type) {
    case 'none':
    // Its header is that of the login, which the connection is given besides.
    case 'oauth':
      return headers({});
    case 'basic':
      return headers({ authorization: basicOf(secrets) });
    case 'bearer':
      return headers({ authorization: `Bearer ${secrets.token ?? ''}` });
    case 'authheaders':
      return headers(
        Object.fromEntries((secrets.headers ?? []).map(({ key, value }) => [key, value])),
      );
    case 'query_param':
      return { headers: {}, query: { [secrets.queryKey ?? '']: secrets.queryValue ?? '' } };
  }
}

function basicOf({ username = '', password = '' }: AuthSecrets): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

function unlessSealed<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch (e) {
    if (e instanceof GatewayError) return otherwise;
    throw e;
  }
}
