import { Injectable } from '@nestjs/common';
import type { Gateway, GatewayAuthType, UpstreamCredential } from '../kernel/catalog.js';
import { GatewayError } from '../kernel/errors.js';
import type { GatewayId } from '../kernel/ids.js';
import { Sealer } from '../platform/crypto/sealer.js';

/** The auth fields of a Gateway in the clear: only between the door and the seal. */
export interface AuthSecrets {
  readonly username?: string;
  readonly password?: string;
  readonly token?: string;
  readonly headers?: readonly { readonly key: string; readonly value: string }[];
  readonly queryKey?: string;
  readonly queryValue?: string;
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

  /** The credential as it is sent. @throws GatewayError `upstream_error` */
  credential(gateway: Gateway): UpstreamCredential {
    return toCredential(gateway.authType, this.auth(gateway));
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

function toCredential(type: GatewayAuthType, secrets: AuthSecrets): UpstreamCredential {
  const headers = (headers: Record<string, string>): UpstreamCredential => ({ headers, query: {} });
  switch (type) {
    case 'none':
      return headers({});
    case 'basic': {
      const pair = `${secrets.username ?? ''}:${secrets.password ?? ''}`;
      return headers({ authorization: `Basic ${Buffer.from(pair).toString('base64')}` });
    }
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
